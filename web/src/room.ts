// The learning room: a small network that learns, and a small memory that is touched. Both are the real engine's.

import { Activity, ActiveNode, api } from "./api";
import { make } from "./dom";
import { Graph } from "./graph";
import { Lesson } from "./lesson";
import { language, say } from "./words";

/** A few words that call each other to mind. */
class Words {
  private heading = make("h2");
  private about = make("p");
  private canvas = make("canvas", { role: "img" });
  private tip = make("p", { class: "tip", hidden: true });
  private play = make("button", { type: "button", class: "round" }, make("span", { "aria-hidden": "true" }, "▶"));
  private slider = make("input", { type: "range", min: "0", max: "3", step: "0.01", value: "3" });
  private step = make("output");
  private names: string[] = [];
  private graph: Graph;
  readonly place = make("section", {}, this.heading, this.about,
    make("div", { class: "stage" }, this.canvas, this.tip),
    make("div", { class: "player" }, this.play, this.slider, this.step),
    make("div", { class: "tools", role: "group" }));

  constructor(private fail: (e: unknown) => void) {
    this.graph = new Graph(this.canvas, this.tip, {
      time: (t, playing) => this.tell(t, playing),
      pick: (n: ActiveNode) => void this.touch(this.names.indexOf(n.name), true),
    });
    this.play.onclick = () => this.graph.play();
    this.slider.oninput = () => this.graph.seek(Number(this.slider.value));
  }

  private tell(t: number, playing: boolean): void {
    const step = Math.round(t);
    this.slider.value = String(t);
    this.step.textContent = step === 0 ? say("start") : say("stepOf", step, this.graph.steps);
    this.slider.setAttribute("aria-valuetext", this.step.textContent);
    this.play.firstElementChild!.textContent = playing ? "❚❚" : "▶";
  }

  async touch(word: number, play: boolean): Promise<void> {
    try {
      const activity = await api.lesson({ word, language: language() }) as Activity;
      this.names = activity.nodes.map((n) => n.name);
      this.graph.show(activity);
      if (play) this.graph.play();
      this.translate(word);
    } catch (e) {
      this.fail(e);
    }
  }

  private translate(word: number): void {
    this.heading.textContent = say("wordsTitle");
    this.about.textContent = say("wordsAbout");
    this.play.setAttribute("aria-label", say("play"));
    this.slider.setAttribute("aria-label", say("step"));
    this.canvas.setAttribute("aria-label", say("graphLabel", this.names.length, this.names[word]));
    const buttons = this.names.map((name, i) => make("button", {
      type: "button", "aria-pressed": String(i === word), click: () => void this.touch(i, true),
    }, name));
    const tools = this.place.lastElementChild!, at = [...tools.children].indexOf(document.activeElement!);
    tools.replaceChildren(...buttons);
    buttons[at]?.focus();
  }

  recolour(): void {
    this.graph.recolour();
  }
}

export class Room {
  private lesson: Lesson;
  private words: Words;
  private opened = false;

  constructor(place: HTMLElement, fail: (e: unknown) => void) {
    this.lesson = new Lesson(fail);
    this.words = new Words(fail);
    place.append(make("div", { class: "pair" }, this.lesson.place, this.words.place));
  }

  async open(): Promise<void> {
    if (this.opened) return;
    this.opened = true;
    this.lesson.translate();
    await Promise.all([this.lesson.begin(), this.words.touch(0, false)]);
  }

  translate(): void {
    if (!this.opened) return;
    this.lesson.translate();
    void this.words.touch(0, false);
  }

  recolour(): void {
    this.lesson.recolour();
    this.words.recolour();
  }
}
