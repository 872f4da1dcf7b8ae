// The page in a real browser, as a person uses it: page.mjs LANTOA EXAMPLES [SCREENSHOTS]
// Wants Debian's chromium and npm's playwright-core (in NODE_PATH's folder); exits with 77, "skipped", without them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ENGLISH, openBrowser, World } from "./lib/faces.mjs";

const [lantoa, examples, screenshots] = process.argv.slice(2).map((p) => resolve(p));
const browser = await openBrowser();
const world = new World(join(examples, "vault"));
world.stops.push(() => browser.close());
writeFileSync(join(world.vault, "<img src=x onerror=hacked()>.md"), "<script>hacked()</script> [[Cà phê]] <b onmouseover=hacked()>x</b>");
const { address, base } = await world.serve(lantoa, "--model", join(examples, "pictures/doodles.safetensors"));
const wrong = [];

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "vi-VN", ...options });
  const page = await context.newPage();
  page.on("console", (m) => m.type() === "error" && wrong.push(m.text()));
  page.on("pageerror", (e) => wrong.push(String(e)));
  page.on("dialog", (d) => wrong.push(`a dialog: ${d.message()}`));
  page.on("request", (r) => /^(blob:|data:)/.test(r.url()) || r.url().startsWith(`${base}/`) || wrong.push(`asked elsewhere: ${r.url()}`));
  await page.addInitScript(() => {
    window.shifted = 0; // what moved without anybody having done anything
    new PerformanceObserver((l) => l.getEntries().forEach((e) => e.hadRecentInput || (window.shifted += e.value))).observe({ type: "layout-shift", buffered: true });
  });
  await page.exposeFunction("hacked", () => wrong.push("a note's script ran"));
  await page.goto(address);
  await ready(page);
  return page;
}

const ready = (page) => page.waitForFunction(() => document.getElementById("status").textContent.length > 0);

const rows = (page) => page.$$eval("#results > li", (list) => list.map((li) => li.dataset.path));
const text = (page, selector) => page.textContent(selector);
const shoot = async (page, name) => screenshots && page.screenshot({ path: join(screenshots, `${name}.png`) });

/** What a canvas shows once two frames have passed: all that was asked of it is drawn by then. */
const picture = (page, selector = "#graph") => page.evaluate((s) => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => done(document.querySelector(s).toDataURL())));
}), selector);

async function ask(page, words, path) {
  await page.fill("#search", words);
  await page.keyboard.press("Enter"); // before the choices come, most of the time
  await page.waitForFunction((p) => document.querySelector("#cue span")?.textContent === p, path);
  await firstResultHasFocus(page);
  await settled(page);
}

/** The network of what was asked is there, and has spread. */
const settled = (page) => page.waitForSelector(":is(#graph[aria-busy=false] ~ .player) #play:enabled[aria-pressed=false]");
const shifted = async (page) => assert.ok((await page.evaluate(() => window.shifted)) < 0.01, "nothing moves by itself");

const firstResultHasFocus = (page) => page.waitForFunction(() => document.activeElement === document.querySelector("#results .row"));

/** Before anything is asked there is something to see: what most notes link to, then what was opened last. */
async function beginning() {
  const page = await open();
  await page.waitForSelector("#results > li");
  await settled(page);
  assert.equal(await page.evaluate(() => document.activeElement.id), "search", "one can type at once");
  assert.match(await text(page, "#status"), /\d+ ghi chú/);
  assert.equal(await page.$("#history li"), null, "nobody opened it");
  await shifted(page);
  await ask(page, "Trà sữa", "Trà sữa.md");
  await page.waitForSelector("#history li", { state: "attached" });
  await page.reload();
  await page.waitForFunction(() => document.querySelector("#cue span")?.textContent === "Trà sữa.md");
  await settled(page);
  await shifted(page);
  await page.context().close();
}

async function searchAndChoose() {
  const page = await open();
  assert.ok(!page.url().includes("token"), "the token does not stay in the address");
  await ask(page, "cà ph", "Cà phê.md");
  const found = await rows(page);
  assert.ok(found.length >= 10 && found.includes("Quán cà phê.md"));
  const order = await page.evaluate(() => document.getElementById("results").compareDocumentPosition(document.getElementById("graph")));
  assert.ok(order & 4, "the list comes first");
  const before = await picture(page);
  await page.click("#results > li:first-child .row");
  await page.waitForSelector("#results > li.lit .path");
  assert.ok(await page.$("#results > li.lit blockquote mark"), "the sentence that links them");
  assert.notEqual(await picture(page), before, "its paths are lit");
  const link = await page.getAttribute("#results > li.lit .acts a", "href"), path = await page.getAttribute("#results > li.lit", "data-path");
  assert.equal(link, `obsidian://open?path=${encodeURIComponent(`${world.vault}/${path}`)}`);
  await shoot(page, "memory");
  await page.context().close();
}

async function play() {
  const page = await open();
  await ask(page, "cà phê", "Cà phê.md");
  const end = await picture(page), last = await text(page, "#step-name");
  await page.click("#play");
  await page.waitForFunction((s) => document.getElementById("step-name").textContent !== s, last);
  assert.notEqual(await page.evaluate(() => document.getElementById("graph").toDataURL()), end); // now, not some frames later
  await page.waitForFunction((s) => document.getElementById("step-name").textContent === s, last);
  await settled(page);
  assert.equal(await picture(page), end, "it ends as it began");
  await page.focus("#step");
  await page.keyboard.press("Home");
  const start = await picture(page);
  assert.notEqual(start, end);
  await page.fill("#step", "1");
  assert.notEqual(await text(page, "#step-name"), last);
  const middle = await picture(page);
  assert.ok(middle !== start && middle !== end);
  await page.context().close();
}

/** Who wants no motion gets none: answers come without playing, and playing goes in whole steps. */
async function still() {
  const page = await open({ reducedMotion: "reduce" });
  await page.evaluate(() => {
    window.played = [];
    new MutationObserver(() => window.played.push(document.getElementById("step").value)).observe(document.getElementById("step-name"), { childList: true });
  });
  await ask(page, "cà phê", "Cà phê.md");
  assert.match(await page.getAttribute("#graph", "aria-label"), /^\d+ nút .* Cà phê/);
  assert.ok((await page.evaluate(() => window.played)).every((v) => v === "3"), "nothing was played");
  await page.click("#play");
  await page.waitForFunction(() => window.played.includes("2"));
  await settled(page);
  assert.deepEqual((await page.evaluate(() => window.played)).filter((v) => !Number.isInteger(Number(v))), []);
  await page.context().close();
}

/** Where nodes stand depends on them alone; what was there before stays, and none covers another. */
async function places() {
  const out = join(world.folder, "layout.mjs");
  execFileSync("esbuild", [resolve(process.argv[1], "../../web/src/layout.ts"), "--format=esm", `--outfile=${out}`, "--log-level=error"]);
  const { layOut } = await import(pathToFileURL(out).href);
  const n = 80, keys = Array.from({ length: n }, (_, i) => `note:${i}`), rings = keys.map((_, i) => (i ? 0.6 : 0.05)), rooms = keys.map(() => 1);
  const ties = keys.slice(1).map((_, i) => ({ from: Math.floor(i / 3), to: i + 1, weight: 1 }));
  const first = layOut(keys, rings, rooms, ties, new Map());
  assert.deepEqual(layOut(keys, rings, rooms, ties, new Map()), first);
  const again = layOut(keys, rings, rooms, ties, new Map(keys.map((k, i) => [k, first[i]])));
  const wide = Math.max(...first.map((p) => p.x)) - Math.min(...first.map((p) => p.x));
  const moved = again.map((p, i) => Math.hypot(p.x - first[i].x, p.y - first[i].y)).sort((a, b) => a - b);
  assert.ok(moved[n / 2] < 0.05 * wide && moved[n - 1] < 0.2 * wide, `moved by ${moved[n / 2] / wide}, at most ${moved[n - 1] / wide}`);
  const gaps = first.flatMap((p, i) => first.slice(i + 1).map((q) => Math.hypot(p.x - q.x, p.y - q.y)));
  assert.ok(Math.min(...gaps) > 0.01 * wide, `a gap of ${Math.min(...gaps) / wide}`);
}

/** Nothing but keys, from the empty page to a thumb that changes the next ranking. */
async function keysAndThumbs() {
  const page = await open();
  await page.keyboard.press("/");
  await page.keyboard.type("nhân s");
  await page.waitForSelector("#choices li[aria-selected=true]");
  await page.keyboard.press("Enter");
  await firstResultHasFocus(page);
  const before = await rows(page), path = before[7];
  for (let i = 0; i < 7; i++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#results > li.lit .why");
  await page.keyboard.press("g");
  await page.waitForFunction(([p, at]) => [...document.querySelectorAll("#results > li")].findIndex((li) => li.dataset.path === p) < at,
    [path, 7]);
  const after = await rows(page);
  assert.ok(after.indexOf(path) < 7, "good: it comes up sooner");
  await page.keyboard.press("h");
  await page.waitForFunction((p) => ![...document.querySelectorAll("#results > li")].some((li) => li.dataset.path === p), path);
  await page.keyboard.press("u");
  await page.waitForFunction((p) => [...document.querySelectorAll("#results > li")].some((li) => li.dataset.path === p), path);
  await page.waitForFunction((s) => document.getElementById("status").textContent === s, "đã rút lại");
  await page.waitForSelector("#history li", { state: "attached" });
  await page.keyboard.press("/");
  await page.keyboard.type("uống gì buổi sáng");
  await page.keyboard.press("Enter");
  await firstResultHasFocus(page);
  await page.keyboard.press("g");
  await page.waitForFunction(() => /hai ghi chú/.test(document.getElementById("status").textContent));
  await page.context().close();
}

async function pictures() {
  const page = await open();
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.focus("#choose-picture").then(() => page.keyboard.press("Enter"))]);
  await chooser.setFiles([]);
  await page.setInputFiles("#picture", join(examples, "pictures/coffee.png"));
  await page.waitForSelector("#cue img");
  assert.ok((await rows(page)).includes("Cà phê.md"), "a picture of coffee wakes coffee");
  const bytes = [...readFileSync(join(examples, "pictures/coffee.png"))];
  await page.reload();
  await ready(page);
  await page.evaluate((b) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(b)], "coffee.png", { type: "image/png" }));
    dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, bytes);
  await page.waitForSelector("#cue img");
  await settled(page);
  await shifted(page);
  await page.context().close();
}

async function languagesAndThemes() {
  const page = await open();
  assert.equal(await page.getAttribute("html", "lang"), "vi");
  assert.equal((await text(page, "#tab-room")).trim(), "Phòng học");
  for (const [words, path] of [["Cà phê", "Cà phê.md"], ["Nhân sự", "Công việc/Nhân sự.md"], ["coffee with friends", "câu hỏi"]]) {
    await ask(page, words, path);
    const reasons = await page.$$eval("#results .reason", (list) => list.map((r) => r.textContent));
    assert.ok(reasons.length > 3);
    for (const r of reasons) assert.doesNotMatch(r, ENGLISH);
  }
  await page.click("#language");
  assert.equal(await page.getAttribute("html", "lang"), "en");
  assert.equal((await text(page, "#tab-room")).trim(), "Learning room");
  const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.click("#theme");
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), light);
  await ask(page, "coffee with friends", "question");
  await shoot(page, "dark");
  await page.context().close();
}

async function learningRoom() {
  const page = await open({ reducedMotion: "reduce" });
  await page.focus("#tab-memory");
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => document.querySelectorAll("#room .tools button").length > 10 &&
    document.querySelector("#room .player output").textContent);
  const board = "#room canvas.square", words = "#room .stage canvas";
  const first = await picture(page, board), said = await text(page, "#room .say");
  await page.click("#room .player button >> nth=1");
  await page.waitForFunction((s) => document.querySelector("#room .say").textContent !== s, said);
  assert.notEqual(await picture(page, board), first, "a throw is shown");
  const numbers = /dự đoán (\d\.\d+), đáp án ([01])\. Trượt: sai số (\d\.\d+).*gradient ở dự đoán (-?\d\.\d+).*nhiều nhất (-?\d\.\d+)/;
  const told = numbers.exec(await text(page, "#room .say"));
  assert.ok(told, await text(page, "#room .say"));
  const [guess, answer, error, gradient, change] = told.slice(1).map(Number);
  assert.ok(Math.abs(error + Math.log(answer ? guess : 1 - guess)) < 0.05, "the error is the cross-entropy of the guess");
  assert.ok(Math.abs(gradient - (guess - answer)) < 0.011 && change !== 0, "its gradient is how far it missed");
  const right = async () => Number(/(\d+) \/ 64/.exec(await text(page, "#room .player output"))[1]);
  await page.fill("#room .player input", "1200");
  await page.waitForFunction(() => /1200/.test(document.querySelector("#room .player output").textContent));
  assert.ok((await right()) >= 58, "it has learnt");
  await shoot(page, "room");
  const before = await picture(page, words);
  await page.click("#room .tools button:has-text('nhân sự')");
  await page.waitForSelector("#room .tools button[aria-pressed=true]:has-text('nhân sự')");
  assert.notEqual(await picture(page, words), before);
  await page.context().close();
}

async function narrow() {
  const page = await open({ viewport: { width: 390, height: 844 } });
  await ask(page, "cà phê", "Cà phê.md");
  const fits = async () => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out");
  await fits();
  const top = await page.evaluate(() => ["results", "graph"].map((id) => document.getElementById(id).getBoundingClientRect().top));
  assert.ok(top[0] < top[1] && top[1] < 844, "the list first, the network below it");
  await shoot(page, "narrow");
  await page.click("#tab-room");
  await page.waitForSelector("#room .tools button");
  await fits();
  await page.click("#language");
  await fits();
  await page.context().close();
}

/** What axe-core finds wrong for those who see little or nothing: nothing. */
async function accessible() {
  const axe = join(process.env.NODE_PATH ?? "/nowhere", "axe-core/axe.min.js");
  if (!existsSync(axe)) return console.log("left out: there is no axe-core in NODE_PATH");
  for (const colorScheme of ["light", "dark"]) {
    const page = await open({ colorScheme, bypassCSP: true, reducedMotion: "reduce" });
    const check = async (what) => {
      await page.evaluate(readFileSync(axe, "utf8"));
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`), [], `${what}, ${colorScheme}`);
    };
    await page.waitForSelector("#results > li");
    await check("at the beginning");
    await page.fill("#search", "cà");
    await page.waitForSelector("#choices li");
    await check("while one types");
    await ask(page, "cà phê", "Cà phê.md");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#results > li.lit .path");
    await page.keyboard.press("g");
    await page.waitForFunction(() => document.getElementById("status").querySelector("button"));
    await page.click("#lately summary");
    await check("with a result lit");
    await page.click("#tab-room");
    await page.waitForSelector("#room .tools button[aria-pressed=true]");
    await check("in the learning room");
    await page.context().close();
  }
}

await world.run([beginning, searchAndChoose, play, still, places, keysAndThumbs, pictures, languagesAndThemes, learningRoom, narrow, accessible],
  () => assert.deepEqual(wrong, []));
