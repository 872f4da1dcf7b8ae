// As much of Obsidian's API as the plugin uses, for its test in a browser.

type Options = { cls?: string; text?: string; href?: string; attr?: Record<string, string> };

declare global {
  interface Window {
    askServer(request: string): Promise<{ status: number; text: string }>;
    seen: string[];
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

export class TFile {
  extension: string;
  constructor(readonly path: string) {
    this.extension = path.slice(path.lastIndexOf(".") + 1);
  }
}

export const getLanguage = () => document.documentElement.lang || "en";
export const setIcon = (e: HTMLElement, icon: string) => (e.dataset.icon = icon);
export const Keymap = { isModEvent: (e: MouseEvent) => e.ctrlKey };
export class HoverPopover {}

export async function requestUrl(request: { url: string }) {
  const { status, text } = await window.askServer(JSON.stringify(request));
  return { status, text, json: text ? JSON.parse(text) : null };
}

class Workspace {
  active: TFile | null = null;
  leaves: WorkspaceLeaf[] = [];
  private calls: [string, (...a: any[]) => void][] = [];
  creators = new Map<string, (leaf: WorkspaceLeaf) => ItemView>();
  getActiveFile = () => this.active;
  on(name: string, call: (...a: any[]) => void) {
    this.calls.push([name, call]);
    return call;
  }
  trigger(name: string, ...args: unknown[]) {
    window.seen.push(name);
    for (const [n, call] of this.calls) if (n === name) call(...args);
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
  vault = { getAbstractFileByPath: (path: string) => new TFile(path) };
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

export class Plugin {
  data: unknown = null;
  commands = new Map<string, () => void>();
  blocks = new Map<string, (source: string, place: HTMLElement, context: { sourcePath: string }) => void>();
  tabs: PluginSettingTab[] = [];
  constructor(readonly app: App) {}
  async loadData() { return this.data; }
  async saveData(data: unknown) { this.data = data; }
  registerView(type: string, make: (leaf: WorkspaceLeaf) => ItemView) { this.app.workspace.creators.set(type, make); }
  registerHoverLinkSource() {}
  addRibbonIcon() {}
  addCommand(c: { id: string; callback: () => void }) { this.commands.set(c.id, c.callback); }
  registerMarkdownCodeBlockProcessor(name: string, call: any) { this.blocks.set(name, call); }
  addSettingTab(tab: PluginSettingTab) { this.tabs.push(tab); }
  registerEvent() {}
}

export class PluginSettingTab {
  containerEl = document.createElement("div");
  constructor(readonly app: App, readonly plugin: Plugin) {}
  display() {}
}

export class Setting {
  e: HTMLElement;
  constructor(place: HTMLElement) { this.e = (place as any).createDiv({ cls: "setting" }); }
  setName(text: string) { (this.e as any).createDiv({ text }); return this; }
  setDesc(text: string) { (this.e as any).createDiv({ text }); return this; }
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
