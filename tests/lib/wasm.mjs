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

export async function bundle(root, entry, folder) {
  const packages = process.env.NODE_PATH ?? "/usr/share/nodejs";
  for (const name of ["mdast-util-from-markdown", "yaml"]) {
    if (!existsSync(join(packages, name))) skip(`npm's ${name} is not in NODE_PATH`);
  }
  const out = join(folder, "bundle.cjs");
  execFileSync("esbuild", [join(root, entry), "--bundle", "--platform=node", "--format=cjs", "--log-level=warning", `--outfile=${out}`],
    { env: { ...process.env, NODE_PATH: packages }, stdio: "inherit" });
  return createRequire(import.meta.url)(out);
}
