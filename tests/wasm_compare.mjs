// The memory in WebAssembly beside the program: for each note of a vault the same results with the same scores.
//     wasm_compare.mjs LANTOA ROOT [VAULT...]     examples/vault if none is given
// Wants esbuild, wasi-libc and npm's mdast and yaml (in NODE_PATH's folder); exits with 77, "skipped", without.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildModule, bundle, packages } from "./lib/wasm.mjs";

const LIMIT = 30, CLOSE = 1e-4;
const [lantoa, root, ...vaults] = process.argv.slice(2).map((p) => resolve(p));
const folder = mkdtempSync(join(tmpdir(), "lantoa-test-"));

/** What the program says, an answer a note. */
function native(vault, notes) {
  const env = { ...process.env, HOME: folder, XDG_CACHE_HOME: join(folder, "cache"), XDG_DATA_HOME: join(folder, "data") };
  const run = spawnSync(lantoa, ["related", "--json", "--stdin", "-n", String(LIMIT), "--quiet", "--vault", vault],
    { env, input: notes.join("\n"), maxBuffer: 1 << 30 });
  assert.ok(run.status === 0 || run.status === 3, "asked; 3: some file could not be read");
  return String(run.stdout).trim().split("\n").map((line) => JSON.parse(line));
}

/** The largest difference of two answers' scores, rank by rank and note by note. */
function difference(a, b) {
  let most = Math.abs(a.length - b.length) ? Infinity : 0;
  const last = a.length ? a[a.length - 1].score : 0, scores = new Map(b.map((r) => [r.path, r.score]));
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    most = Math.max(most, Math.abs(a[i].score - b[i].score));
    // One that is as good as the last may have been left out for another.
    most = Math.max(most, Math.abs(a[i].score - (scores.get(a[i].path) ?? last)));
  }
  return most;
}

async function compare(tools, wasm, vault) {
  const files = tools.filesOf(vault), core = await tools.open(readFileSync(wasm), files);
  const notes = files.filter((f) => f.kind === "note" && !f.path.includes("\n")).map((f) => f.path);
  const answers = native(vault, notes);
  const wrong = [];
  let most = 0, results = 0;
  notes.forEach((note, i) => {
    assert.ok(answers[i].related, `${note}: ${JSON.stringify(answers[i])}`);
    const d = difference(answers[i].related, core.related(note, "yes", LIMIT));
    most = Math.max(most, d);
    results += answers[i].related.length;
    if (d > CLOSE) wrong.push([note, d]);
  });
  console.log(`${vault}: ${notes.length} notes asked, ${results} results, largest difference ${most.toExponential(1)}, ${wrong.length} differ`);
  for (const [note, d] of wrong.slice(0, Number(process.env.TELL ?? 10))) console.log(`  ${note}: ${d}`);
  return wrong.length || !results;
}

let code = 0;
try {
  packages();
  const wasm = buildModule(root), tools = await bundle(root, "tests/plugin/compare.ts", folder);
  for (const vault of vaults.length ? vaults : [join(root, "examples/vault")]) if (await compare(tools, wasm, vault)) code = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(code);
