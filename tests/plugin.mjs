// The Obsidian plugin in a browser, with Obsidian's API stood in for: with the memory inside of it, held to the program's
// answers; and with a server.  plugin.mjs LANTOA ROOT [SCREENSHOTS]
// Wants esbuild, wasi-libc, Debian's chromium and some of npm's packages (in NODE_PATH's folder); exits with 77, "skipped",
// without.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ENGLISH, openBrowser, World } from "./lib/faces.mjs";
import { buildPlugin, bundle, OBSIDIAN_STYLE, packages } from "./lib/wasm.mjs";

const [lantoa, root, screenshots] = process.argv.slice(2).map((p) => resolve(p));
packages();
const browser = await openBrowser();
const world = new World(join(root, "examples/vault"));
world.stops.push(() => browser.close());
const { filesOf } = await bundle(root, "tests/plugin/compare.ts", world.folder);
const script = buildPlugin(root, world.folder);
let server, address, answerOf;

const page = await browser.newPage({ viewport: { width: 340, height: 760 } });
const wrong = [], requests = [];
page.on("pageerror", (e) => wrong.push(String(e)));
page.on("request", (r) => !r.url().startsWith("blob:") && requests.push(r.url()));

/** What Obsidian's requestUrl does: no page's origin, no preflight. */
await page.exposeFunction("askServer", async (text) => {
  const q = JSON.parse(text);
  requests.push(q.url);
  const headers = q.contentType ? { ...q.headers, "Content-Type": q.contentType } : q.headers;
  const r = await fetch(q.url, { method: q.method, headers, body: q.body });
  return { status: r.status, text: await r.text() };
});
const style = OBSIDIAN_STYLE + readFileSync(join(root, "plugin/styles.css"));
await page.setContent(`<html lang="vi"><style>${style}</style><div id="right"></div><div id="modal"></div></html>`);
await page.evaluate((files) => (window.files = files), filesOf(world.vault).map(({ path, text }) => ({ path, text })));
await page.addScriptTag({ path: script });

const titles = () => page.$$eval(".lantoa-title", (l) => l.map((a) => a.textContent));
const seen = () => page.evaluate(() => window.seen);
const inPage = (f, ...args) => page.evaluate(f, ...args);
const open = (path) => inPage((p) => window.app.workspace.openLinkText(p), path);
const inVault = (call, ...args) => inPage(([c, a]) => window.app.vault[c](...a), [call, args]);
const cueIs = (name) => page.waitForFunction((n) => document.querySelector(".lantoa-cue").textContent === n, name);
const shows = (title) => page.waitForSelector(`.lantoa-title >> text="${title}"`);
const gone = (title) => page.waitForFunction((t) => ![...document.querySelectorAll(".lantoa-title")].some((a) => a.textContent === t), title);
const shoot = (name) => screenshots && page.screenshot({ path: join(screenshots, `${name}.png`) });

function program(...args) {
  const run = spawnSync(lantoa, [...args, "--vault", world.vault], { env: world.env });
  assert.ok(run.status === 0 || run.status === 3, String(run.stderr));
  return String(run.stdout);
}
const ranking = (note) => JSON.parse(program("related", note, "--json", "-n", "30")).related;

/** What the memory in the plugin says, scores and all. */
const said = (note) => inPage((n) => window.plugin.memory.related(n, "yes"), note);

async function nothingIsOpen() {
  await inPage(() => window.plugin.commands.get("open")());
  await page.waitForSelector(".lantoa-note");
  assert.match(await page.textContent(".lantoa-note"), /Mở một ghi chú/);
}

async function followsTheOpenNote() {
  await open("Cà phê.md");
  await page.waitForSelector(".lantoa-item");
  await page.click(".lantoa-item:nth-child(2) .lantoa-fold");
  await page.waitForSelector(".lantoa-sentence mark");
  await shoot("plugin");
  assert.deepEqual(await titles(), ranking("Cà phê.md").map((r) => r.title), "the program's own ranking");
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
  await cueIs("Trà sữa");
  await shows("Cà phê");
}

async function pinAndLinked() {
  await page.click("[data-icon=pin]");
  await open("Công việc/Nhân sự.md");
  assert.equal(await page.textContent(".lantoa-cue"), "Trà sữa", "pinned");
  await page.click("[data-icon=pin]");
  await cueIs("Nhân sự");
  await page.waitForSelector(".lantoa-linked");
  await page.click("[data-icon=unlink]");
  await page.waitForFunction(() => document.querySelectorAll(".lantoa-item").length > 3 && !document.querySelector(".lantoa-linked"));
  await page.click("[data-icon=unlink]");
  await page.waitForSelector(".lantoa-linked");
}

async function verdictsAndHabits() {
  const before = await titles(), hidden = before[4], liked = before[9];
  const verdict = async (n, icon) => {
    await page.click(`.lantoa-item:nth-child(${n}) .lantoa-fold`);
    await page.click(`.lantoa-item:nth-child(${n}) [data-icon=${icon}]`);
  };
  await verdict(5, "eye-off");
  await gone(hidden);
  await verdict(9, "thumbs-up");
  await page.waitForFunction(([t, at]) => [...document.querySelectorAll(".lantoa-title")].findIndex((a) => a.textContent === t) < at, [liked, 8]);
  await inPage(() => window.plugin.memory.opened("Má.md", "Cà phê.md")); // rejects if it cannot be learnt from
  await inPage(() => window.plugin.saveSoon.run());
  const kept = await inPage(() => window.plugin.data.memory);
  assert.ok(kept.some((e) => e.type === "opened" && e.note === "Trà sữa.md" && e.from === "Cà phê.md"), "opens are learnt");
  assert.ok(kept.some((e) => e.verdict === "hidden") && kept.some((e) => e.verdict === "good"));
}

/** What the plugin has learnt, merged into the program's memory: the same ranking there; and the other way round. */
async function memoriesAreMerged() {
  await inPage(() => window.plugin.commands.get("export")());
  await page.waitForFunction(() => window.seen.some((s) => s.startsWith("notice ")));
  const place = ".obsidian/plugins/lantoa/memory.jsonl", file = join(world.folder, "memory.jsonl");
  writeFileSync(file, await inPage((p) => window.app.vault.config.get(p), place));
  program("import", file);
  for (const note of ["Công việc/Nhân sự.md", "Cà phê.md", "Trà sữa.md"]) {
    const here = await said(note), there = ranking(note);
    assert.deepEqual(here.map((r) => r.path), there.map((r) => r.path));
    here.forEach((r, i) => assert.ok(Math.abs(r.score - there[i].score) < 1e-4, `${note}: ${r.path}`));
  }
  program("opened", "Má.md", "--from", "Trà sữa.md");
  await inPage(([p, text]) => window.app.vault.config.set(p, text), [place, program("export")]);
  await inPage(() => window.plugin.commands.get("import")());
  await page.waitForFunction(() => window.seen.some((s) => /^notice .*\b1\b/.test(s)));
  assert.ok((await inPage(() => window.plugin.data.memory)).some((e) => e.note === "Má.md" && e.source === "cli"));
  await inPage(([p]) => window.app.vault.config.set(p, "{\"type\":\"opened\"}\n"), [place]);
  await inPage(() => window.plugin.commands.get("import")());
  await page.waitForFunction(() => window.seen.some((s) => s.includes("line 1")));
}

/** Another device wrote the data: what both know is kept. */
async function dataThatIsSynchronised() {
  const elsewhere = { type: "feedback", at_ms: Date.now() + 5, note: "Trà sữa.md", related: "Cà phê.md", verdict: "hidden" };
  await inPage(async (e) => {
    window.plugin.data = { learn: true, address: "", memory: [e, { type: "nonsense" }] };
    await window.plugin.onExternalSettingsChange();
  }, elsewhere);
  const paths = (await said("Trà sữa.md")).map((r) => r.path);
  assert.ok(!paths.includes("Cà phê.md") && paths.length > 3);
  assert.ok(await inPage(() => window.plugin.log.events.some((e) => e.note === "Má.md")), "what was known here");
}

async function recallAndBlock() {
  await inPage(() => window.plugin.commands.get("recall")());
  await page.fill("#modal input", "uong gi buoi sang");
  await page.waitForSelector(".suggestion-item");
  const found = await page.$$eval(".suggestion-item > div", (l) => l.map((d) => d.textContent));
  const there = JSON.parse(program("recall", "uong gi buoi sang", "--json", "-n", "30")).related;
  assert.deepEqual(found, there.map((r) => r.title));
  await page.click(".suggestion-item");
  assert.match((await seen()).filter((s) => s.startsWith("open ")).at(-1), /\.md$/);
  await inPage(async () => {
    const place = document.createElement("div");
    place.id = "block";
    document.body.append(place);
    await window.plugin.blocks.get("lantoa")("", place, { sourcePath: "Cà phê.md" });
  });
  assert.ok((await page.$$("#block .lantoa-item")).length > 3);
  await inPage(() => document.getElementById("block").remove());
}

/** What is written, made, renamed and removed is in the answers, and these are what a fresh start gives. */
async function theVaultChanges() {
  await open("Du lịch/Hội An.md");
  await cueIs("Hội An");
  await inVault("write", "Du lịch/Hội An.md", "Ghé [[Ném bóng rổ]] rồi về. <script>document.title = 'hacked'</script>");
  await page.waitForFunction(() => document.querySelector(".lantoa-linked")?.previousElementSibling.textContent === "Ném bóng rổ");
  await inVault("write", "Mới <b>tinh.md", "[[Hội An]] là nơi #đi-chơi.");
  await shows("Mới <b>tinh");
  await inVault("rename", "Mới <b>tinh.md", "Cũ rồi.md");
  await gone("Mới <b>tinh");
  await shows("Cũ rồi");
  await open("Cũ rồi.md");
  await cueIs("Cũ rồi");
  await inVault("rename", "Cũ rồi.md", "Cũ hơn.md");
  await inVault("rename", "Cũ hơn.md", "Cũ rồi.md");
  await open("Mẫu/Nhật ký mẫu.md");
  await page.waitForSelector("#right .lantoa-note");
  assert.match(await page.textContent("#right .lantoa-note"), /loại trừ/);
  await open("Du lịch/Hội An.md");
  await shows("Cũ rồi");
  await inVault("write", "Công việc/Sơ đồ quán.canvas", JSON.stringify({ nodes: [{ id: "a", type: "file", file: "Du lịch/Hội An.md" }], edges: [] }));
  await shows("Sơ đồ quán");
  const changed = await said("Du lịch/Hội An.md");
  await inPage(() => window.plugin.memory.close()); // it begins anew
  assert.deepEqual(await said("Du lịch/Hội An.md"), changed);
  await inVault("remove", "Cũ rồi.md");
  await gone("Cũ rồi");
  assert.notEqual(await page.title(), "hacked");
}

/** A worker that ends is begun anew, and weights that are damaged are none. */
async function whatIsBrokenIsMended() {
  const before = (await said("Cà phê.md")).map((r) => r.path);
  const after = await inPage(async () => {
    const { memory, log } = window.plugin;
    log.merge({ type: "weights", name: "score", at_ms: Date.now() + 1e6, data: btoa("damaged") });
    memory.remembered();
    const damaged = await memory.related("Cà phê.md", "yes");
    memory.asked.worker.onerror({ message: "it died" });
    return [damaged, await memory.related("Cà phê.md", "yes")].map((l) => l.map((r) => r.path));
  });
  assert.deepEqual(after, [before, before]);
  const late = await inPage(() => {
    const { memory } = window.plugin, { asked } = memory;
    memory.close("closed");
    return asked.ask("recall", ["Quán", 1]).then(() => "", (e) => e.message);
  });
  assert.equal(late, "closed", "who asks a worker that has ended is told");
}

async function nothingWasSent() {
  assert.deepEqual(requests, [], "no network");
}

async function settingsAndForgetting() {
  await inPage(() => {
    const tab = window.plugin.tabs[0];
    tab.display();
    document.getElementById("modal").replaceChildren(tab.containerEl);
  });
  if (screenshots) await page.locator("#modal").screenshot({ path: join(screenshots, "plugin-settings.png") });
  assert.match(await page.textContent("#modal .desc >> nth=1"), /[1-9]/);
  await page.click("#modal button");
  await page.waitForFunction(() => window.plugin.log.events.length === 0 && window.plugin.data.memory.length === 0);
}

async function aServerIsAsked() {
  ({ process: server, address } = await world.serve(lantoa).then((s) => {
    answerOf = async (path) => (await fetch(`${s.base}/api/v1/${path}`, { headers: { Authorization: `Bearer ${s.token}` } })).json();
    return s;
  }));
  await inPage(async (a) => {
    document.querySelector(".lantoa-item").setAttribute("data-before", "");
    window.plugin.settings.address = a;
    await window.plugin.save();
  }, address);
  // What is done with the list is told to the memory that is asked now, also where both answer the same.
  await page.waitForFunction(() => document.querySelector(".lantoa-item:not([data-before])"));
  await open("Cà phê.md");
  await cueIs("Cà phê");
  await shows("Quán cà phê");
  await open("Trà sữa.md");
  await cueIs("Trà sữa");
  const direct = await answerOf(`related?n=30&note=${encodeURIComponent("Trà sữa.md")}`);
  await page.waitForFunction((t) => [...document.querySelectorAll(".lantoa-title")].map((a) => a.textContent).join() === t,
    direct.related.map((r) => r.title).join());
  const history = await answerOf("history");
  assert.ok(history.events.some((e) => e.event === "opened" && e.note === "Trà sữa.md" && e.from === "Cà phê.md"), "opens are learnt");
}

async function aServerThatIsGone() {
  server.kill();
  await new Promise((done) => server.once("exit", done));
  await open("Cà phê.md");
  await page.waitForSelector("#right .lantoa-note");
  assert.match(await page.textContent("#right .lantoa-note"), /lantoa serve/);
  await inPage(async () => {
    window.plugin.settings.address = "";
    await window.plugin.save();
  });
  await shows("Quán cà phê");
}

if (screenshots) mkdirSync(screenshots, { recursive: true });
await world.run([nothingIsOpen, followsTheOpenNote, linksAreDraggedHoveredAndOpened, pinAndLinked, verdictsAndHabits, memoriesAreMerged,
  dataThatIsSynchronised, recallAndBlock, theVaultChanges, whatIsBrokenIsMended, nothingWasSent, settingsAndForgetting, aServerIsAsked, aServerThatIsGone],
() => assert.deepEqual(wrong, []));
