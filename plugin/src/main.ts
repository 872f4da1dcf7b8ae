// Lantoa in Obsidian: what the open note calls to mind.

import { debounce, Notice, Plugin, TFile, WorkspaceLeaf } from "obsidian";
import { Log } from "./core/log";
import { Local } from "./local";
import type { Memory } from "./memory";
import { RecallModal } from "./recall";
import { Results, SOURCE, tellTrouble } from "./results";
import { Server } from "./server";
import { LantoaSettings } from "./settings";
import { RelatedView, VIEW } from "./view";
import { say } from "./words";

const SAVE_MS = 2000, FILE = "memory.jsonl";

interface Settings { address: string; learn: boolean }

export default class LantoaPlugin extends Plugin {
  settings: Settings = { address: "", learn: true };
  log = new Log([]);
  private asked: Memory | null = null;
  private askedAt = ""; // the address in the settings then
  private before: string | null = null;
  private saveSoon = debounce(() => void this.write(), SAVE_MS, true);

  async onload(): Promise<void> {
    const data = await this.read();
    this.log = new Log(data.memory);
    this.registerView(VIEW, (leaf: WorkspaceLeaf) => new RelatedView(leaf, this));
    this.registerHoverLinkSource(SOURCE, { display: "Lantoa", defaultMod: false });
    this.addRibbonIcon("share-2", say("open"), () => void this.reveal());
    this.addCommand({ id: "open", name: say("open"), callback: () => void this.reveal() });
    this.addCommand({ id: "recall", name: say("recall"), callback: () => new RecallModal(this).open() });
    this.addCommand({ id: "export", name: say("export"), callback: () => void this.exportMemory() });
    this.addCommand({ id: "import", name: say("import"), callback: () => void this.importMemory() });
    this.registerMarkdownCodeBlockProcessor("lantoa", (_source, place, context) => this.fill(place, context.sourcePath));
    this.addSettingTab(new LantoaSettings(this));
    this.registerEvent(this.app.workspace.on("file-open", (file) => this.opened(file)));
    this.registerEvent(this.app.vault.on("rename", (file, before) => {
      if (this.before === before) this.before = file.path;
      for (const view of this.views()) view.renamed(before, file.path);
    }));
  }

  onunload(): void {
    this.saveSoon.run();
    this.asked?.close();
  }

  /** Another device has written the plugin's data: what both know is kept. */
  async onExternalSettingsChange(): Promise<void> {
    const data = await this.read();
    for (const line of new Log(data.memory).lines) this.log.merge(line);
    this.renew();
  }

  /** Who answers: `lantoa serve`, if its address is given, else the memory inside of the plugin. */
  get memory(): Memory {
    if (this.asked) return this.asked;
    const server = new Server((this.askedAt = this.settings.address));
    this.asked = server.known ? server : new Local(this.app, this.log, () => this.saveSoon(), () => this.refresh());
    return this.asked;
  }

  /** Settings, or what is remembered, have changed. */
  async save(): Promise<void> {
    await this.write();
    this.renew();
  }

  private renew(): void {
    if (this.askedAt === this.settings.address) {
      this.asked?.remembered();
    } else {
      this.asked?.close();
      this.asked = null;
    }
    this.refresh();
  }

  private async read(): Promise<{ memory?: unknown }> {
    const data = ((await this.loadData()) ?? {}) as Partial<Settings> & { memory?: unknown };
    if (typeof data.address === "string") this.settings.address = data.address;
    if (typeof data.learn === "boolean") this.settings.learn = data.learn;
    return data;
  }

  private async write(): Promise<void> {
    await this.saveData({ ...this.settings, memory: this.log.lines });
  }

  private views(): RelatedView[] {
    return this.app.workspace.getLeavesOfType(VIEW).map((leaf) => leaf.view).filter((v): v is RelatedView => v instanceof RelatedView);
  }

  private refresh(): void {
    for (const view of this.views()) view.refresh();
  }

  private opened(file: TFile | null): void {
    if (!file || file.extension !== "md") return;
    if (this.settings.learn && file.path !== this.before) {
      // A note that the memory does not know yet is no reason to complain.
      this.memory.opened(file.path, this.before).catch(() => undefined);
    }
    this.before = file.path;
    for (const view of this.views()) view.follow(file.path);
  }

  private async reveal(): Promise<void> {
    const leaf = this.app.workspace.getLeavesOfType(VIEW)[0] ?? this.app.workspace.getRightLeaf(false);
    if (!leaf) return;
    await leaf.setViewState({ type: VIEW, active: true });
    await this.app.workspace.revealLeaf(leaf);
  }

  /** A ```lantoa block: the same list within a note, at its foot for example. */
  private async fill(place: HTMLElement, note: string): Promise<void> {
    const list = place.createDiv({ cls: "lantoa lantoa-list" });
    try {
      const results = await this.memory.related(note, "no");
      new Results(list, { app: this.app, memory: this.memory, cue: note, refresh: () => void this.fill(place, note) }).show(results.slice(0, 10));
    } catch (e) {
      tellTrouble(list, e);
    }
  }

  // ---- the memory as a file, for `lantoa import` and from `lantoa export` ----

  private get file(): string {
    return `${this.manifest.dir ?? `${this.app.vault.configDir}/plugins/${this.manifest.id}`}/${FILE}`;
  }

  private async exportMemory(): Promise<void> {
    await this.app.vault.adapter.write(this.file, this.log.export());
    new Notice(say("exported").replace("%", this.file));
  }

  private async importMemory(): Promise<void> {
    try {
      const known = this.log.import(await this.app.vault.adapter.read(this.file));
      await this.save();
      new Notice(say("imported").replace("%", String(known)));
    } catch (e) {
      new Notice(say("notImported").replace("%", this.file).replace("%", e instanceof Error ? e.message : String(e)));
    }
  }
}
