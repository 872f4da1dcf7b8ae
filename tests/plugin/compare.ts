// Holds the memory in WebAssembly to the program: the same notes, the same scores. Run by tests/wasm_compare.mjs.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Core, Kind } from "../../plugin/src/core/core";
import { packCanvas, packNote } from "../../plugin/src/core/note";
import { cacheOf } from "./metadata";

export interface File { path: string; kind: Kind; text: string }

/** Obsidian's "excluded files": beginnings of paths, or /regular expressions/. */
function ignored(vault: string): (path: string) => boolean {
  const place = join(vault, ".obsidian/app.json");
  const filters = existsSync(place) ? ((JSON.parse(readFileSync(place, "utf8")).userIgnoreFilters ?? []) as string[]) : [];
  const tests = filters.map((f) => {
    const pattern = /^\/(.*)\/$/.exec(f);
    return pattern ? (path: string) => new RegExp(pattern[1], "i").test(path) : (path: string) => path.startsWith(f);
  });
  return (path) => tests.some((t) => t(path));
}

/** The files of a vault as Obsidian has them: what begins with a dot is none. */
export function filesOf(vault: string): File[] {
  const files: File[] = [], isIgnored = ignored(vault);
  const walk = (folder: string) => {
    for (const e of readdirSync(join(vault, folder), { withFileTypes: true })) {
      const path = folder ? `${folder}/${e.name}` : e.name;
      if (e.name.startsWith(".") || isIgnored(path)) continue;
      if (e.isDirectory()) walk(path);
      if (!e.isFile()) continue;
      const kind: Kind = path.endsWith(".md") ? "note" : path.endsWith(".canvas") ? "canvas" : "other";
      files.push({ path, kind, text: kind === "other" ? "" : readFileSync(join(vault, path), "utf8") });
    }
  };
  walk("");
  return files;
}

export function put(core: Core, f: File): void {
  core.put(f.path, f.kind, f.kind === "note" ? packNote(f.text, cacheOf(f.text)) : f.kind === "canvas" ? packCanvas(f.text) : null);
}

export async function open(module: Uint8Array, files: File[]): Promise<Core> {
  const core = await Core.start(module);
  for (const f of files) put(core, f);
  core.index();
  return core;
}
