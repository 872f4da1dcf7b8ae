// Where nodes stand: near what they are tied to, and where they stood before.

export interface Place { x: number; y: number }
export interface Tie { from: number; to: number; weight: number }

/** A number 0 .. 1 that depends on the text alone. */
export function chance(text: string): number {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  h = Math.imul(h ^ (h >>> 15), 2246822507);
  return ((h ^ (h >>> 13)) >>> 0) / 4294967296;
}

/** Places for nodes called `keys`, the first of them in the middle: springs along ties, repulsion
 *  between all (Fruchterman and Reingold 1991). `rings` is how far out each begins, `rooms` how much each keeps free. What has a place in
 *  `known` begins there and moves little. */
export function layOut(keys: string[], rings: number[], rooms: number[], ties: Tie[], known: Map<string, Place>): Place[] {
  const n = keys.length;
  const places = keys.map((k, i) => {
    const angle = 2 * Math.PI * chance(k);
    return known.get(k) ?? { x: rings[i] * Math.cos(angle), y: rings[i] * Math.sin(angle) };
  }).map((p) => ({ ...p }));
  const ease = keys.map((k) => (known.has(k) ? 0.05 : 1));
  const near = 1.35 / Math.sqrt(Math.max(n, 4));
  for (let round = 0, heat = 0.12; round < 120; round++, heat *= 0.97) {
    const dx = new Float64Array(n), dy = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      for (let k = i + 1; k < n; k++) {
        const x = places[i].x - places[k].x || 1e-4 * (i - k), y = places[i].y - places[k].y;
        const push = (near * near) / (x * x + y * y + 1e-4);
        dx[i] += x * push; dy[i] += y * push;
        dx[k] -= x * push; dy[k] -= y * push;
      }
    }
    for (const t of ties) {
      const x = places[t.to].x - places[t.from].x, y = places[t.to].y - places[t.from].y;
      const pull = t.weight * Math.hypot(x, y) / near * 0.35;
      dx[t.from] += x * pull; dy[t.from] += y * pull;
      dx[t.to] -= x * pull; dy[t.to] -= y * pull;
    }
    for (let i = 0; i < n; i++) {
      dx[i] -= places[i].x * 0.08; dy[i] -= places[i].y * 0.08; // nothing floats away
      const length = Math.hypot(dx[i], dy[i]) || 1;
      const go = Math.min(length, heat) * ease[i] / length;
      places[i].x += dx[i] * go;
      places[i].y += dy[i] * go;
    }
  }
  spread(places, rooms.map((r) => 0.42 * near * r));
  return places;
}

/** Pushes apart what stands closer than its room: nodes can be told from each other, also in the thick of it. */
function spread(places: Place[], rooms: number[]): void {
  for (let round = 0, moved = true; round < 60 && moved; round++) {
    moved = false;
    for (let i = 0; i < places.length; i++) {
      for (let k = i + 1; k < places.length; k++) {
        const x = places[i].x - places[k].x || 1e-4, y = places[i].y - places[k].y, far = Math.hypot(x, y), gap = rooms[i] + rooms[k];
        if (far >= gap) continue;
        const push = (gap - far) / far / 2;
        places[i].x += x * push; places[i].y += y * push;
        places[k].x -= x * push; places[k].y -= y * push;
        moved = true;
      }
    }
  }
}
