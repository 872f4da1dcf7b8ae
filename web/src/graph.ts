// The activated part of the network on a canvas: colour and size are activation, width is what flowed.

import type { Path } from "./answers";
import { Activity, ActiveNode } from "./api";
import { still } from "./dom";
import { layOut, Place, Tie } from "./layout";

const SECONDS_A_STEP = 1.1;

interface Dot { node: ActiveNode; key: string; place: Place }
interface Line { from: number; to: number; flow: number[]; lit: boolean }

type Box = [number, number, number, number]; // left, top, right, bottom

function cross(a: Box, b: Box): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

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

function keyOf(n: ActiveNode): string {
  return `${n.kind}:${n.path ?? n.name}`;
}

export class Graph {
  private dots: Dot[] = [];
  private lines: Line[] = [];
  private known = new Map<string, Place>();
  private lit = new Set<number>();
  private chosen = -1;
  private over = -1;
  private time = 3;
  private scale = 1;
  private size = 1; // of nodes: smaller on a small canvas
  private started = 0;
  private frame = 0;
  private colours = { paper: "", ink: "", soft: "", line: "", accent: "" };

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
    this.recolour();
  }

  get steps(): number {
    return this.lines[0]?.flow.length ?? 3;
  }

  get playing(): boolean {
    return this.started > 0;
  }

  /** Reads the page's colours anew. */
  recolour(): void {
    const style = getComputedStyle(document.documentElement);
    for (const name of Object.keys(this.colours) as (keyof typeof this.colours)[]) {
      this.colours[name] = style.getPropertyValue(`--${name}`).trim();
    }
    this.wake();
  }

  show(activity: Activity | undefined): void {
    const nodes = activity?.nodes ?? [];
    const keys = nodes.map(keyOf);
    const rings = nodes.map((n) => {
      const first = n.activation.findIndex((a) => a > 0);
      return n.cue ? 0.05 : first < 0 ? 1 : 0.3 * first;
    });
    this.lines = mergeEdges(activity);
    const most = Math.max(...this.lines.map((l) => flowed(l.flow, 9)), 1e-9);
    const ties: Tie[] = this.lines.map((l) => ({
      from: l.from, to: l.to, weight: 0.3 + Math.sqrt(flowed(l.flow, 9) / most),
    }));
    const places = layOut(keys, rings, ties, this.known);
    this.dots = nodes.map((node, i) => ({ node, key: keys[i], place: places[i] }));
    this.known = new Map([...[...this.known].slice(-400), ...this.dots.map((d) => [d.key, d.place] as const)]);
    this.chosen = this.over = -1;
    this.lit.clear();
    this.seek(this.steps);
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
    this.started = performance.now();
    this.wake();
  }

  private wake(): void {
    if (!this.frame) this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  private tick(now: number): void {
    this.frame = 0;
    if (this.started) {
      const t = Math.max(0, (now - this.started) / 1000 / SECONDS_A_STEP);
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
    if (c.width !== w * dense || c.height !== h * dense) {
      c.width = w * dense;
      c.height = h * dense;
    }
    g.setTransform(dense, 0, 0, dense, 0, 0);
    g.clearRect(0, 0, w, h);
    if (!this.dots.length) return;
    this.fit(w, h);
    this.drawLines(g);
    this.drawDots(g);
    this.drawNames(g, w);
  }

  private centre: Place = { x: 0, y: 0 };

  /** The picture fills the canvas, whatever its shape. */
  private fit(w: number, h: number): void {
    const xs = this.dots.map((d) => d.place.x), ys = this.dots.map((d) => d.place.y);
    const left = Math.min(...xs), right = Math.max(...xs), top = Math.min(...ys), bottom = Math.max(...ys);
    this.size = Math.max(0.5, Math.min(1, Math.min(w, h) / 560));
    this.scale = Math.min((w - 150) / (right - left || 1), (h - 70) / (bottom - top || 1), 620);
    this.centre = { x: w / 2 - (this.scale * (left + right)) / 2, y: h / 2 - (this.scale * (top + bottom)) / 2 };
  }

  private spot(i: number): Place {
    const p = this.dots[i].place;
    return { x: this.centre.x + p.x * this.scale, y: this.centre.y + p.y * this.scale };
  }

  private heat(i: number): number {
    const a = at(this.dots[i].node.activation, this.time);
    return a > 0 ? Math.min(1, Math.log1p(300 * a) / Math.log1p(300)) : 0;
  }

  private drawLines(g: CanvasRenderingContext2D): void {
    const some = this.lit.size > 0;
    for (const l of this.lines) {
      const sum = flowed(l.flow, this.time), a = this.spot(l.from), b = this.spot(l.to);
      g.globalAlpha = l.lit ? 1 : some ? 0.25 : 0.8;
      g.strokeStyle = l.lit ? this.colours.accent : sum > 0 ? mix(this.colours.line, this.colours.accent, 0.35) : this.colours.line;
      g.lineWidth = (l.lit ? 2 : 0.6) + 5 * Math.sqrt(sum);
      g.beginPath();
      g.moveTo(a.x, a.y);
      g.lineTo(b.x, b.y);
      g.stroke();
      this.drawPulse(g, l, a, b);
    }
    g.globalAlpha = 1;
  }

  /** What is on its way in the step that is being played. */
  private drawPulse(g: CanvasRenderingContext2D, l: Line, a: Place, b: Place): void {
    const step = Math.floor(this.time), way = this.time - step;
    const flow = l.flow[step] ?? 0;
    if (!this.playing || still.matches || flow < 1e-4) return;
    g.fillStyle = this.colours.accent;
    g.globalAlpha = 0.9;
    g.beginPath();
    g.arc(a.x + (b.x - a.x) * way, a.y + (b.y - a.y) * way, 1.5 + 9 * Math.sqrt(flow), 0, 7);
    g.fill();
  }

  private radius(i: number): number {
    return ((this.dots[i].node.kind === "note" ? 4 : 2.5) + 9 * this.heat(i)) * this.size;
  }

  private drawDots(g: CanvasRenderingContext2D): void {
    for (let i = 0; i < this.dots.length; i++) {
      const p = this.spot(i), d = this.dots[i], dim = this.lit.size > 0 && !this.lit.has(i) && i !== this.chosen;
      g.globalAlpha = dim ? 0.4 : 1;
      g.fillStyle = mix(this.colours.line, this.colours.accent, this.heat(i));
      g.beginPath();
      if (d.node.kind === "note") g.arc(p.x, p.y, this.radius(i), 0, 7);
      else g.rect(p.x - this.radius(i), p.y - this.radius(i), 2 * this.radius(i), 2 * this.radius(i));
      g.fill();
      if (d.node.cue || i === this.chosen || i === this.over) {
        g.strokeStyle = this.colours.ink;
        g.lineWidth = d.node.cue ? 2.5 : 1.5;
        g.stroke();
      }
    }
    g.globalAlpha = 1;
  }

  /** How much a name wants to be read. */
  private weight(i: number): number {
    const picked = i === this.chosen || i === this.over || this.lit.has(i);
    return (picked ? 2 : 0) + (this.dots[i].node.cue ? 3 : 0) + this.heat(i);
  }

  /** Names beside, above or below their nodes: the weightiest first, none over another; over other nodes only those that
   *  must be read. */
  private drawNames(g: CanvasRenderingContext2D, width: number): void {
    const names: Box[] = [], dots = this.dots.map((_, i): Box => {
      const p = this.spot(i), r = this.radius(i) - 1;
      return [p.x - r, p.y - r, p.x + r, p.y + r];
    });
    const order = this.dots.map((_, i) => i).sort((a, b) => this.weight(b) - this.weight(a));
    g.font = "12px system-ui, sans-serif";
    g.textBaseline = "middle";
    g.lineJoin = "round";
    for (const i of order.slice(0, 70)) {
      const name = this.dots[i].node.name, short = name.length > 28 ? `${name.slice(0, 27)}…` : name;
      const boxes = this.boxes(i, g.measureText(short).width).filter((b) => b[0] > 0 && b[2] < width && !names.some((n) => cross(n, b)));
      const free = boxes.find((b) => !dots.some((d, k) => k !== i && cross(d, b)));
      const box = free ?? (this.weight(i) >= 2 ? boxes[0] : undefined);
      if (!box) continue;
      names.push(box);
      const faint = this.weight(i) < 2 && (this.heat(i) === 0 || this.lit.size > 0);
      this.drawName(g, short, box, faint ? 0.5 : 1);
    }
  }

  /** Where a name of that width may stand. */
  private boxes(i: number, w: number): Box[] {
    const p = this.spot(i), r = this.radius(i) + 3, up = r + 8;
    const at = (x: number, y: number): Box => [x, y - 7, x + w, y + 7];
    return [at(p.x + r + 1, p.y), at(p.x - r - 1 - w, p.y), at(p.x - w / 2, p.y - up), at(p.x - w / 2, p.y + up)];
  }

  private drawName(g: CanvasRenderingContext2D, text: string, [x, y]: Box, alpha: number): void {
    g.globalAlpha = alpha;
    g.strokeStyle = this.colours.paper;
    g.lineWidth = 3;
    g.strokeText(text, x, y + 7);
    g.fillStyle = this.colours.ink;
    g.fillText(text, x, y + 7);
    g.globalAlpha = 1;
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

/** An edge there and its way back are one line. */
function mergeEdges(activity: Activity | undefined): Line[] {
  const lines = new Map<string, Line>();
  for (const e of activity?.edges ?? []) {
    const sum = e.flow.reduce((a, b) => a + b, 0);
    const [a, b] = e.from < e.to ? [e.from, e.to] : [e.to, e.from];
    const l = lines.get(`${a} ${b}`);
    if (!l) {
      lines.set(`${a} ${b}`, { from: e.from, to: e.to, flow: [...e.flow], lit: false });
      continue;
    }
    if (sum > l.flow.reduce((x, y) => x + y, 0)) [l.from, l.to] = [e.from, e.to];
    l.flow = l.flow.map((f, i) => f + e.flow[i]);
  }
  return [...lines.values()];
}

const parsed = new Map<string, [number, number, number]>();

function channels(colour: string): [number, number, number] {
  let c = parsed.get(colour);
  if (!c) {
    const hex = colour.slice(1), wide = hex.length === 3 ? [...hex].map((x) => x + x).join("") : hex;
    c = [0, 2, 4].map((i) => parseInt(wide.slice(i, i + 2), 16)) as [number, number, number];
    parsed.set(colour, c);
  }
  return c;
}

/** Between two colours of the form #rgb or #rrggbb. */
export function mix(from: string, to: string, share: number): string {
  const a = channels(from), b = channels(to);
  return `rgb(${a.map((x, i) => Math.round(x + (b[i] - x) * share)).join(" ")})`;
}

