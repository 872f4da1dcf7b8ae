// The Obsidian plugin in a browser, with Obsidian's API stood in for and a real server: plugin.mjs LANTOA ROOT [SCREENSHOTS]
// Wants esbuild, Debian's chromium and npm's playwright-core (in NODE_PATH's folder); exits with 77, "skipped", without.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ENGLISH, openBrowser, World } from "./lib/faces.mjs";

const [lantoa, root, screenshots] = process.argv.slice(2).map((p) => resolve(p));
const browser = await openBrowser();
const world = new World(join(root, "examples/vault")), script = join(world.folder, "plugin.js");
world.stops.push(() => browser.close());
execFileSync("esbuild", [join(root, "tests/plugin/start.ts"), "--bundle", `--alias:obsidian=${join(root, "tests/plugin/obsidian.ts")}`,
  "--target=es2021", "--log-level=warning", `--outfile=${script}`]);
const { process: server, address, base, token } = await world.serve(lantoa);

const answerOf = async (path) => (await fetch(`${base}/api/v1/${path}`, { headers: { Authorization: `Bearer ${token}` } })).json();

const page = await browser.newPage({ viewport: { width: 340, height: 760 } });
const wrong = [];
page.on("pageerror", (e) => wrong.push(String(e)));

/** What Obsidian's requestUrl does: no page's origin, no preflight. */
await page.exposeFunction("askServer", async (text) => {
  const q = JSON.parse(text);
  const headers = q.contentType ? { ...q.headers, "Content-Type": q.contentType } : q.headers;
  const r = await fetch(q.url, { method: q.method, headers, body: q.body });
  return { status: r.status, text: await r.text() };
});
const style = `:root { --size-2-2: 4px; --size-2-3: 6px; --size-4-2: 8px; --size-4-4: 16px; --font-ui-small: 13px; --font-ui-smaller: 12px;
  --text-muted: #666; --text-faint: #999; --text-accent: #7b5cd6; --interactive-accent: #7b5cd6; --background-modifier-border: #e0e0e0;
  --font-semibold: 600 } body { font: 15px sans-serif; margin: 12px } .clickable-icon { border: 0; background: none }
  [data-icon=chevron-right]::before { content: "›" } [data-icon=chevron-down]::before { content: "⌄" }
  [data-icon=thumbs-up]::before { content: "+" } [data-icon=thumbs-down]::before { content: "−" } [data-icon=eye-off]::before { content: "×" }
  [data-icon=pin]::before { content: "pin" } [data-icon=unlink]::before { content: "unlinked" } ${readFileSync(join(root, "plugin/styles.css"))}`;
await page.setContent(`<html lang="vi"><style>${style}</style><div id="right"></div><div id="modal"></div></html>`);
await page.addScriptTag({ path: script });

const titles = () => page.$$eval(".lantoa-title", (l) => l.map((a) => a.textContent));
const seen = () => page.evaluate(() => window.seen);
const inPage = (f, ...args) => page.evaluate(f, ...args);

async function withoutAServer() {
  await inPage(() => window.plugin.commands.get("open")());
  await page.waitForSelector(".lantoa-note");
  assert.match(await page.textContent(".lantoa-note"), /lantoa serve/);
  await inPage(async (a) => {
    window.plugin.settings.address = a;
    await window.plugin.save();
  }, address);
}

async function followsTheOpenNote() {
  await inPage(() => window.app.workspace.openLinkText("Cà phê.md"));
  await page.waitForSelector(".lantoa-item");
  assert.ok((await titles()).includes("Quán cà phê"));
  await page.click(".lantoa-item:nth-child(2) .lantoa-fold");
  await page.waitForSelector(".lantoa-sentence mark");
  if (screenshots) await page.screenshot({ path: join(screenshots, "plugin.png") });
  const direct = await answerOf(`related?n=30&note=${encodeURIComponent("Cà phê.md")}`);
  assert.deepEqual(await titles(), direct.related.map((r) => r.title), "the server's own ranking");
  const reasons = await page.$$eval(".lantoa-reason", (l) => l.map((r) => r.textContent));
  for (const r of reasons) assert.doesNotMatch(r, ENGLISH);
}

async function linksAreDraggedHoveredAndOpened() {
  const dragged = await inPage(() => {
    const data = new DataTransfer();
    document.querySelector(".lantoa-title").dispatchEvent(new DragEvent("dragstart", { dataTransfer: data, bubbles: true }));
    return data.getData("text/plain");
  });
  assert.match(dragged, /^\[\[.+\]\]$/);
  await page.hover(".lantoa-title");
  assert.ok((await seen()).includes("hover-link"));
  await page.click(".lantoa-title >> text=Trà sữa");
  await page.waitForFunction(() => document.querySelector(".lantoa-cue").textContent === "Trà sữa");
  await page.waitForSelector(".lantoa-title >> text=Cà phê");
}

async function pinAndLinked() {
  await page.click("[data-icon=pin]");
  await inPage(() => window.app.workspace.openLinkText("Công việc/Nhân sự.md"));
  assert.equal(await page.textContent(".lantoa-cue"), "Trà sữa", "pinned");
  await page.click("[data-icon=pin]");
  await page.waitForFunction(() => document.querySelector(".lantoa-cue").textContent === "Nhân sự");
  await page.waitForSelector(".lantoa-linked");
  await page.click("[data-icon=unlink]");
  await page.waitForFunction(() => document.querySelectorAll(".lantoa-item").length > 3 && !document.querySelector(".lantoa-linked"));
  await page.click("[data-icon=unlink]");
  await page.waitForSelector(".lantoa-linked");
}

async function verdictsAndHabits() {
  const before = await titles(), hidden = before[4];
  await page.click(".lantoa-item:nth-child(5) .lantoa-fold");
  await page.click(".lantoa-item:nth-child(5) [data-icon=eye-off]");
  await page.waitForFunction((t) => ![...document.querySelectorAll(".lantoa-title")].some((a) => a.textContent === t), hidden);
  const history = await answerOf("history");
  assert.ok(history.events.some((e) => e.event === "opened" && e.note === "Trà sữa.md" && e.from === "Cà phê.md"), "opens are learnt");
  assert.ok(history.events.some((e) => e.event === "hidden"));
}

async function recallAndBlock() {
  await inPage(() => window.plugin.commands.get("recall")());
  await page.fill("#modal input", "uong gi buoi sang");
  await page.waitForSelector(".suggestion-item");
  await page.click(".suggestion-item");
  assert.match((await seen()).filter((s) => s.startsWith("open ")).at(-1), /\.md$/);
  await inPage(async () => {
    const place = document.createElement("div");
    place.id = "block";
    document.body.append(place);
    await window.plugin.blocks.get("lantoa")("", place, { sourcePath: "Cà phê.md" });
  });
  assert.ok((await page.$$("#block .lantoa-item")).length > 3);
}

async function aServerThatIsGone() {
  server.kill();
  await new Promise((done) => server.once("exit", done));
  await inPage(() => window.app.workspace.openLinkText("Cà phê.md"));
  await page.waitForSelector("#right .lantoa-note");
  assert.match(await page.textContent("#right .lantoa-note"), /lantoa serve/);
}

await world.run([withoutAServer, followsTheOpenNote, linksAreDraggedHoveredAndOpened, pinAndLinked, verdictsAndHabits, recallAndBlock,
  aServerThatIsGone], () => assert.deepEqual(wrong, []));
