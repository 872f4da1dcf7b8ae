// How long the plugin's memory takes in Chromium: its first answer, which reads all notes, and later ones.
//     plugin.mjs ROOT [VAULT [NOTES]]      the first NOTES (5000) of a vault, or made-up notes
// Fails if it takes longer than 3 s and 20 ms. Wants what tests/plugin.mjs wants.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openBrowser } from "../tests/lib/faces.mjs";
import { buildPlugin, bundle, packages } from "../tests/lib/wasm.mjs";

const FIRST_MS = 3000, LATER_MS = 20, ASKED = 60;
const root = resolve(process.argv[2]), vault = process.argv[3], most = Number(process.argv[4] ?? 5000);

/** Notes of some 150 words, of which few are frequent, with four links each: the same ones each time. */
function madeUp(n) {
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const word = () => `từ${Math.floor(20000 * random() ** 3)}`, name = (i) => `Ghi chú ${i}`;
  return Array.from({ length: n }, (_, i) => {
    const words = Array.from({ length: 150 }, word);
    for (let k = 0; k < 4; k++) words[30 * k] = `[[${name(Math.floor(n * random() ** 2))}]]`;
    return { path: `${i % 40}/${name(i)}.md`, text: `---\ntags: [t${i % 100}]\n---\n# ${word()}\n${words.join(" ")}\n\n\`\`\`\ncode\n\`\`\`\n` };
  });
}

packages();
const browser = await openBrowser(), folder = mkdtempSync(join(tmpdir(), "lantoa-bench-"));
let code = 1;
try {
  const { filesOf } = await bundle(root, "tests/plugin/compare.ts", folder);
  const notes = vault ? filesOf(resolve(vault)).filter((f) => f.kind === "note").slice(0, most) : madeUp(most);
  const page = await browser.newPage();
  page.on("pageerror", (e) => console.log(String(e)));
  await page.setContent("<html><div id='right'></div></html>");
  await page.evaluate((files) => (window.files = files), notes.map(({ path, text }) => ({ path, text })));
  await page.addScriptTag({ path: buildPlugin(root, folder) });
  const times = await page.evaluate(async (asked) => {
    const { plugin, files } = window, times = [];
    let longest = 0, last = performance.now();
    // How long Obsidian itself would wait: a tick that comes late.
    const tick = setInterval(() => {
      longest = Math.max(longest, performance.now() - last - 4);
      last = performance.now();
    }, 4);
    for (let i = 0; i <= asked; i++) {
      const start = performance.now();
      const found = await plugin.memory.related(files[(i * 7919) % files.length].path, "yes");
      times.push(performance.now() - start);
      if (!found.length) throw new Error("nothing was found");
    }
    clearInterval(tick);
    return { first: times[0], later: times.slice(1).sort((a, b) => a - b), longest };
  }, ASKED);
  const middle = times.later[ASKED / 2], last = times.later[ASKED - 2];
  const size = notes.reduce((sum, f) => sum + f.text.length, 0);
  console.log(`${notes.length} notes, ${(size / 1e6).toFixed(1)} MB: first answer ${times.first.toFixed(0)} ms, later ones ` +
    `${middle.toFixed(1)} ms (the second longest of ${ASKED}: ${last.toFixed(1)} ms); the page waited ${times.longest.toFixed(0)} ms at most`);
  code = times.first <= FIRST_MS && middle <= LATER_MS ? 0 : 1;
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(code);
