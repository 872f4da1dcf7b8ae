// Colours of the page's style, and those between them.

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

/** The colours of the theme that is on, by the names of the style's variables. */
export function themeColours<K extends string>(...names: K[]): Record<K, string> {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((n) => [n, style.getPropertyValue(`--${n}`).trim()])) as Record<K, string>;
}
