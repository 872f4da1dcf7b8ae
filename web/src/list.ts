// The ranked list: what comes to mind, best first, each with its reason.

import type { Path, Result, Sentence, Why } from "./answers";
import type { Cue } from "./api";
import { byId, make } from "./dom";
import { reasonOf, say, words } from "./words";

export interface ListActions {
  light(r: Result | null): void;
  goOn(r: Result): void;
  judge(r: Result, verdict: "good" | "bad" | "hidden" | "none"): void;
  obsidian(path: string): string;
}

const arrows: Record<string, string> = {
  link: "→", "linked-from": "←", embed: "→", "embedded-in": "←", mention: "⇢", "mentioned-in": "⇠",
};

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** The mark is told in bytes of UTF-8. */
function sentence(s: Sentence): HTMLElement {
  const bytes = encoder.encode(s.text), part = (a: number, b?: number) => decoder.decode(bytes.slice(a, b));
  return make("blockquote", {}, part(0, s.mark[0]), make("mark", {}, part(s.mark[0], s.mark[1])), part(s.mark[1]),
    make("small", {}, `${s.path}:${s.line}`));
}

function path(p: Path): HTMLElement {
  const line = make("p", { class: "path" }, make("small", {}, `${Math.round(p.share * 100)} %`));
  p.hops.forEach((h, i) => {
    if (i) line.append(make("i", {}, ` ${arrows[h.kind] ?? "·"} `));
    line.append(make("b", {}, h.name));
  });
  return line;
}

function signals(r: Result): string {
  const names = words().signals;
  const parts = Object.entries(r.signals).sort((a, b) => b[1] - a[1]).filter(([, v]) => v / r.score >= 0.005);
  return parts.map(([k, v]) => `${names[k] ?? k} ${Math.round((100 * v) / r.score)} %`).join(", ");
}

export class List {
  private list = byId<HTMLOListElement>("results");
  private results: Result[] = [];
  private verdicts = new Map<string, string>();
  private cue: Cue | null = null;
  private open: string | null = null;

  constructor(private act: ListActions) {
    this.list.addEventListener("keydown", (e) => this.key(e));
  }

  /** `keep`: the same was asked anew; what was open stays open. */
  show(cue: Cue, results: Result[], keep: boolean): void {
    const focused = keep ? this.focused() : -1, path = this.results[focused]?.path;
    this.cue = cue;
    this.results = results;
    if (!keep) this.verdicts.clear();
    if (!keep || !results.some((r) => r.path === this.open)) this.open = null;
    this.list.replaceChildren(...results.map((r, i) => this.item(r, i)));
    const moved = results.findIndex((r) => r.path === path);
    if (focused >= 0) this.focus(moved >= 0 ? moved : Math.min(focused, results.length - 1));
  }

  /** Writes the texts anew, in another language. */
  again(): void {
    if (!this.cue) return;
    this.show(this.cue, this.results, true);
    this.relight();
  }

  /** Lights what is open once more, on a new picture. */
  relight(): void {
    const r = this.results.find((x) => x.path === this.open);
    if (r) this.act.light(r);
  }

  /** A verdict was taken back. */
  forget(path: string): void {
    this.verdicts.delete(path);
  }

  focus(i = 0): void {
    this.rows()[i]?.focus();
  }

  /** Puts the reasons under the result that is open. */
  explain(w: Why): void {
    const i = this.results.findIndex((r) => r.path === w.path);
    if (i < 0 || this.open !== w.path) return;
    this.list.children[i].querySelector(".why")?.replaceChildren(...this.why(this.results[i], w));
    this.list.children[i].scrollIntoView({ block: "nearest" });
  }

  /** Opens the reasons of a result, or closes them. */
  toggle(path: string): void {
    const r = this.results.find((x) => x.path === path);
    if (!r) return;
    this.open = this.open === path ? null : path;
    [...this.list.children].forEach((li, k) => {
      const lit = this.results[k].path === this.open;
      li.classList.toggle("lit", lit);
      li.querySelector(".row")!.setAttribute("aria-expanded", String(lit));
      const why = li.querySelector<HTMLElement>(".why")!;
      why.hidden = !lit;
      if (lit && !why.hasChildNodes()) why.replaceChildren(...this.why(r, null));
    });
    this.act.light(this.open ? r : null);
  }

  private rows(): HTMLButtonElement[] {
    return [...this.list.querySelectorAll<HTMLButtonElement>(".row")];
  }

  private focused(): number {
    const li = document.activeElement?.closest("#results > li");
    return li ? [...this.list.children].indexOf(li) : -1;
  }

  private item(r: Result, i: number): HTMLLIElement {
    const folder = r.path.slice(0, Math.max(0, r.path.lastIndexOf("/")));
    const marks = { no: "", out: "→", in: "←", both: "↔" };
    const bar = make("b");
    bar.style.width = `${Math.max(2, (100 * r.score) / this.results[0].score)}%`;
    const mark = marks[r.linked];
    const row = make("button",
      { type: "button", class: "row", "aria-expanded": String(this.open === r.path), click: () => this.toggle(r.path) },
      make("span", { class: "rank" }, String(i + 1)),
      make("span", {},
        make("span", { class: "title" },
          mark ? make("i", { title: say(r.linked === "in" ? "linkedIn" : "linkedOut") }, mark) : null, r.title),
        folder ? make("span", { class: "folder" }, folder) : null),
      make("span", { class: "bar" }, bar),
      make("span", { class: "reason" }, reasonOf(r.reason)));
    const why = make("div", { class: "why", hidden: this.open !== r.path });
    if (this.open === r.path) why.append(...this.why(r, null));
    return make("li", { class: this.open === r.path ? "lit" : "", "data-path": r.path }, row, why);
  }

  private why(r: Result, w: Why | null): Node[] {
    const out: Node[] = [];
    const part = (title: string, ...inside: Node[]) => {
      if (inside.length) out.push(make("h3", {}, title), ...inside);
    };
    if (w) {
      part(say("paths"), ...w.paths.map(path));
      part(say("said"), ...w.sentences.map(sentence));
      part(say("common"), ...(w.words.length ? [make("p", {}, w.words.join(", "))] : []));
      part(say("tags"), ...(w.tags.length ? [make("p", {}, w.tags.map((t) => `#${t}`).join(" "))] : []));
    }
    part(`${say("score")} ${r.score.toPrecision(3)}`, make("p", {}, signals(r)));
    out.push(this.actions(r));
    return out;
  }

  private actions(r: Result): HTMLElement {
    const verdict = this.verdicts.get(r.path);
    const judge = (v: "good" | "bad") => make("button",
      { type: "button", class: v, "aria-pressed": String(verdict === v), click: () => this.judge(r, v) },
      `${v === "good" ? "✓" : "✗"} ${say(v)}`);
    return make("div", { class: "acts" },
      make("button", { type: "button", click: () => this.act.goOn(r) }, say("goOn")),
      make("a", { href: this.act.obsidian(r.path) }, say("obsidian")),
      ...(this.cue?.kind === "note"
        ? [judge("good"), judge("bad"), make("button", { type: "button", click: () => this.act.judge(r, "hidden") }, say("hide"))]
        : []));
  }

  /** The same verdict again takes it back. */
  private judge(r: Result, v: "good" | "bad"): void {
    if (this.cue?.kind !== "note") return this.act.judge(r, v);
    const now = this.verdicts.get(r.path) === v ? "none" : v;
    if (now === "none") this.verdicts.delete(r.path);
    else this.verdicts.set(r.path, now);
    const acts = [...this.list.children][this.results.indexOf(r)]?.querySelector(".acts");
    acts?.replaceWith(this.actions(r));
    this.act.judge(r, now);
  }

  private key(e: KeyboardEvent): void {
    const i = this.focused(), r = this.results[i];
    if (!r || e.ctrlKey || e.altKey || e.metaKey) return;
    const keys: Record<string, () => void> = {
      ArrowDown: () => this.focus(Math.min(i + 1, this.results.length - 1)),
      ArrowUp: () => this.focus(Math.max(i - 1, 0)),
      Home: () => this.focus(0),
      End: () => this.focus(this.results.length - 1),
      o: () => this.act.goOn(r),
      g: () => this.judge(r, "good"),
      b: () => this.judge(r, "bad"),
      h: () => this.act.judge(r, "hidden"),
      Escape: () => this.open && this.toggle(this.open),
    };
    if (!keys[e.key]) return;
    e.preventDefault();
    keys[e.key]();
  }
}
