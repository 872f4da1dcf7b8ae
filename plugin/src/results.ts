// A list of results: titles, reasons that unfold, links to drag, thumbs. The same in the view, in a block and for a question.

import { App, HoverParent, HoverPopover, Keymap, setIcon, TFile } from "obsidian";
import type { Result, Sentence, Why } from "../../web/src/answers";
import { Memory, Refused, Verdict } from "./memory";
import { reasonOf, say } from "./words";

export const SOURCE = "lantoa";

export interface Listed {
  app: App;
  memory: Memory;
  /** What was asked for; null for a question: then there are no verdicts. */
  cue: string | null;
  refresh(): void;
}

const ARROWS: Record<Result["linked"], string> = { no: "", out: "→", in: "←", both: "↔" };

/** How activation went from one to the next, by the kind of hop. */
const HOPS: Record<string, string> = {
  link: "→", "linked-from": "←", embed: "→", "embedded-in": "←", mention: "⇢", "mentioned-in": "⇠",
};

export function troubleOf(e: unknown): string {
  if (e instanceof Refused && e.message.startsWith("the memory does not know")) return say("unknown");
  if (e instanceof Refused) return e.message || say("lost");
  return e instanceof Error ? e.message : String(e);
}

export function tellTrouble(place: HTMLElement, e: unknown): void {
  place.createDiv({ cls: "lantoa-note", text: troubleOf(e) });
}

export class Results implements HoverParent {
  hoverPopover: HoverPopover | null = null;

  constructor(private place: HTMLElement, private of: Listed) {}

  show(results: Result[]): void {
    this.place.empty();
    if (!results.length) this.place.createDiv({ cls: "lantoa-note", text: say("nothing") });
    for (const r of results) this.row(r, results[0].score);
  }

  private row(r: Result, best: number): void {
    const item = this.place.createDiv({ cls: "lantoa-item" });
    const row = item.createDiv({ cls: "lantoa-row" });
    const fold = row.createEl("button", { cls: "lantoa-fold clickable-icon", attr: { "aria-label": say("why"), "aria-expanded": "false" } });
    setIcon(fold, "chevron-right");
    const link = row.createEl("a", { cls: "lantoa-title internal-link", text: r.title, href: r.path, attr: { draggable: "true" } });
    if (r.linked !== "no") row.createSpan({ cls: "lantoa-linked", text: ARROWS[r.linked] });
    item.createEl("progress", { cls: "lantoa-bar", attr: { max: "1", value: String(Math.max(0.02, r.score / best)), "aria-hidden": "true" } });
    item.createDiv({ cls: "lantoa-reason", text: reasonOf(r.reason) });
    const why = item.createDiv({ cls: "lantoa-why" });
    why.hide();
    fold.addEventListener("click", () => void this.unfold(r, fold, why));
    this.openable(link, r.path);
  }

  private openable(link: HTMLElement, path: string): void {
    const { app, cue } = this.of, from = cue ?? "";
    link.addEventListener("click", (e) => {
      e.preventDefault();
      void app.workspace.openLinkText(path, from, Keymap.isModEvent(e));
    });
    link.addEventListener("mouseover", (event) =>
      app.workspace.trigger("hover-link", { event, source: SOURCE, hoverParent: this, targetEl: link, linktext: path, sourcePath: from }));
    link.addEventListener("dragstart", (e) => {
      const file = app.vault.getAbstractFileByPath(path), into = app.workspace.getActiveFile()?.path ?? "";
      const text = file instanceof TFile ? app.fileManager.generateMarkdownLink(file, into) : `[[${path}]]`;
      e.dataTransfer?.setData("text/plain", text);
    });
  }

  private async unfold(r: Result, fold: HTMLElement, why: HTMLElement): Promise<void> {
    const open = fold.getAttribute("aria-expanded") !== "true";
    fold.setAttribute("aria-expanded", String(open));
    setIcon(fold, open ? "chevron-down" : "chevron-right");
    why.toggle(open);
    if (!open || why.hasChildNodes()) return;
    const cue = this.of.cue;
    try {
      if (cue !== null) this.explain(why, await this.of.memory.explain(cue, r.path));
      if (cue !== null) this.verdicts(why, cue, r);
    } catch (e) {
      tellTrouble(why, e);
    }
  }

  private explain(place: HTMLElement, w: Why): void {
    for (const p of w.paths) {
      const line = place.createDiv({ cls: "lantoa-path" });
      line.createSpan({ cls: "lantoa-share", text: `${Math.round(100 * p.share)} %` });
      line.createSpan({ text: p.hops.map((h, i) => (i ? ` ${HOPS[h.kind] ?? "·"} ${h.name}` : h.name)).join("") });
    }
    for (const s of w.sentences) this.sentence(place, s);
    if (w.words.length) place.createDiv({ cls: "lantoa-words", text: w.words.join(", ") });
  }

  /** The mark is told in bytes of UTF-8. */
  private sentence(place: HTMLElement, s: Sentence): void {
    const bytes = new TextEncoder().encode(s.text), part = (a: number, b?: number) => new TextDecoder().decode(bytes.slice(a, b));
    const quote = place.createEl("blockquote", { cls: "lantoa-sentence" });
    quote.createSpan({ text: part(0, s.mark[0]) });
    quote.createEl("mark", { text: part(s.mark[0], s.mark[1]) });
    quote.createSpan({ text: part(s.mark[1]) });
    this.openable(quote.createEl("a", { cls: "lantoa-where", text: `${s.path}:${s.line}`, href: s.path }), s.path);
  }

  private verdicts(place: HTMLElement, cue: string, r: Result): void {
    const bar = place.createDiv({ cls: "lantoa-verdicts" });
    const button = (icon: string, label: string, verdict: Verdict) => {
      const b = bar.createEl("button", { cls: "clickable-icon", attr: { "aria-label": label } });
      setIcon(b, icon);
      b.addEventListener("click", () => {
        this.of.memory.feedback(cue, r.path, verdict).then(() => this.of.refresh(), (e) => tellTrouble(place, e));
      });
    };
    button("thumbs-up", say("good"), "good");
    button("thumbs-down", say("bad"), "bad");
    button("eye-off", say("hide"), "hidden");
  }
}
