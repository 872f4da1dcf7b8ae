// The founding lesson: a ball is thrown (forward), misses by so much (the error), one thinks it over from the end to the
// beginning (backward), and throws a little better (the weights move).

import { api } from "./api";
import { make, still } from "./dom";
import { mix, themeColours } from "./colour";
import { say } from "./words";

interface Throw {
  loss: number;
  right: number;
  weights: number[];
  example?: number;
  guess: number;
  error: number;
  hidden: number[];
  hidden_gradient: number[];
  guess_gradient: number;
  field?: number[];
}
interface Told { side: number; hidden: number; points: [number, number, number][]; throws: Throw[] }

const THROWS = 1200;
const PHASES = 4; // forward, error, backward, weights
const TASKS = ["ring", "moons", "quadrants"] as const;

interface Colours { paper: string; raised: string; ink: string; soft: string; line: string; accent: string; good: string }

/** A canvas made as sharp as the screen; null while it is not shown. */
function begin(c: HTMLCanvasElement): { g: CanvasRenderingContext2D; w: number; h: number } | null {
  const dense = devicePixelRatio || 1, w = c.clientWidth, h = c.clientHeight;
  if (!w || !h) return null;
  if (c.width !== Math.round(w * dense) || c.height !== Math.round(h * dense)) {
    c.width = Math.round(w * dense);
    c.height = Math.round(h * dense);
  }
  const g = c.getContext("2d")!;
  g.setTransform(dense, 0, 0, dense, 0, 0);
  g.clearRect(0, 0, w, h);
  return { g, w, h };
}

export class Lesson {
  private told: Told | null = null;
  private time = 0; // in throws; the fraction is how far the throw has come
  private playing = false;
  private last = 0;
  private frame = 0;
  private colours!: Colours;

  private heading = make("h2");
  private about = make("p");
  private plane = make("canvas", { role: "img", class: "square" });
  private net = make("canvas", { role: "img" });
  private curve = make("canvas", { role: "img", class: "flat" });
  private said = make("p", { class: "say" });
  private play = make("button", { type: "button", class: "round" }, make("span", { "aria-hidden": "true" }, "▶"));
  private one = make("button", { type: "button" });
  private slider = make("input", { type: "range", min: "0", step: "1", value: "0" });
  private count = make("output");
  private task = make("select");
  private hidden = make("input", { type: "range", min: "1", max: "12", value: "8" });
  private rate = make("input", { type: "range", min: "1", max: "20", value: "6" });
  private pace = make("input", { type: "range", min: "0", max: "10", value: "3" });
  private fresh = make("button", { type: "button" });
  private labels = ["task", "hidden", "rate", "pace"].map(() => make("span"));
  private seed = 1;
  readonly place = make("section", {}, this.heading, this.about,
    make("div", { class: "boards" }, this.plane, this.net),
    make("div", { class: "player" }, this.play, this.one, this.slider, this.count),
    this.said, this.curve,
    make("div", { class: "tools" },
      ...[this.task, this.hidden, this.rate, this.pace].map((c, i) => make("label", {}, this.labels[i], c)), this.fresh));

  constructor(private fail: (e: unknown) => void) {
    this.play.onclick = () => this.toggle();
    this.one.onclick = () => this.seek(Math.floor(this.time) + 1);
    this.slider.oninput = () => this.seek(Number(this.slider.value));
    this.fresh.onclick = () => {
      this.seed++;
      void this.begin();
    };
    for (const c of [this.task, this.hidden, this.rate]) c.onchange = () => void this.begin();
    new ResizeObserver(() => this.wake()).observe(this.plane);
    this.recolour();
  }

  async begin(): Promise<void> {
    try {
      this.told = await api.lesson({
        task: this.task.value || TASKS[0], hidden: Number(this.hidden.value), rate: Number(this.rate.value) / 20,
        seed: this.seed, throws: THROWS,
      }) as Told;
      this.slider.max = String(THROWS);
      this.translate();
      this.seek(0);
    } catch (e) {
      this.fail(e);
    }
  }

  translate(): void {
    const chosen = this.task.value || TASKS[0];
    this.heading.textContent = say("lessonTitle");
    this.about.textContent = say("lessonAbout");
    this.play.setAttribute("aria-label", say("throwPlay"));
    this.one.textContent = say("throwOne");
    this.fresh.textContent = say("fresh");
    this.slider.setAttribute("aria-label", say("throwSlider"));
    this.plane.setAttribute("aria-label", say("planeLabel"));
    this.net.setAttribute("aria-label", say("netLabel"));
    this.curve.setAttribute("aria-label", say("curveLabel"));
    [say("task"), say("hiddenNodes"), say("rate"), say("pace")].forEach((t, i) => (this.labels[i].textContent = t));
    this.task.replaceChildren(...TASKS.map((t) => make("option", { value: t, selected: t === chosen }, say(t))));
    this.wake();
  }

  recolour(): void {
    this.colours = themeColours("paper", "raised", "ink", "soft", "line", "accent", "good");
    this.wake();
  }

  private seek(t: number): void {
    this.playing = false;
    this.time = Math.max(0, Math.min(t, THROWS));
    this.wake();
  }

  private toggle(): void {
    if (!this.playing && this.time >= THROWS) this.time = 0;
    this.playing = !this.playing;
    this.last = performance.now();
    this.wake();
  }

  private wake(): void {
    if (!this.frame) this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  /** Throws a second: from one in three seconds, to see each part, to ninety. */
  private get speed(): number {
    return 0.33 * Math.pow(270, Number(this.pace.value) / 10);
  }

  private tick(now: number): void {
    this.frame = 0;
    if (this.playing) {
      this.time = Math.min(THROWS, this.time + ((now - this.last) / 1000) * this.speed);
      this.last = now;
      if (this.time >= THROWS) this.playing = false;
    }
    this.draw();
    if (this.playing) this.wake();
  }

  // ---- what is shown now ----

  /** The throw that is under way, or the last one that landed. */
  private get number(): number {
    return this.playing && this.speed < 4 && !still.matches ? Math.min(THROWS, Math.floor(this.time) + 1) : Math.floor(this.time);
  }

  /** How far it has come, 0 .. PHASES; all of it when throws are too fast to be followed. */
  private get phase(): number {
    return this.playing && this.speed < 4 && !still.matches ? (this.time % 1) * PHASES : PHASES;
  }

  private draw(): void {
    if (!this.told) return;
    const n = this.number, t = this.told.throws[n];
    this.slider.value = String(n);
    this.count.textContent = say("throwOf", n, t.right, this.told.points.length);
    this.play.firstElementChild!.textContent = this.playing ? "❚❚" : "▶";
    this.said.textContent = this.describe(n, t);
    this.drawPlane(n, t);
    this.drawNet(n, t);
    this.drawCurve(n);
  }

  private describe(n: number, t: Throw): string {
    if (n === 0 || t.example === undefined) return say("beforeFirst");
    const kind = this.told!.points[t.example][2], f = (v: number) => v.toFixed(2);
    const parts = [
      say("sayForward", f(t.guess), kind),
      say("sayError", f(t.error)),
      say("sayBackward", f(t.guess_gradient)),
      say("sayUpdate", this.moved(n).toFixed(3)),
    ];
    return parts.slice(0, Math.max(1, Math.ceil(this.phase))).join(" ");
  }

  /** The weight that moved most. */
  private moved(n: number): number {
    const now = this.told!.throws[n].weights, before = this.told!.throws[n - 1].weights;
    let most = 0;
    for (let i = 0; i < now.length; i++) if (Math.abs(now[i] - before[i]) > Math.abs(most)) most = now[i] - before[i];
    return most;
  }

  private drawPlane(n: number, t: Throw): void {
    const b = begin(this.plane);
    if (!b) return;
    const { g, w, h } = b, { side, points, throws } = this.told!;
    let at = n;
    while (at > 0 && !throws[at].field) at--;
    const field = throws[at].field!;
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        g.fillStyle = mix(this.colours.raised, field[y * side + x] > 50 ? this.colours.accent : this.colours.good,
          Math.abs(field[y * side + x] - 50) / 90);
        g.fillRect(Math.floor((x * w) / side), Math.floor(h - ((y + 1) * h) / side), Math.ceil(w / side), Math.ceil(h / side));
      }
    }
    points.forEach(([px, py, kind], i) => {
      const thrown = i === t.example && n > 0;
      g.beginPath();
      g.arc(((px + 1) / 2) * w, h - ((py + 1) / 2) * h, thrown ? 8 : 4.5, 0, 7);
      g.fillStyle = kind ? this.colours.accent : this.colours.good;
      g.fill();
      g.lineWidth = thrown ? 3 : 1;
      g.strokeStyle = thrown ? this.colours.ink : this.colours.raised;
      g.stroke();
    });
  }

  private drawCurve(n: number): void {
    const b = begin(this.curve);
    if (!b) return;
    const { g, w, h } = b, throws = this.told!.throws, most = Math.max(...throws.map((t) => t.loss), 1e-9);
    const x = (i: number) => 8 + (i * (w - 16)) / THROWS, y = (loss: number) => h - 8 - (loss / most) * (h - 16);
    g.strokeStyle = this.colours.line;
    g.lineWidth = 1.5;
    for (const [from, to, colour] of [[0, THROWS, this.colours.line], [0, n, this.colours.accent]] as const) {
      g.strokeStyle = colour;
      g.beginPath();
      for (let i = from; i <= to; i++) g.lineTo(x(i), y(throws[i].loss));
      g.stroke();
    }
    g.fillStyle = this.colours.accent;
    g.beginPath();
    g.arc(x(n), y(throws[n].loss), 4, 0, 7);
    g.fill();
  }

  // ---- the network ----

  private drawNet(n: number, t: Throw): void {
    const b = begin(this.net);
    if (!b) return;
    const { g, w, h } = b, hidden = this.told!.hidden, phase = n > 0 ? this.phase : PHASES, { throws, points } = this.told!;
    const before = throws[Math.max(0, n - 1)].weights, weights = phase < 3 ? before : throws[n].weights;
    const changes = throws[n].weights.map((x, i) => Math.abs(x - before[i])), most = Math.max(...changes, 1e-9);
    const spot = (layer: number, i: number, of: number): [number, number] => [46 + (layer * (w - 140)) / 2, ((i + 0.5) * h) / of];
    const tie = (a: [number, number], z: [number, number], i: number) => {
      if (phase >= 3 && phase < PHASES) this.drawChange(g, a, z, (changes[i] / most) * (PHASES - phase));
      this.drawTie(g, a, z, weights[i], phase);
    };
    for (let i = 0; i < hidden; i++) {
      for (let x = 0; x < 2; x++) tie(spot(0, x, 2), spot(1, i, hidden), 2 * i + x);
      tie(spot(1, i, hidden), spot(2, 0, 1), 3 * hidden + i);
    }
    const there = n > 0 && t.example !== undefined, point = there ? points[t.example!] : [0, 0, 0];
    const back = there && phase > 2 && phase < PHASES, guessed = there && phase > 0.8;
    for (let x = 0; x < 2; x++) this.drawNode(g, spot(0, x, 2), there ? point[x] : null, null, "xy"[x]);
    for (let i = 0; i < hidden; i++) {
      this.drawNode(g, spot(1, i, hidden), there && phase > 0.3 ? t.hidden[i] : null, back && phase > 2.4 ? t.hidden_gradient[i] : null, "");
    }
    const end = spot(2, 0, 1);
    this.drawNode(g, end, guessed ? t.guess * 2 - 1 : null, back ? t.guess_gradient : null, guessed ? t.guess.toFixed(2) : "?");
    this.drawBasket(g, w - 26, h, end, guessed ? { guess: t.guess, kind: point[2], way: Math.min(1, (phase - 0.8) / 0.4) } : null);
  }

  /** Where the ball should have gone, and where it went: the way between them is the error. */
  private drawBasket(g: CanvasRenderingContext2D, x: number, h: number, from: [number, number],
    ball: { guess: number; kind: number; way: number } | null): void {
    const y = (v: number) => h / 2 + (0.5 - v) * Math.min(160, h * 0.6), { line, ink, accent, good } = this.colours;
    g.strokeStyle = line;
    g.lineWidth = 2;
    g.beginPath();
    g.moveTo(x, y(0));
    g.lineTo(x, y(1));
    g.stroke();
    g.font = "11px system-ui, sans-serif";
    g.textAlign = "center";
    g.fillStyle = this.colours.soft;
    g.fillText("1", x, y(1) - 18);
    g.fillText("0", x, y(0) + 18);
    g.textAlign = "start";
    if (!ball) return;
    const to = y(ball.guess), bx = from[0] + (x - from[0]) * ball.way;
    const by = from[1] + (to - from[1]) * ball.way - 60 * ball.way * (1 - ball.way);
    if (ball.way >= 1) {
      g.strokeStyle = ink;
      g.setLineDash([3, 3]);
      g.beginPath();
      g.moveTo(x, to);
      g.lineTo(x, y(ball.kind));
      g.stroke();
      g.setLineDash([]);
    }
    g.strokeStyle = ball.kind ? accent : good;
    g.lineWidth = 3;
    g.beginPath();
    g.ellipse(x, y(ball.kind), 13, 5, 0, 0, 7);
    g.stroke();
    g.fillStyle = ink;
    g.beginPath();
    g.arc(bx, by, 6, 0, 7);
    g.fill();
  }

  /** What a weight has changed by, as long as one may see it. */
  private drawChange(g: CanvasRenderingContext2D, a: [number, number], z: [number, number], share: number): void {
    g.globalAlpha = 0.35 * share;
    g.strokeStyle = this.colours.ink;
    g.lineWidth = 3 + 9 * share;
    g.beginPath();
    g.moveTo(...a);
    g.lineTo(...z);
    g.stroke();
    g.globalAlpha = 1;
  }

  /** A weight: how thick, and of what sign; and what runs along it, there and back. */
  private drawTie(g: CanvasRenderingContext2D, a: [number, number], z: [number, number], weight: number, phase: number): void {
    g.strokeStyle = mix(this.colours.line, weight > 0 ? this.colours.accent : this.colours.good, Math.min(1, Math.abs(weight) / 1.5));
    g.lineWidth = 0.7 + Math.min(5, 1.6 * Math.abs(weight));
    g.beginPath();
    g.moveTo(...a);
    g.lineTo(...z);
    g.stroke();
    const first = a[0] < 60, there = first ? phase * 2 : phase * 2 - 1, back = first ? (phase - 2) * 2 - 1 : (phase - 2) * 2;
    const way = there > 0 && there < 1 ? there : back > 0 && back < 1 ? 1 - back : -1;
    if (way < 0) return;
    g.fillStyle = back > 0 ? this.colours.ink : this.colours.accent;
    g.beginPath();
    g.arc(a[0] + (z[0] - a[0]) * way, a[1] + (z[1] - a[1]) * way, 2.5, 0, 7);
    g.fill();
  }

  private drawNode(g: CanvasRenderingContext2D, [x, y]: [number, number], value: number | null, gradient: number | null, name: string): void {
    g.beginPath();
    g.arc(x, y, 13, 0, 7);
    g.fillStyle = value === null ? this.colours.raised
      : mix(this.colours.raised, value > 0 ? this.colours.accent : this.colours.good, Math.min(1, Math.abs(value)));
    g.fill();
    g.strokeStyle = gradient === null ? this.colours.soft : this.colours.ink;
    g.lineWidth = gradient === null ? 1 : 1.5 + Math.min(5, 6 * Math.abs(gradient));
    g.stroke();
    g.font = "12px system-ui, sans-serif";
    g.textBaseline = "middle";
    const write = (text: string, left: number, middle: number) => {
      g.strokeStyle = this.colours.raised;
      g.lineWidth = 4;
      g.lineJoin = "round";
      g.strokeText(text, left, middle);
      g.fillStyle = this.colours.ink;
      g.fillText(text, left, middle);
    };
    if (name.length === 1 && name !== "?") write(name, x - 32, y);
    else if (name) write(name, x - 12, y - 24);
    if (gradient !== null) write(gradient.toFixed(2), name ? x - 14 : x + 18, name ? y + 26 : y);
  }
}
