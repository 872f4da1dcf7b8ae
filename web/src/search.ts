// The search box: notes are offered as one types; anything else is a question.

import { api, Found } from "./api";
import { byId, make } from "./dom";
import { say } from "./words";

export class Search {
  private input = byId<HTMLInputElement>("search");
  private list = byId<HTMLUListElement>("choices");
  private found: Found[] = [];
  private at = -1;
  private asked = new AbortController();
  private offered = Promise.resolve(); // when the choices are those of what is typed

  constructor(private told: { note(n: Found): void; question(text: string): void; wrong(e: unknown): void }) {
    byId("form").addEventListener("submit", (e) => {
      e.preventDefault();
      void this.enter();
    });
    this.input.addEventListener("input", () => (this.offered = this.offer()));
    this.input.addEventListener("keydown", (e) => this.key(e));
    this.input.addEventListener("blur", () => this.close());
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }

  get text(): string {
    return this.input.value.trim();
  }

  set text(to: string) {
    this.input.value = to;
  }

  private async offer(): Promise<void> {
    const text = this.text;
    this.asked.abort();
    this.asked = new AbortController();
    if (!text) return this.close();
    try {
      this.found = (await api.suggest(text, this.asked.signal)).notes;
      // A name that is being typed is likely meant: Enter takes what is marked.
      this.at = this.found[0]?.title.toLowerCase().startsWith(text.toLowerCase()) ? 0 : -1;
      this.render(text);
    } catch (e) {
      if (e instanceof DOMException) return; // something else was typed since
      this.found = [];
      this.at = -1;
      this.told.wrong(e);
    }
  }

  private render(text: string): void {
    const notes = this.found.map((n, i) => {
      const folder = n.path.slice(0, Math.max(0, n.path.lastIndexOf("/")));
      return this.choice(i, make("span", {}, n.title, folder ? make("small", {}, folder) : null), () => this.take(i));
    });
    const question = this.choice(notes.length, make("span", {}, say("ask", text)), () => this.take(notes.length));
    this.list.replaceChildren(...notes, question);
    this.list.hidden = document.activeElement !== this.input;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark();
  }

  private choice(i: number, inside: Node, take: () => void): HTMLLIElement {
    // The press must not take the focus away before the click comes.
    return make("li", { id: `choice-${i}`, role: "option", pointerdown: (e) => e.preventDefault(), click: take }, inside);
  }

  private mark(): void {
    [...this.list.children].forEach((li, i) => {
      li.setAttribute("aria-selected", String(i === this.at));
      if (i === this.at) li.scrollIntoView({ block: "nearest" });
    });
    if (this.at >= 0) this.input.setAttribute("aria-activedescendant", `choice-${this.at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  private key(e: KeyboardEvent): void {
    const n = this.list.hidden ? 0 : this.list.children.length;
    if (e.key === "Escape") return this.close();
    if (n === 0 || (e.key !== "ArrowDown" && e.key !== "ArrowUp")) return;
    e.preventDefault();
    const step = e.key === "ArrowDown" ? 1 : -1;
    this.at = this.at < 0 && step < 0 ? n - 1 : (this.at + step + n + 1) % (n + 1);
    if (this.at === n) this.at = -1;
    this.mark();
  }

  /** Enter takes what is marked, else asks. It may be pressed before the choices came. */
  private async enter(): Promise<void> {
    await this.offered;
    const text = this.input.value.trim();
    if (!text) return;
    this.take(this.at >= 0 ? this.at : this.found.length);
  }

  private take(i: number): void {
    const note = this.found[i], text = this.input.value.trim();
    this.close();
    if (note) {
      this.input.value = note.title;
      this.told.note(note);
    } else {
      this.told.question(text);
    }
  }

  private close(): void {
    this.asked.abort();
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
