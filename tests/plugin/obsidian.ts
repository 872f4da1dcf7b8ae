// As much of Obsidian's API as the plugin uses, for its test in a browser.

import { cacheOf } from "./metadata";

type Options = { cls?: string; text?: string; href?: string; attr?: Record<string, string> };

declare global {
  interface Window {
    askServer(request: string): Promise<{ status: number; text: string }>;
    seen: string[];
    files: { path: string; text: string }[];
  }
}

Object.assign(HTMLElement.prototype, {
  createEl(this: HTMLElement, tag: string, o: Options = {}) {
    const e = document.createElement(tag);
    if (o.cls) e.className = o.cls;
    if (o.text !== undefined) e.textContent = o.text;
    if (o.href) e.setAttribute("href", o.href);
    for (const [k, v] of Object.entries(o.attr ?? {})) e.setAttribute(k, v);
    return this.appendChild(e);
  },
  createDiv(this: any, o?: Options) { return this.createEl("div", o); },
  createSpan(this: any, o?: Options) { return this.createEl("span", o); },
  empty(this: HTMLElement) { this.replaceChildren(); },
  setText(this: HTMLElement, text: string) { this.textContent = text; },
  addClass(this: HTMLElement, c: string) { this.classList.add(c); },
  toggleClass(this: HTMLElement, c: string, on: boolean) { this.classList.toggle(c, on); },
  hide(this: HTMLElement) { this.style.display = "none"; },
  show(this: HTMLElement) { this.style.display = ""; },
  toggle(this: HTMLElement, on: boolean) { this.style.display = on ? "" : "none"; },
});

export class TAbstractFile {
  constructor(readonly path: string) {}
}

export class TFile extends TAbstractFile {
  extension: string;
  constructor(path: string) {
    super(path);
    this.extension = path.slice(path.lastIndexOf(".") + 1);
  }
}

/** What calls others when something happens. */
class Events {
  private calls: [string, (...a: any[]) => void][] = [];
  on(name: string, call: (...a: any[]) => void) {
    const entry: [string, (...a: any[]) => void] = [name, call];
    this.calls.push(entry);
    return () => void (this.calls = this.calls.filter((c) => c !== entry));
  }
  trigger(name: string, ...args: unknown[]) {
    for (const [n, call] of this.calls) if (n === name) call(...args);
  }
}

export class Component {
  private offs: (() => void)[] = [];
  load() {}
  unload() { for (const off of this.offs.splice(0)) off(); }
  registerEvent(off: () => void) { this.offs.push(off); }
}

/** Files in memory, and what Obsidian would know of them. */
class Vault extends Events {
  files = new Map<string, { file: TFile; text: string; cache: unknown }>();
  config = new Map<string, string>();
  configDir = ".obsidian";
  metadata = new Events();
  adapter = {
    write: async (path: string, text: string) => void this.config.set(path, text),
    read: async (path: string) => {
      if (!this.config.has(path)) throw new Error(`ENOENT: no such file, open '${path}'`);
      return this.config.get(path)!;
    },
  };
  constructor() {
    super();
    for (const f of window.files ?? []) this.set(f.path, f.text);
  }
  private set(path: string, text: string) {
    const file = this.files.get(path)?.file ?? new TFile(path);
    this.files.set(path, { file, text, cache: file.extension === "md" ? cacheOf(text) : null });
    return file;
  }
  getFiles() { return [...this.files.values()].map((f) => f.file); }
  getAbstractFileByPath(path: string) { return this.files.get(path)?.file ?? null; }
  async cachedRead(file: TFile) { return this.files.get(file.path)!.text; }
  /** As when a person writes, makes, renames or deletes a file. */
  write(path: string, text: string) {
    const known = this.files.has(path), file = this.set(path, text);
    this.trigger(known ? "modify" : "create", file);
    this.metadata.trigger("changed", file, text, this.files.get(path)!.cache);
  }
  rename(before: string, path: string) {
    const { text } = this.files.get(before)!;
    this.files.delete(before);
    this.trigger("rename", this.set(path, text), before);
  }
  remove(path: string) {
    const { file } = this.files.get(path)!;
    this.files.delete(path);
    this.trigger("delete", file);
  }
}

export class Notice {
  constructor(text: string) { window.seen.push(`notice ${text}`); }
}

export function debounce(call: () => void, _wait: number, _reset: boolean) {
  let asked = false;
  // Nothing waits in a test: what is asked for is done when it is flushed.
  return Object.assign(() => void (asked = true), { run: () => { if (asked) call(); asked = false; } });
}

export const getLanguage = () => document.documentElement.lang || "en";
export const setIcon = (e: HTMLElement, icon: string) => (e.dataset.icon = icon);
export const Keymap = { isModEvent: (e: MouseEvent) => e.ctrlKey };
export class HoverPopover {}

export async function requestUrl(request: { url: string }) {
  const { status, text } = await window.askServer(JSON.stringify(request));
  return { status, text, json: text ? JSON.parse(text) : null };
}

class Workspace extends Events {
  active: TFile | null = null;
  leaves: WorkspaceLeaf[] = [];
  creators = new Map<string, (leaf: WorkspaceLeaf) => ItemView>();
  getActiveFile = () => this.active;
  onLayoutReady(call: () => void) { call(); }
  trigger(name: string, ...args: unknown[]) {
    window.seen.push(name);
    super.trigger(name, ...args);
  }
  getLeavesOfType = (type: string) => this.leaves.filter((l) => l.view?.getViewType() === type);
  getRightLeaf() {
    const leaf = new WorkspaceLeaf(this);
    this.leaves.push(leaf);
    return leaf;
  }
  async revealLeaf() {}
  async openLinkText(path: string) {
    window.seen.push(`open ${path}`);
    this.active = new TFile(path);
    this.trigger("file-open", this.active);
  }
}

export class WorkspaceLeaf {
  view!: ItemView;
  constructor(private workspace: Workspace) {}
  async setViewState(state: { type: string }) {
    this.view = this.workspace.creators.get(state.type)!(this);
    document.getElementById("right")!.replaceChildren(this.view.actions, this.view.contentEl);
    await this.view.onOpen();
  }
}

export class App {
  workspace = new Workspace();
  vault = new Vault();
  metadataCache = {
    getFileCache: (file: TFile) => this.vault.files.get(file.path)?.cache ?? null,
    on: (name: string, call: () => void) => this.vault.metadata.on(name, call),
    isUserIgnored: (path: string) => path.startsWith("Mẫu/"),
  };
  fileManager = { generateMarkdownLink: (file: TFile) => `[[${file.path.replace(/\.md$/, "")}]]` };
}

export class ItemView {
  static app: App;
  app = ItemView.app;
  actions = document.createElement("div");
  contentEl = document.createElement("div");
  constructor(readonly leaf: WorkspaceLeaf) {}
  getViewType() { return ""; }
  async onOpen() {}
  addAction(icon: string, title: string, call: () => void) {
    const b = (this.actions as any).createEl("button", { cls: "clickable-icon", attr: { "aria-label": title, "data-icon": icon } });
    b.onclick = call;
    return b as HTMLElement;
  }
}

export class SuggestModal<T> {
  emptyStateText = "";
  input = document.createElement("input");
  list = document.createElement("div");
  constructor(readonly app: App) {}
  setPlaceholder(text: string) { this.input.placeholder = text; }
  getSuggestions(_: string): T[] | Promise<T[]> { return []; }
  renderSuggestion(_r: T, _e: HTMLElement) {}
  onChooseSuggestion(_r: T, _e: MouseEvent) {}
  open() {
    document.getElementById("modal")!.replaceChildren(this.input, this.list);
    this.input.oninput = async () => {
      const found = await this.getSuggestions(this.input.value);
      this.list.replaceChildren(...found.map((r) => {
        const e = document.createElement("div");
        e.className = "suggestion-item";
        this.renderSuggestion(r, e);
        e.onclick = (event) => this.onChooseSuggestion(r, event);
        return e;
      }));
    };
    this.input.focus();
  }
}

export class Plugin extends Component {
  manifest = { id: "lantoa", dir: ".obsidian/plugins/lantoa" };
  data: unknown = null;
  commands = new Map<string, () => void>();
  blocks = new Map<string, (source: string, place: HTMLElement, context: { sourcePath: string }) => void>();
  tabs: PluginSettingTab[] = [];
  constructor(readonly app: App) { super(); }
  async loadData() { return this.data; }
  async saveData(data: unknown) { this.data = data; }
  registerView(type: string, make: (leaf: WorkspaceLeaf) => ItemView) { this.app.workspace.creators.set(type, make); }
  registerHoverLinkSource() {}
  addRibbonIcon() {}
  addCommand(c: { id: string; callback: () => void }) { this.commands.set(c.id, c.callback); }
  registerMarkdownCodeBlockProcessor(name: string, call: any) { this.blocks.set(name, call); }
  addSettingTab(tab: PluginSettingTab) { this.tabs.push(tab); }
}

export class PluginSettingTab {
  containerEl = document.createElement("div");
  constructor(readonly app: App, readonly plugin: Plugin) {}
  display() {}
}

export class Setting {
  e: HTMLElement;
  constructor(place: HTMLElement) { this.e = (place as any).createDiv({ cls: "setting" }); }
  desc: any = null;
  setName(text: string) { (this.e as any).createDiv({ text }); return this; }
  setDesc(text: string) { (this.desc ??= (this.e as any).createDiv({ cls: "desc" })).textContent = text; return this; }
  addButton(call: (t: any) => void) {
    const b = (this.e as any).createEl("button");
    const t = { setButtonText: (text: string) => ((b.textContent = text), t), onClick: (f: () => void) => ((b.onclick = f), t) };
    call(t);
    return this;
  }
  addText(call: (t: any) => void) { return this.add("text", "value", call); }
  addToggle(call: (t: any) => void) { return this.add("checkbox", "checked", call); }
  private add(type: string, field: "value" | "checked", call: (t: any) => void) {
    const input = (this.e as any).createEl("input", { attr: { type } });
    const t = {
      setPlaceholder: (p: string) => ((input.placeholder = p), t),
      setValue: (v: never) => ((input[field] = v), t),
      onChange: (f: (v: unknown) => void) => ((input.onchange = () => f(input[field])), t),
    };
    call(t);
    return this;
  }
}
