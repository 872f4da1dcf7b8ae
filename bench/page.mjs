#!/usr/bin/env node
// How quick the page is in Debian's chromium, without a graphics card: page.mjs LANTOA VAULT [ROUNDS]
// From the key that asks to the list on the screen, and the frames while 200 nodes play. Wants npm's playwright-core in
// NODE_PATH's folder. The vault is read where it is; what is kept of it goes to a temporary folder.
import { resolve } from "node:path";
import { openBrowser, World } from "../tests/lib/faces.mjs";

const [lantoa, vault] = process.argv.slice(2, 4).map((p) => resolve(p)), rounds = Number(process.argv[4] ?? 40);
const browser = await openBrowser();
const world = new World(null, vault);
world.stops.push(() => browser.close());

function spread(values) {
  const v = [...values].sort((a, b) => a - b), at = (q) => v[Math.min(v.length - 1, Math.floor(q * v.length))].toFixed(1);
  return `median ${at(0.5)}, 95th percentile ${at(0.95)}, worst ${at(1)} ms (${v.length})`;
}

async function open(served) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(served.address);
  await page.waitForFunction(() => document.querySelector("#play:enabled[aria-pressed=false]") && document.querySelector("#results > li"));
  // From the key to the frame in which the list is drawn.
  await page.evaluate(() => {
    addEventListener("keydown", (e) => e.key === "Enter" && (window.asked = e.timeStamp), true);
    new MutationObserver(() => requestAnimationFrame(() => setTimeout(() => (window.took = performance.now() - window.asked))))
      .observe(document.getElementById("results"), { childList: true });
  });
  return page;
}

async function ask(page, text) {
  await page.fill("#search", text);
  await page.evaluate(() => (window.took = null));
  await page.press("#search", "Enter");
  await page.waitForFunction(() => window.took !== null);
  const took = await page.evaluate(() => window.took);
  await page.waitForSelector("#graph[aria-busy=false]");
  await page.waitForSelector("#play[aria-pressed=false]"); // it has spread
  return took;
}

/** Notes of all parts of the vault, by letters that their names begin with. */
async function titles({ base, token }) {
  const found = new Set();
  for (const q of "abcdefghiklmnoprstuvw") {
    const r = await fetch(`${base}/api/v1/suggest?q=${q}&n=3`, { headers: { Authorization: `Bearer ${token}` } });
    for (const n of (await r.json()).notes) found.add(n.title);
  }
  return [...found];
}

async function answers(served) {
  const page = await open(served), names = (await titles(served)).slice(0, rounds), notes = [], questions = [];
  for (const name of names) notes.push(await ask(page, name));
  for (let i = 0; i + 1 < names.length; i += 2) questions.push(await ask(page, `what has ${names[i]} to do with ${names[i + 1]}?`));
  console.log(`from the key to a note's list:     ${spread(notes)}`);
  console.log(`from the key to a question's list: ${spread(questions)}`);
  await page.close();
}

async function frames(served) {
  const page = await open(served), gaps = [], probe = await page.context().newCDPSession(page);
  let nodes = 0, busy = 0;
  await probe.send("Performance.enable", { timeDomain: "threadTicks" }); // the page's own thread, whatever the neighbours do
  const worked = async () => (await probe.send("Performance.getMetrics")).metrics.find((m) => m.name === "TaskDuration").value;
  await page.route("**/api/v1/*activity=80*", async (route) => {
    const answer = await route.fetch({ url: route.request().url().replace("activity=80", "activity=200") });
    nodes = (await answer.json()).activity.nodes.length;
    await route.fulfill({ response: answer });
  });
  for (const name of (await titles(served)).slice(0, 5)) {
    await ask(page, name);
    const before = await worked();
    await page.click("#play");
    gaps.push(...await page.evaluate(() => new Promise((done) => {
      const gaps = [];
      let last = null;
      const next = (now) => {
        if (last !== null) gaps.push(now - last);
        last = now;
        if (document.querySelector("#play[aria-pressed=true]")) requestAnimationFrame(next);
        else done(gaps);
      };
      requestAnimationFrame(next);
    })));
    busy += await worked() - before;
  }
  const slow = gaps.filter((g) => g > 33.4).length;
  console.log(`between frames, ${nodes} nodes playing: ${spread(gaps)}; ${slow} longer than 33.4 ms`);
  console.log(`the page's thread works ${(1000 * busy / gaps.length).toFixed(1)} ms a frame`);
  await page.close();
}

await world.run([async function page() {
  const served = await world.serve(lantoa);
  await answers(served);
  await frames(served);
}]);
