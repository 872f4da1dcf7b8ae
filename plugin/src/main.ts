// Lantoa in Obsidian: what the open note calls to mind, asked of `lantoa serve` on this computer.

import { Plugin, PluginSettingTab, Setting, TFile, WorkspaceLeaf } from "obsidian";
import { RecallModal } from "./recall";
import { Results, SOURCE, tellTrouble } from "./results";
import { Server } from "./server";
import { RelatedView, VIEW } from "./view";
import { say } from "./words";

const EXAMPLE = "http://127.0.0.1:7717/#token=…";

interface Settings { address: string; learn: boolean }

export default class LantoaPlugin extends Plugin {
  settings: Settings = { address: "", learn: true };
  server = new Server("");
  private before: string | null = null;

  async onload(): Promise<void> {
    this.settings = { ...this.settings, ...((await this.loadData()) as Partial<Settings> | null) };
    this.server = new Server(this.settings.address);
    this.registerView(VIEW, (leaf: WorkspaceLeaf) => new RelatedView(leaf, this));
    this.registerHoverLinkSource(SOURCE, { display: "Lantoa", defaultMod: false });
    this.addRibbonIcon("share-2", say("open"), () => void this.reveal());
    this.addCommand({ id: "open", name: say("open"), callback: () => void this.reveal() });
    this.addCommand({ id: "recall", name: say("recall"), callback: () => new RecallModal(this).open() });
    this.registerMarkdownCodeBlockProcessor("lantoa", (_source, place, context) => this.fill(place, context.sourcePath));
    this.addSettingTab(new LantoaSettings(this));
    this.registerEvent(this.app.workspace.on("file-open", (file) => this.opened(file)));
  }

  async save(): Promise<void> {
    this.server = new Server(this.settings.address);
    await this.saveData(this.settings);
    for (const view of this.views()) view.refresh();
  }

  private views(): RelatedView[] {
    return this.app.workspace.getLeavesOfType(VIEW).map((leaf) => leaf.view).filter((v): v is RelatedView => v instanceof RelatedView);
  }

  private opened(file: TFile | null): void {
    if (!file || file.extension !== "md") return;
    if (this.settings.learn && this.server.known && file.path !== this.before) {
      // A note that the memory does not know yet is no reason to complain.
      this.server.opened(file.path, this.before).catch(() => undefined);
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
      const results = await this.server.related(note, "no");
      new Results(list, { app: this.app, server: this.server, cue: note, refresh: () => void this.fill(place, note) }).show(results.slice(0, 10));
    } catch (e) {
      tellTrouble(list, e);
    }
  }
}

class LantoaSettings extends PluginSettingTab {
  constructor(private plugin: LantoaPlugin) {
    super(plugin.app, plugin);
  }

  display(): void {
    const { containerEl, plugin } = this;
    containerEl.empty();
    new Setting(containerEl).setName(say("address")).setDesc(say("addressAbout")).addText((text) =>
      text.setPlaceholder(EXAMPLE).setValue(plugin.settings.address).onChange(async (to) => {
        plugin.settings.address = to;
        await plugin.save();
      }));
    new Setting(containerEl).setName(say("learn")).setDesc(say("learnAbout")).addToggle((toggle) =>
      toggle.setValue(plugin.settings.learn).onChange(async (to) => {
        plugin.settings.learn = to;
        await plugin.save();
      }));
  }
}
