// Obsidian's metadata cache, stood in for: made by npm's mdast and yaml, which have nothing in common with Lantoa's own
// parsers. Positions are those of Obsidian: UTF-16, lines from 0.

import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { frontmatterFromMarkdown } from "mdast-util-frontmatter";
import { gfm } from "micromark-extension-gfm";
import { frontmatter } from "micromark-extension-frontmatter";
import { parse } from "yaml";

interface Point { line: number; column: number; offset: number }
interface Node {
  type: string; value?: string; depth?: number; url?: string; checked?: boolean | null; children?: Node[];
  position: { start: Point; end: Point };
}

const loc = (p: Point) => ({ line: p.line - 1, col: p.column - 1, offset: p.offset });
const pos = (n: Node) => ({ start: loc(n.position.start), end: loc(n.position.end) });

/** Sections as Obsidian names them. */
function typeOf(n: Node, text: string): string {
  const source = text.slice(n.position.start.offset, n.position.end.offset);
  if (n.type === "blockquote" && /^>\s*\[!/.test(source)) return "callout";
  return n.type === "paragraph" && /^\$\$[^]*\$\$$/.test(source) ? "math" : n.type;
}

/** [[links]], ![[embeds]] and #tags of a stretch of plain text that begins at `at`. */
function scan(source: string, at: Point, out: Record<string, any[]>): void {
  const place = (from: number, to: number) => {
    const point = (i: number) => {
      const before = source.slice(0, i).split("\n"), line = before.length - 1;
      return { line: at.line - 1 + line, col: line ? before[line].length : at.column - 1 + i, offset: at.offset + i };
    };
    return { start: point(from), end: point(to) };
  };
  for (const m of source.matchAll(/(!?)\[\[([^\[\]\n]+?)\]\]/g)) {
    const [link, shown] = m[2].split("|");
    out[m[1] ? "embeds" : "links"].push({
      link: link.replace(/\\$/, ""), original: m[0], displayText: shown ?? link, position: place(m.index!, m.index! + m[0].length),
    });
  }
  for (const m of source.matchAll(/(?<=^|\s)#([\p{L}\p{M}\p{N}\p{Extended_Pictographic}_\/-]*[^\d\s\p{P}][\p{L}\p{M}\p{N}\p{Extended_Pictographic}_\/-]*)/gu)) {
    out.tags.push({ tag: m[0], position: place(m.index!, m.index! + m[0].length) });
  }
}

function visit(n: Node, text: string, out: Record<string, any[]>, parent: number): void {
  if (!n.position) return; // a bare address, which was made into a link
  const source = text.slice(n.position.start.offset, n.position.end.offset);
  if (n.type === "heading") out.headings.push({ heading: source.replace(/^#+\s*|\s*#*\s*$/g, ""), level: n.depth, position: pos(n) });
  if (n.type === "listItem") {
    const task = /^\S+\s+\[(.)\]\s/.exec(source)?.[1];
    out.listItems.push({ position: pos(n), parent, ...(task === undefined ? {} : { task }) });
    parent = n.position.start.line - 1;
  }
  if ((n.type === "link" || n.type === "image") && !/^(\w[\w+.-]+:|\/\/)/.test(n.url!)) {
    let link = n.url!;
    try {
      link = decodeURI(link);
    } catch {
      // as it is
    }
    out[n.type === "link" ? "links" : "embeds"].push({ link, original: source, displayText: "", position: pos(n) });
  }
  if (n.type === "list") parent = -(n.position.start.line - 1);
  for (const c of n.children ?? []) visit(c, text, out, parent);
  if (n.type === "paragraph" || n.type === "heading" || n.type === "tableCell") {
    // Inline code is no text.
    let plain = source;
    const blank = (c: Node) => {
      if (!c.position) return;
      const from = c.position.start.offset - n.position.start.offset, to = c.position.end.offset - n.position.start.offset;
      if (c.type === "inlineCode") plain = plain.slice(0, from) + plain.slice(from, to).replace(/[^\n]/g, " ") + plain.slice(to);
      for (const d of c.children ?? []) blank(d);
    };
    for (const c of n.children ?? []) blank(c);
    scan(plain, n.position.start, out);
  }
}

function propertyLinks(key: string, value: unknown, out: any[]): void {
  if (typeof value === "string") {
    const m = /^\[\[([^\[\]]+)\]\]$/.exec(value);
    if (m) out.push({ key, original: value, link: m[1].split("|")[0], displayText: m[1].split("|").at(-1) });
  } else if (value && typeof value === "object") {
    for (const [k, v] of Object.entries(value)) propertyLinks(`${key}.${k}`, v, out);
  }
}

export function cacheOf(text: string): any {
  const tree = fromMarkdown(text, {
    extensions: [gfm(), frontmatter(["yaml"])],
    mdastExtensions: [gfmFromMarkdown(), frontmatterFromMarkdown(["yaml"])],
  }) as unknown as Node;
  const out: Record<string, any[]> = { links: [], embeds: [], tags: [], headings: [], listItems: [] };
  const cache: any = { sections: (tree.children ?? []).map((n) => ({ type: typeOf(n, text), position: pos(n) })) };
  for (const n of tree.children ?? []) {
    if (n.type !== "yaml") visit(n, text, out, 0);
    if (n.type !== "yaml" || n.position.start.offset !== 0) continue;
    cache.frontmatterPosition = pos(n);
    try {
      const value = parse(n.value!);
      if (value && typeof value === "object" && !Array.isArray(value)) cache.frontmatter = value;
    } catch {
      // broken front matter is none
    }
    cache.frontmatterLinks = [];
    for (const [k, v] of Object.entries(cache.frontmatter ?? {})) propertyLinks(k, v, cache.frontmatterLinks);
  }
  for (const [k, v] of Object.entries(out)) if (v.length) cache[k] = v;
  return cache;
}
