// The page in a real browser, as a person uses it: page.mjs LANTOA EXAMPLES [SCREENSHOTS]
// Wants Debian's chromium and npm's playwright-core (in NODE_PATH's folder); exits with 77, "skipped", without them.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ENGLISH, openBrowser, World } from "./lib/faces.mjs";

const [lantoa, examples, screenshots] = process.argv.slice(2).map((p) => resolve(p));
const browser = await openBrowser();
const world = new World(join(examples, "vault"));
world.stops.push(() => browser.close());
writeFileSync(join(world.vault, "<img src=x onerror=hacked()>.md"), "<script>hacked()</script> [[Cà phê]] <b onmouseover=hacked()>x</b>");
const { address } = await world.serve(lantoa, "--model", join(examples, "pictures/doodles.safetensors"));
const wrong = [];

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "vi-VN", ...options });
  const page = await context.newPage();
  page.on("console", (m) => m.type() === "error" && wrong.push(m.text()));
  page.on("pageerror", (e) => wrong.push(String(e)));
  page.on("dialog", (d) => wrong.push(`a dialog: ${d.message()}`));
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
}

const firstResultHasFocus = (page) => page.waitForFunction(() => document.activeElement === document.querySelector("#results .row"));

async function searchAndChoose() {
  const page = await open();
  assert.ok(!page.url().includes("token"), "the token does not stay in the address");
  await ask(page, "cà ph", "Cà phê.md");
  const found = await rows(page);
  assert.ok(found.length >= 10 && found.includes("Quán cà phê.md"));
  const before = await picture(page);
  await page.click("#results > li:first-child .row");
  await page.waitForSelector("#results > li.lit .path");
  assert.ok(await page.$("#results > li.lit blockquote mark"), "the sentence that links them");
  assert.notEqual(await picture(page), before, "its paths are lit");
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
  await page.fill("#step", "1");
  assert.notEqual(await text(page, "#step-name"), last);
  await page.context().close();
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
  await page.waitForSelector("#history li", { state: "attached" });
  await page.context().close();
}

async function pictures() {
  const page = await open();
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
  await page.click("#tab-room");
  await page.waitForFunction(() => document.querySelectorAll("#room .tools button").length > 10 &&
    document.querySelector("#room .player output").textContent);
  const board = "#room canvas.square", words = "#room .stage canvas";
  const first = await picture(page, board), said = await text(page, "#room .say");
  await page.click("#room .player button >> nth=1");
  await page.waitForFunction((s) => document.querySelector("#room .say").textContent !== s, said);
  assert.notEqual(await picture(page, board), first, "a throw is shown");
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
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out");
  await shoot(page, "narrow");
  await page.context().close();
}

/** Frames a second while 200 nodes play, drawn without a graphics card. */
async function frames() {
  const page = await open();
  await page.route("**/api/v1/*activity=80*", (r) => r.continue({ url: r.request().url().replace("activity=80", "activity=200") }));
  await ask(page, "cà phê", "Cà phê.md");
  await page.click("#play");
  const times = await page.evaluate(() => new Promise((done) => {
    const times = [];
    const next = (now) => (times.push(now), times.length < 90 ? requestAnimationFrame(next) : done(times));
    requestAnimationFrame(next);
  }));
  const gaps = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
  console.log(`frames while 200 nodes play: ${(1000 / gaps[44]).toFixed(0)} a second at the median, ${(1000 / gaps[85]).toFixed(0)} at the 95th percentile`);
  await page.context().close();
}

await world.run([searchAndChoose, play, keysAndThumbs, pictures, languagesAndThemes, learningRoom, narrow, frames],
  () => assert.deepEqual(wrong, []));
