// What Obsidian knows of a file, as src/vault/cached.h reads it: the text, the values of its front matter, its blocks.

import type { CachedMetadata } from "obsidian";
import { Packer } from "./pack";

// The numbers are those of cached.h.
const WHOLE = 0, LISTED = 1, WITHIN = 2;
const ANY = 0, HEADING = 1, TABLE = 2, HTML = 3;
const FILE = 0, TEXT = 1, LABEL = 2, URL = 3, ARROW = 4;

const BLOCKS: Record<string, number> = { heading: HEADING, table: TABLE, html: HTML };
const DEPTH_MOST = 32;

type Property = [use: number, key: string, value: string];

/** All values of front matter that are not empty, each with how it is meant. */
function properties(key: string, value: unknown, depth: number, listed: boolean, out: Property[]): void {
  if (value === null || value === undefined || value === "" || depth > DEPTH_MOST) return;
  if (Array.isArray(value)) {
    for (const v of value) properties(key, v, depth + 1, true, out);
  } else if (value instanceof Date) {
    out.push([WITHIN, key, value.toISOString()]);
  } else if (typeof value === "object") {
    for (const v of Object.values(value)) properties(key, v, depth + 2, false, out);
  } else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    out.push([depth === 1 ? WHOLE : depth === 2 && listed ? LISTED : WITHIN, key, String(value)]);
  }
}

/** Values as they are written: not where a number is another one than was read, as 0x10. Then nothing is known of them. */
function valuesOf(text: string, cache: CachedMetadata | null): Property[] | null {
  const values: Property[] = [], end = cache?.frontmatterPosition?.end.offset ?? text.length;
  if (!cache?.frontmatter) return null;
  for (const [key, value] of Object.entries(cache.frontmatter)) properties(key, value, 1, false, values);
  const yaml = text.slice(0, end), named = values.filter(([use, key]) => use !== WITHIN && /^(tag|alias)/i.test(key));
  return named.every(([, , value]) => !/^[-+\d.]+$/.test(value) || yaml.includes(value)) ? values : null;
}

export function packNote(text: string, cache: CachedMetadata | null): Uint8Array {
  const p = new Packer().number(0).string(text), values = valuesOf(text, cache);
  p.number(values ? values.length + 1 : 0);
  for (const [use, key, value] of values ?? []) p.number(use).string(key).string(value);
  if (!cache) return p.number(0).take();
  const sections = (cache.sections ?? []).filter((s) => s.type !== "yaml");
  p.number(sections.length + 1);
  for (const s of sections) p.number(BLOCKS[s.type] ?? ANY).number(s.position.start.offset).number(s.position.end.offset);
  return p.take();
}

type Item = [kind: number, first: string, second: string];
type Fields = Record<string, unknown>;

const textOf = (o: Fields, key: string): string => (typeof o[key] === "string" ? o[key] : "");

function listOf(canvas: unknown, key: string): Fields[] {
  const list = (canvas as Fields | null)?.[key];
  return Array.isArray(list) ? list.filter((o): o is Fields => typeof o === "object" && o !== null) : [];
}

/** A canvas (jsoncanvas.org); one that is broken says nothing. */
export function packCanvas(json: string): Uint8Array {
  const items: Item[] = [], files = new Map<string, string>();
  let canvas: unknown = null;
  try {
    canvas = JSON.parse(json);
  } catch {
    // a new canvas is an empty file
  }
  for (const n of listOf(canvas, "nodes")) {
    if (n.type === "file") {
      items.push([FILE, textOf(n, "file"), textOf(n, "subpath")]);
      files.set(textOf(n, "id"), textOf(n, "file"));
    }
    if (n.type === "text") items.push([TEXT, textOf(n, "text"), ""]);
    if (n.type === "group") items.push([LABEL, textOf(n, "label"), ""]);
    if (n.type === "link") items.push([URL, textOf(n, "url"), ""]);
  }
  for (const e of listOf(canvas, "edges")) {
    const from = files.get(textOf(e, "fromNode")), to = files.get(textOf(e, "toNode"));
    if (from && to) items.push([ARROW, from, to]);
    items.push([LABEL, textOf(e, "label"), ""]);
  }
  const p = new Packer().number(1).number(items.length);
  for (const [kind, first, second] of items) p.number(kind).string(first).string(second);
  return p.take();
}
