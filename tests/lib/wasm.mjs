// Bundles TypeScript of the tests for Node, with npm's packages in NODE_PATH's folder.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createRequire } from "node:module";
import { skip } from "./faces.mjs";

/** Builds the module, if it is not up to date; skips the test where that cannot be done. */
export function buildModule(root) {
  if (!existsSync("/usr/include/wasm32-wasi")) skip("there is no wasi-libc to build WebAssembly with");
  const folder = join(root, "build-wasm");
  execFileSync(join(root, "tools/wasm.sh"), [folder], { stdio: "inherit" });
  return join(folder, "lantoa.wasm");
}

/** Where npm's packages are; skips the test where those that it wants are not. */
export function packages() {
  const folder = process.env.NODE_PATH ?? "/usr/share/nodejs";
  for (const name of ["mdast-util-from-markdown", "yaml"]) {
    if (!existsSync(join(folder, name))) skip(`npm's ${name} is not in NODE_PATH`);
  }
  return folder;
}

export async function bundle(root, entry, folder) {
  const out = join(folder, "bundle.cjs");
  execFileSync("esbuild", [join(root, entry), "--bundle", "--platform=node", "--format=cjs", "--log-level=warning", `--outfile=${out}`],
    { env: { ...process.env, NODE_PATH: process.env.NODE_PATH ?? "/usr/share/nodejs" }, stdio: "inherit" });
  return createRequire(import.meta.url)(out);
}

/** The plugin as one script for a page, with Obsidian's API stood in for. */
export function buildPlugin(root, folder) {
  buildModule(root);
  execFileSync(join(root, "tools/plugin.sh"), [folder, join(root, "tests/plugin/start.ts"), "--format=iife",
    `--alias:obsidian=${join(root, "tests/plugin/obsidian.ts")}`], { env: { ...process.env, NODE_PATH: packages() }, stdio: "inherit" });
  return join(folder, "main.js");
}

/** What Obsidian's style sheet gives a plugin, more or less. */
export const OBSIDIAN_STYLE = `:root { --size-2-2: 4px; --size-2-3: 6px; --size-4-2: 8px; --size-4-4: 16px; --font-ui-small: 13px;
  --font-ui-smaller: 12px; --text-muted: #666; --text-faint: #999; --text-accent: #7b5cd6; --interactive-accent: #7b5cd6;
  --background-modifier-border: #e0e0e0; --font-semibold: 600 } body { font: 15px sans-serif; margin: 12px }
  .clickable-icon { border: 0; background: none }
  [data-icon=chevron-right]::before { content: "›" } [data-icon=chevron-down]::before { content: "⌄" }
  [data-icon=thumbs-up]::before { content: "+" } [data-icon=thumbs-down]::before { content: "−" } [data-icon=eye-off]::before { content: "×" }
  [data-icon=pin]::before { content: "pin" } [data-icon=unlink]::before { content: "unlinked" } `;
