// Names beside, above or below nodes: the weightiest first, none over another.

import type { Place } from "./layout";

export interface Label { text: string; place: Place; radius: number; weight: number; strong: boolean; faint: boolean }

type Box = [number, number, number, number]; // left, top, right, bottom

function cross(a: Box, b: Box): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

/** Where a name of that width may stand. */
function boxes(l: Label, w: number): Box[] {
  const { x, y } = l.place, r = l.radius + 4, up = l.radius + 11;
  const box = (left: number, middle: number): Box => [left, middle - 8, left + w, middle + 8];
  return [box(x + r, y), box(x - r - w, y), box(x - w / 2, y - up), box(x - w / 2, y + up),
    box(x + r * 0.7, y - up * 0.8), box(x + r * 0.7, y + up * 0.8), box(x - r * 0.7 - w, y - up * 0.8), box(x - r * 0.7 - w, y + up * 0.8)];
}

/** At most `most` of them, besides those that must be read; over other nodes only these. */
export function drawNames(g: CanvasRenderingContext2D, labels: Label[], width: number, height: number, most: number,
  colours: { paper: string; ink: string }): void {
  const taken: Box[] = [], dots = labels.map((l): Box => {
    const { x, y } = l.place, r = l.radius - 1;
    return [x - r, y - r, x + r, y + r];
  });
  g.textBaseline = "middle";
  g.lineJoin = "round";
  const order = labels.map((_, i) => i).filter((i) => labels[i].text).sort((a, b) => labels[b].weight - labels[a].weight);
  order.forEach((i, place) => {
    const l = labels[i], text = l.text.length > 28 ? `${l.text.slice(0, 27)}…` : l.text;
    if (place >= most && !l.strong) return;
    g.font = l.strong ? "600 13.5px system-ui, sans-serif" : "12.5px system-ui, sans-serif";
    const free = boxes(l, g.measureText(text).width).filter((b) =>
      b[0] > 2 && b[2] < width - 2 && b[1] > 0 && b[3] < height && !taken.some((n) => cross([n[0] - 5, n[1], n[2] + 5, n[3]], b)));
    const cost = (b: Box) => dots.reduce((sum, d, k) => sum + (k !== i && cross(d, b) ? (labels[k].strong ? 100 : 1) : 0), 0);
    const costs = free.map(cost), least = Math.min(...costs), box = free[costs.indexOf(least)];
    if (!box || (least > 0 && !l.strong)) return;
    taken.push(box);
    g.globalAlpha = l.faint ? 0.55 : 1;
    g.strokeStyle = colours.paper;
    g.lineWidth = 4;
    g.strokeText(text, box[0], box[1] + 8);
    g.fillStyle = colours.ink;
    g.fillText(text, box[0], box[1] + 8);
  });
  g.globalAlpha = 1;
}
