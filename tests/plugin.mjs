// The Obsidian plugin in a browser, with Obsidian's API stood in for and a real server: plugin.mjs LANTOA ROOT [SCREENSHOTS]
// Wants esbuild, Debian's chromium and npm's playwright-core (in NODE_PATH's folder); exits with 77, "skipped", without.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [lantoa, root, screenshots] = process.argv.slice(2).map((p) => resolve(p));
const chromium = "/usr/bin/chromium";
let playwright;
try {
  playwright = createRequire(join(process.env.NODE_PATH ?? "/usr/share/nodejs", "/"))("playwright-core");
} catch {
  playwright = null;
}
if (!playwright || !existsSync(chromium)) {
  console.log("skipped: there is no chromium, or no playwright-core in NODE_PATH");
  process.exit(77);
}

const folder = mkdtempSync(join(tmpdir(), "lantoa-test-"));
const vault = join(folder, "vault"), script = join(folder, "plugin.js");
cpSync(join(root, "examples/vault"), vault, { recursive: true });
execFileSync("esbuild", [join(root, "tests/plugin/start.ts"), "--bundle", `--alias:obsidian=${join(root, "tests/plugin/obsidian.ts")}`,
  "--target=es2021", "--log-level=warning", `--outfile=${script}`]);
const env = { ...process.env, HOME: folder };
for (const name of ["XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"]) delete env[name];
const server = spawn(lantoa, ["serve", "--port", "0", "--vault", vault], { env, stdio: ["ignore", "pipe", "inherit"] });
const address = await new Promise((done) => server.stdout.once("data", (d) => done(/http:\S+/.exec(String(d))[0])));
const browser = await playwright.chromium.launch({
  executablePath: chromium, args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
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
  const direct = await fetch(address.replace(/\/#token=.*/, `/api/v1/related?n=30&note=${encodeURIComponent("Cà phê.md")}`), {
    headers: { Authorization: `Bearer ${/token=(\w+)/.exec(address)[1]}` },
  }).then((r) => r.json());
  assert.deepEqual(await titles(), direct.related.map((r) => r.title), "the server's own ranking");
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
  const history = await fetch(address.replace(/\/#token=.*/, "/api/v1/history"), {
    headers: { Authorization: `Bearer ${/token=(\w+)/.exec(address)[1]}` },
  }).then((r) => r.json());
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

let code = 0;
try {
  for (const step of [withoutAServer, followsTheOpenNote, linksAreDraggedHoveredAndOpened, pinAndLinked, verdictsAndHabits, recallAndBlock]) {
    console.log(step.name);
    await step();
    assert.deepEqual(wrong, []);
  }
  await aServerThatIsGone();
} catch (e) {
  console.log(e);
  code = 1;
}
await browser.close();
server.kill();
rmSync(folder, { recursive: true, force: true });
process.exit(code);
