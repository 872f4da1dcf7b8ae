// The view on the right: what the open note calls to mind.

import { ItemView, WorkspaceLeaf } from "obsidian";
import type { Result } from "../../web/src/answers";
import type LantoaPlugin from "./main";
import type { Memory } from "./memory";
import { Results, tellTrouble } from "./results";
import { say } from "./words";

export const VIEW = "lantoa-related";

/** All that is seen of an answer: scores fade by and by, and not every time is worth drawing it anew. */
function outline(note: string, results: Result[]): string {
  return JSON.stringify([note, results.map((r) => [r.path, r.linked, r.reason, Math.round((100 * r.score) / results[0].score)])]);
}

export class RelatedView extends ItemView {
  icon = "share-2";
  private note: string | null = null;
  private pinned = false;
  private linked: "yes" | "no" = "yes";
  private asked = 0;
  private shown = ""; // the answer that is on the screen
  private told: Memory | null = null; // whose it is, who is told what is thought of it
  private list!: HTMLElement;
  private heading!: HTMLElement;

  constructor(leaf: WorkspaceLeaf, private plugin: LantoaPlugin) {
    super(leaf);
  }

  getViewType(): string {
    return VIEW;
  }

  getDisplayText(): string {
    return say("view");
  }

  async onOpen(): Promise<void> {
    const pin = this.addAction("pin", say("pin"), () => {
      this.pinned = !this.pinned;
      pin.toggleClass("is-active", this.pinned);
      pin.setAttribute("aria-label", say(this.pinned ? "unpin" : "pin"));
      if (!this.pinned) this.follow(this.app.workspace.getActiveFile()?.path ?? null);
    });
    const unlinked = this.addAction("unlink", say("unlinked"), () => {
      this.linked = this.linked === "yes" ? "no" : "yes";
      unlinked.toggleClass("is-active", this.linked === "no");
      unlinked.setAttribute("aria-label", say(this.linked === "no" ? "all" : "unlinked"));
      this.refresh();
    });
    this.contentEl.empty();
    this.contentEl.addClass("lantoa");
    this.heading = this.contentEl.createDiv({ cls: "lantoa-cue" });
    this.list = this.contentEl.createDiv({ cls: "lantoa-list" });
    this.follow(this.app.workspace.getActiveFile()?.path ?? null);
  }

  /** Shows another note, unless it is pinned to the one it shows. */
  follow(note: string | null): void {
    if (this.pinned || (note !== null && !note.endsWith(".md"))) return;
    this.note = note ?? this.note;
    this.refresh();
  }

  renamed(before: string, path: string): void {
    if (this.note === before) this.note = path;
  }

  refresh(): void {
    void this.fill();
  }

  private async fill(): Promise<void> {
    const note = this.note, mine = ++this.asked;
    if (note === null) {
      this.tell("noNote");
      return;
    }
    this.heading.setText(note.slice(note.lastIndexOf("/") + 1).replace(/\.md$/, ""));
    if (!this.list.hasChildNodes()) this.tell("reading");
    try {
      const { memory } = this.plugin, results = await memory.related(note, this.linked), shown = outline(note, results);
      // Another note was opened meanwhile; or nothing has changed, and what is unfolded stays so.
      if (mine !== this.asked || (shown === this.shown && memory === this.told)) return;
      this.shown = shown;
      this.told = memory;
      new Results(this.list, { app: this.app, memory, cue: note, refresh: () => this.refresh() }).show(results);
    } catch (e) {
      if (mine !== this.asked) return;
      this.clear();
      tellTrouble(this.list, e);
    }
  }

  private clear(): void {
    this.shown = "";
    this.list.empty();
  }

  private tell(what: "noNote" | "reading"): void {
    this.clear();
    this.list.createDiv({ cls: "lantoa-note", text: say(what) });
  }
}
