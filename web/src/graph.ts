// The activated part of the network on a canvas: colour and size are activation, width is what flowed.

import type { Path } from "./answers";
import { Activity, ActiveNode } from "./api";
import { mix, themeColours } from "./colour";
import { still } from "./dom";
import { layOut, Place, Tie } from "./layout";
import { drawNames, Label } from "./names";

const SECONDS_A_STEP = 1.1, SECONDS_AT_ONCE = 0.32; // when it is played, and when an answer comes
const NEIGHBOURS = 3; // of a node, whose ties are always drawn

interface Dot { node: ActiveNode; key: string; place: Place }
interface Line { from: number; to: number; flow: number[]; sum: number; shown: boolean; lit: boolean }

/** A value told for whole steps, in between. */
function at(values: number[], t: number): number {
  const i = Math.min(Math.floor(t), values.length - 1);
  const next = values[Math.min(i + 1, values.length - 1)];
  return values[i] + (next - values[i]) * (t - i);
}

/** What went over an edge until time t: step i of it between i and i + 1. */
function flowed(flow: number[], t: number): number {
  let sum = 0;
  for (let i = 0; i < flow.length; i++) sum += flow[i] * Math.max(0, Math.min(1, t - i));
  return sum;
}

/** 0 .. 1, as much more for ten times more anywhere: what is near is far more active than what is far. */
function heatOf(activation: number): number {
  return activation > 1e-4 ? Math.min(1, 1 + Math.log10(activation) / 4) : 0;
}

function keyOf(n: ActiveNode): string {
  return `${n.kind}:${n.path ?? n.name}`;
}

export class Graph {
  private dots: Dot[] = [];
  private lines: Line[] = [];
  private most = 1; // that flowed over a line
  private known = new Map<string, Place>();
  private lit = new Set<number>();
  private chosen = -1;
  private over = -1;
  private time = 3;
  private size = 1; // of nodes: smaller on a small canvas
  private started = 0;
  private pace = SECONDS_A_STEP;
  private frame = 0;
  private colours = themeColours("paper", "ink", "line", "accent", "cold", "warm", "hot");

  constructor(
    private canvas: HTMLCanvasElement,
    private tip: HTMLElement,
    private told: { time(t: number, playing: boolean): void; pick(n: ActiveNode): void },
  ) {
    new ResizeObserver(() => this.wake()).observe(canvas);
    canvas.addEventListener("pointermove", (e) => this.hover(e));
    canvas.addEventListener("pointerleave", () => this.hover(null));
    canvas.addEventListener("click", () => {
      if (this.over >= 0) this.told.pick(this.dots[this.over].node);
    });
  }

  get steps(): number {
    return this.lines[0]?.flow.length ?? 3;
  }

  get playing(): boolean {
    return this.started > 0;
  }

  recolour(): void {
    this.colours = themeColours("paper", "ink", "line", "accent", "cold", "warm", "hot");
    this.wake();
  }

  /** Takes what was activated; `run`: it spreads once, quickly. */
  show(activity: Activity | undefined, run = false): void {
    const nodes = activity?.nodes ?? [], keys = nodes.map(keyOf);
    const rings = nodes.map((n) => (n.cue ? 0.05 : 0.35 + 0.55 * (1 - Math.min(1, 12 * Math.max(...n.activation)))));
    this.lines = mergeEdges(activity);
    this.most = Math.max(...this.lines.map((l) => l.sum), 1e-9);
    chooseLines(this.lines, nodes.length);
    const ties: Tie[] = this.lines.filter((l) => l.shown).map((l) => ({
      from: l.from, to: l.to, weight: 0.3 + Math.sqrt(l.sum / this.most),
    }));
    const rooms = nodes.map((n) => 0.7 + 1.3 * heatOf(Math.max(...n.activation)));
    const places = layOut(keys, rings, rooms, ties, this.known);
    this.dots = nodes.map((node, i) => ({ node, key: keys[i], place: places[i] }));
    this.known = new Map([...[...this.known].slice(-400), ...this.dots.map((d) => [d.key, d.place] as const)]);
    this.chosen = this.over = -1;
    this.lit.clear();
    if (run && nodes.length && !still.matches) this.run(SECONDS_AT_ONCE);
    else this.seek(this.steps);
  }

  /** Lights a result and its paths. */
  light(path: string | null, paths: Path[]): void {
    this.chosen = this.dots.findIndex((d) => path !== null && d.node.path === path);
    this.lit.clear();
    for (const l of this.lines) l.lit = false;
    for (const p of paths) {
      const way = p.hops.map((h) => this.dots.findIndex((d) => (h.path ? d.node.path === h.path : d.node.name === h.name)));
      for (let i = 0; i < way.length; i++) {
        if (way[i] >= 0) this.lit.add(way[i]);
        for (const l of this.lines) {
          const same = (l.from === way[i - 1] && l.to === way[i]) || (l.to === way[i - 1] && l.from === way[i]);
          if (i > 0 && same) l.lit = true;
        }
      }
    }
    this.wake();
  }

  seek(t: number): void {
    this.started = 0;
    this.time = t;
    this.told.time(t, false);
    this.wake();
  }

  /** Plays the spreading from the start; with reduced motion it jumps from step to step. */
  play(): void {
    if (this.playing) return this.seek(this.time);
    if (this.dots.length) this.run(SECONDS_A_STEP);
  }

  private run(pace: number): void {
    this.pace = pace;
    this.started = performance.now();
    this.wake();
  }

  private wake(): void {
    if (!this.frame) this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  private tick(now: number): void {
    this.frame = 0;
    if (this.started) {
      const t = Math.max(0, (now - this.started) / 1000 / this.pace);
      this.time = Math.min(still.matches ? Math.floor(t) : t, this.steps);
      if (t >= this.steps) this.started = 0;
      this.told.time(this.time, this.playing);
    }
    this.draw();
    if (this.started) this.wake();
  }

  // ---- drawing ----

  private draw(): void {
    const c = this.canvas, g = c.getContext("2d")!, dense = devicePixelRatio || 1;
    const w = c.clientWidth, h = c.clientHeight;
    if (c.width !== Math.round(w * dense) || c.height !== Math.round(h * dense)) {
      c.width = Math.round(w * dense);
      c.height = Math.round(h * dense);
    }
    g.setTransform(dense, 0, 0, dense, 0, 0);
    g.clearRect(0, 0, w, h);
    if (!this.dots.length || !w || !h) return;
    this.fit(w, h);
    this.drawLines(g);
    this.drawDots(g);
    const most = Math.max(10, Math.round((w * h) / 11000));
    drawNames(g, this.dots.map((_, i) => this.label(i)), w, h, most, this.colours);
  }

  private centre: Place = { x: 0, y: 0 };
  private scale: Place = { x: 1, y: 1 };

  /** The picture fills the canvas, stretched a little where its shape asks for it. */
  private fit(w: number, h: number): void {
    const xs = this.dots.map((d) => d.place.x), ys = this.dots.map((d) => d.place.y);
    const left = Math.min(...xs), right = Math.max(...xs), top = Math.min(...ys), bottom = Math.max(...ys);
    this.size = Math.max(0.55, Math.min(1, Math.min(w, h) / 560));
    const side = Math.min(150, w * 0.3);
    const x = Math.min((w - side) / (right - left || 1), 620), y = Math.min((h - 70) / (bottom - top || 1), 620);
    this.scale = { x: Math.min(x, 1.7 * y), y: Math.min(y, 1.7 * x) };
    this.centre = { x: w / 2 - (this.scale.x * (left + right)) / 2, y: h / 2 - (this.scale.y * (top + bottom)) / 2 };
  }

  private spot(i: number): Place {
    const p = this.dots[i].place;
    return { x: this.centre.x + p.x * this.scale.x, y: this.centre.y + p.y * this.scale.y };
  }

  private heat(i: number): number {
    return heatOf(at(this.dots[i].node.activation, this.time));
  }

  private colour(heat: number): string {
    const { cold, warm, hot } = this.colours;
    return heat < 0.5 ? mix(cold, warm, 2 * heat) : mix(warm, hot, 2 * heat - 1);
  }

  private drawLines(g: CanvasRenderingContext2D): void {
    const some = this.lit.size > 0;
    g.lineCap = "round";
    for (const lit of [false, true]) {
      for (const l of this.lines) {
        if (l.lit !== lit || (!l.shown && !lit)) continue;
        const share = Math.sqrt(flowed(l.flow, this.time) / this.most), a = this.spot(l.from), b = this.spot(l.to), m = bend(a, b);
        g.globalAlpha = lit ? 1 : some ? 0.3 : 0.35 + 0.6 * share;
        g.strokeStyle = lit ? this.colours.accent : share > 0 ? this.colour(0.25 + 0.6 * share) : this.colours.line;
        g.lineWidth = ((lit ? 2.5 : 0.8) + 6 * share) * this.size;
        g.beginPath();
        g.moveTo(a.x, a.y);
        g.quadraticCurveTo(m.x, m.y, b.x, b.y);
        g.stroke();
        this.drawPulse(g, l, a, m, b);
      }
    }
    g.globalAlpha = 1;
  }

  /** What is on its way in the step that is being played. */
  private drawPulse(g: CanvasRenderingContext2D, l: Line, a: Place, m: Place, b: Place): void {
    const step = Math.floor(this.time), t = this.time - step, flow = l.flow[step] ?? 0;
    if (!this.playing || still.matches || flow < 0.003 * this.most) return;
    const on = (p: "x" | "y") => (1 - t) * (1 - t) * a[p] + 2 * t * (1 - t) * m[p] + t * t * b[p];
    g.fillStyle = this.colours.hot;
    g.globalAlpha = 0.9;
    g.beginPath();
    g.arc(on("x"), on("y"), (1.5 + 5 * Math.sqrt(flow / this.most)) * this.size, 0, 7);
    g.fill();
  }

  private radius(i: number): number {
    return ((this.dots[i].node.kind === "note" ? 3 : 2.5) + 11 * Math.pow(this.heat(i), 1.6)) * this.size;
  }

  private drawDots(g: CanvasRenderingContext2D): void {
    const order = this.dots.map((_, i) => i).sort((a, b) => this.heat(a) - this.heat(b));
    for (const i of order) {
      const p = this.spot(i), heat = this.heat(i), r = this.radius(i), d = this.dots[i].node, picked = i === this.chosen || i === this.over;
      const dim = this.lit.size > 0 && !this.lit.has(i) && i !== this.chosen;
      g.fillStyle = this.colour(heat);
      for (const [wide, alpha] of [[3.2, 0.1], [2, 0.16]]) {
        if (heat < 0.3) continue;
        g.globalAlpha = alpha * heat * (dim ? 0.5 : 1);
        g.beginPath();
        g.arc(p.x, p.y, r * wide, 0, 7);
        g.fill();
      }
      g.globalAlpha = dim ? 0.6 : 1;
      this.shape(g, d.kind, p, r);
      g.fill();
      if (d.cue || picked) {
        g.strokeStyle = this.colours.ink;
        g.lineWidth = d.cue ? 2.5 : 1.5;
        g.stroke();
      }
    }
    g.globalAlpha = 1;
  }

  /** Notes are round, tags stand on a corner, all else is square. */
  private shape(g: CanvasRenderingContext2D, kind: string, p: Place, r: number): void {
    g.beginPath();
    if (kind === "note" || kind === "phantom") {
      g.arc(p.x, p.y, r, 0, 7);
    } else if (kind === "tag") {
      for (const [x, y] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) g.lineTo(p.x + 1.25 * r * x, p.y + 1.25 * r * y);
      g.closePath();
    } else {
      g.rect(p.x - r, p.y - r, 2 * r, 2 * r);
    }
  }

  private label(i: number): Label {
    const d = this.dots[i].node, heat = this.heat(i), lit = this.lit.has(i) || i === this.chosen || i === this.over;
    return {
      text: d.name === "/" ? "" : d.name, place: this.spot(i), radius: this.radius(i), strong: d.cue || lit,
      weight: (lit ? 2 : 0) + (d.cue ? 3 : 0) + heat + (d.kind === "note" ? 0.2 : 0), faint: !lit && !d.cue && (heat === 0 || this.lit.size > 0),
    };
  }

  private hover(e: PointerEvent | null): void {
    let found = -1, least = 18;
    for (let i = 0; e && i < this.dots.length; i++) {
      const p = this.spot(i), far = Math.hypot(p.x - e.offsetX, p.y - e.offsetY) - this.radius(i) / 2;
      if (far < least) [found, least] = [i, far];
    }
    if (found !== this.over) this.wake();
    this.over = found;
    this.canvas.style.cursor = found >= 0 ? "pointer" : "";
    this.tip.hidden = found < 0;
    if (found < 0) return;
    const p = this.spot(found), d = this.dots[found].node;
    this.tip.textContent = `${d.name} · ${at(d.activation, this.time).toPrecision(2)}`;
    this.tip.style.left = `${Math.min(p.x + 14, this.canvas.clientWidth - 200)}px`;
    this.tip.style.top = `${p.y + 12}px`;
  }
}

/** The point that a line between two is drawn towards: ties there and back are told apart, and none lies on another. */
function bend(a: Place, b: Place): Place {
  return { x: (a.x + b.x) / 2 + 0.1 * (b.y - a.y), y: (a.y + b.y) / 2 - 0.1 * (b.x - a.x) };
}

/** An edge there and its way back are one line. */
function mergeEdges(activity: Activity | undefined): Line[] {
  const lines = new Map<string, Line>();
  for (const e of activity?.edges ?? []) {
    const sum = e.flow.reduce((a, b) => a + b, 0);
    const [a, b] = e.from < e.to ? [e.from, e.to] : [e.to, e.from];
    const l = lines.get(`${a} ${b}`);
    if (!l) {
      lines.set(`${a} ${b}`, { from: e.from, to: e.to, flow: [...e.flow], sum, shown: false, lit: false });
      continue;
    }
    if (sum > l.sum) [l.from, l.to] = [e.from, e.to];
    l.flow = l.flow.map((f, i) => f + e.flow[i]);
    l.sum += sum;
  }
  return [...lines.values()];
}

/** Of all ties only those are drawn that are among the strongest of one of their ends: no hairball, and nothing stands alone. */
function chooseLines(lines: Line[], n: number): void {
  const drawn = new Uint16Array(n);
  for (const l of [...lines].sort((a, b) => b.sum - a.sum)) {
    l.shown = drawn[l.from] < NEIGHBOURS || drawn[l.to] < NEIGHBOURS;
    if (!l.shown) continue;
    drawn[l.from]++;
    drawn[l.to]++;
  }
}
