// The page: one cue at a time, what it calls to mind, and how activation got there.

import type { Result, Why } from "./answers";
import { api, Cue, HistoryEvent, Label, listen, Refused, Status } from "./api";
import { byId, make } from "./dom";
import { Graph } from "./graph";
import { List } from "./list";
import { Room } from "./room";
import { Search } from "./search";
import { language, say, setLanguage, words, Words } from "./words";

const statusLine = byId("status");
const slider = byId<HTMLInputElement>("step");
const playButton = byId<HTMLButtonElement>("play");

let status: Status | null = null;
let cue: Cue | null = null;
let asked = new AbortController();

let undo: (() => void) | null = null;

function tell(text: string, wrong = false, takeBack: (() => void) | null = null): void {
  undo = takeBack;
  statusLine.replaceChildren(text);
  if (undo) statusLine.append(" ", make("button", { type: "button", class: "plain", click: () => undo?.() }, say("takeBack")));
  statusLine.classList.toggle("wrong", wrong);
}

function fail(e: unknown): void {
  if (e instanceof DOMException && e.name === "AbortError") return;
  if (e instanceof Refused) return tell(e.status === 401 ? say("noToken") : e.message, true);
  tell(say("lost"), true);
}

// ---- asking ----

const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

/** Asks, and shows the list; how it came about follows. `keep`: the same is asked anew. `first`: nobody asked. */
async function show(to: Cue, keep = false, first = false): Promise<void> {
  const begun = performance.now();
  if (cue?.kind === "picture" && to !== cue) URL.revokeObjectURL(cue.url);
  cue = to;
  asked.abort();
  asked = new AbortController();
  const { signal } = asked;
  byId("graph").setAttribute("aria-busy", "true");
  if (!keep && !first) tell(say("asking"));
  try {
    const answer = await api.answer(to, signal);
    renderCue();
    list.show(to, answer.related, keep);
    if (!keep) byId("results").parentElement!.scrollTop = 0;
    const ms = Math.max(1, Math.round(performance.now() - begun));
    if (!first) tell(answer.related.length ? say("found", answer.related.length, ms) : say("nothing"));
    void showActivity(to, !keep, signal);
  } catch (e) {
    if (!first) fail(e);
    else if (cue === to) cue = null;
  }
}

async function showActivity(of: Cue, run: boolean, signal: AbortSignal): Promise<void> {
  try {
    const activity = await api.activity(of, signal);
    playButton.disabled = slider.disabled = !activity?.nodes.length;
    graph.show(activity, run);
    list.relight();
    describeGraph(activity?.nodes.length ?? 0);
    byId("graph").setAttribute("aria-busy", "false");
  } catch (e) {
    fail(e);
  }
}

function nameOf(c: Cue): string {
  return c.kind === "note" ? c.title : c.kind === "question" ? c.text : c.name;
}

function renderCue(): void {
  if (!cue) return;
  const kinds = { note: say("note"), question: say("question"), picture: say("photo") };
  const about = cue.kind === "note" ? cue.path
    : cue.kind === "picture" ? cue.labels.map((l) => `${l.name} ${Math.round(100 * l.probability)} %`).join(", ")
    : kinds.question;
  byId("cue").replaceChildren(
    cue.kind === "picture" ? make("img", { src: cue.url, alt: kinds.picture }) : "",
    nameOf(cue), make("span", {}, about));
}

async function goOn(r: Result): Promise<void> {
  const from = cue?.kind === "note" ? cue.path : null;
  const to = { kind: "note" as const, path: r.path, title: r.title };
  search.text = r.title;
  await openNote(to, from);
}

/** What is opened is learnt, once the answer is there. */
async function openNote(to: Cue & { kind: "note" }, from: string | null): Promise<void> {
  const shown = show(to).then(() => list.focus());
  await painted();
  void api.opened(to.path, from).then(renderHistory).catch(fail);
  await shown;
}

async function showPicture(file: File): Promise<void> {
  tell(say("asking"));
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    let text = "";
    for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
    const labels: Label[] = (await api.recognise(btoa(text))).labels ?? [];
    search.text = "";
    await show({ kind: "picture", url: URL.createObjectURL(file), name: file.name, labels });
  } catch (e) {
    fail(e);
  }
}

// ---- the parts ----

let explained = new AbortController();

const list = new List({
  async light(r) {
    explained.abort();
    explained = new AbortController();
    graph.light(r?.path ?? null, []);
    if (!r || !cue) return;
    try {
      const why: Why = await api.explain(cue, r.path, explained.signal);
      graph.light(r.path, why.paths);
      list.explain(why);
    } catch (e) {
      fail(e);
    }
  },
  goOn: (r) => void goOn(r),
  async judge(r, verdict) {
    if (cue?.kind !== "note") return tell(say("noVerdict"));
    const of = cue;
    asked.abort(); // what is on its way would come too late
    explained.abort();
    try {
      await api.feedback(of.path, r.path, verdict);
      await show(of, true);
      if (verdict === "none") tell(say("undo"));
      else tell(verdict === "hidden" ? say("hidden", r.title) : say("kept"), false, () => void takeBack(of, r));
      await renderHistory();
    } catch (e) {
      fail(e);
    }
  },
  obsidian: (path) => `obsidian://open?path=${encodeURIComponent(`${status?.vault ?? ""}/${path}`)}`,
});

async function takeBack(of: Cue & { kind: "note" }, r: Result): Promise<void> {
  list.forget(r.path);
  try {
    await api.feedback(of.path, r.path, "none");
    if (cue === of) await show(of, true);
    tell(say("undo"));
    await renderHistory();
  } catch (e) {
    fail(e);
  }
}

const graph = new Graph(byId<HTMLCanvasElement>("graph"), byId("tip"), {
  time(t, playing) {
    slider.value = String(t);
    slider.max = String(graph.steps);
    const step = Math.round(t);
    const name = step === 0 ? say("start") : say("stepOf", step, graph.steps);
    byId("step-name").textContent = name;
    slider.setAttribute("aria-valuetext", name);
    playButton.setAttribute("aria-pressed", String(playing));
    playButton.firstElementChild!.textContent = playing ? "❚❚" : "▶";
  },
  pick(n) {
    if (!n.path) return;
    const row = [...document.querySelectorAll<HTMLElement>("#results > li")]
      .find((li) => li.dataset.path === n.path);
    if (row) list.toggle(n.path);
    else void show({ kind: "note", path: n.path, title: n.name });
  },
});

function describeGraph(n: number): void {
  byId("graph").setAttribute("aria-label", cue ? say("graphLabel", n, nameOf(cue)) : "");
}

const search = new Search({
  note(n) {
    void openNote({ kind: "note", path: n.path, title: n.title }, null);
  },
  question: (text) => void show({ kind: "question", text }).then(() => list.focus()),
  wrong: fail,
});

const room = new Room(byId("room"), fail);

// ---- what was learnt lately ----

function titleOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.md$/, "");
}

function describeEvent(e: HistoryEvent): string {
  if (e.event === "opened") {
    return e.from ? say("openedFrom", titleOf(e.note), titleOf(e.from)) : say("opened", titleOf(e.note));
  }
  const key = e.event === "good" ? "saidGood" : e.event === "bad" ? "saidBad" : "saidHidden";
  return say(key, titleOf(e.related ?? ""), titleOf(e.note));
}

async function renderHistory(): Promise<void> {
  const { events } = await api.history();
  byId("history").replaceChildren(...events.map((e) =>
    make("li", {}, describeEvent(e), " ", make("small", {}, new Date(e.at_ms).toLocaleString(language())))));
}

// ---- the page as a whole ----

function translate(): void {
  document.documentElement.lang = language();
  document.documentElement.dataset.ready = "";
  byId("language").textContent = language() === "vi" ? "English" : "Tiếng Việt";
  const text = (key: string | undefined) => words()[key as Exclude<keyof Words, "signals">];
  for (const e of document.querySelectorAll<HTMLElement>("[data-t]")) e.textContent = text(e.dataset.t);
  for (const e of document.querySelectorAll<HTMLElement>("[data-label]")) e.setAttribute("aria-label", text(e.dataset.label));
  for (const e of document.querySelectorAll<HTMLInputElement>("[data-hint]")) {
    e.placeholder = text(e.dataset.hint);
    e.setAttribute("aria-label", e.placeholder);
  }
  if (cue) {
    renderCue();
    list.again();
  }
  if (status && !search.text) tell(say("welcome", status.notes));
  byId("choose-picture").title = status && !status.sees_pictures ? say("noPictures") : say("picture");
  graph.seek(Number(slider.value));
  room.translate();
}

function chooseTab(to: "memory" | "room"): void {
  for (const name of ["memory", "room"]) {
    byId(name).hidden = name !== to;
    byId(`tab-${name}`).setAttribute("aria-selected", String(name === to));
    byId(`tab-${name}`).tabIndex = name === to ? 0 : -1;
  }
  if (to === "room") void room.open();
}

function setTheme(to: string | null): void {
  if (to) document.documentElement.dataset.theme = to;
  graph.recolour();
  room.recolour();
}

function wire(): void {
  byId("tab-memory").onclick = () => chooseTab("memory");
  byId("tab-room").onclick = () => chooseTab("room");
  document.querySelector(".tabs")!.addEventListener("keydown", (e) => {
    const key = (e as KeyboardEvent).key;
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    const to = byId("memory").hidden ? "memory" : "room";
    chooseTab(to);
    byId(`tab-${to}`).focus();
  });
  byId("language").onclick = () => {
    setLanguage(language() === "vi" ? "en" : "vi");
    translate();
  };
  byId("theme").onclick = () => {
    const dark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    localStorage.setItem("theme", dark ? "light" : "dark");
    setTheme(dark ? "light" : "dark");
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTheme(null));
  playButton.onclick = () => graph.play();
  slider.oninput = () => graph.seek(Number(slider.value));
  wirePictures();
  addEventListener("keydown", shortcut);
}

function shortcut(e: KeyboardEvent): void {
  const typing = e.target instanceof HTMLInputElement && e.target.type === "text" && !(e.key === "/" && !e.target.value);
  if (typing || e.ctrlKey || e.altKey || e.metaKey || byId("memory").hidden) return;
  if (e.key === "/") {
    e.preventDefault();
    search.focus();
  } else if (e.key === "p") {
    graph.play();
  } else if (e.key === "u") {
    undo?.();
  }
}

function wirePictures(): void {
  const input = byId<HTMLInputElement>("picture"), drop = byId("drop");
  byId("choose-picture").onclick = () => input.click();
  input.onchange = () => {
    if (input.files?.[0]) void showPicture(input.files[0]);
    input.value = "";
  };
  addEventListener("dragover", (e) => {
    e.preventDefault();
    drop.hidden = !e.dataTransfer?.types.includes("Files");
  });
  addEventListener("dragleave", (e) => {
    if (!e.relatedTarget) drop.hidden = true;
  });
  addEventListener("drop", (e) => {
    e.preventDefault();
    drop.hidden = true;
    const file = e.dataTransfer?.files[0];
    if (file) void showPicture(file);
  });
}

/** Until something is asked: what was opened last calls to mind, or the note that most link to. */
async function begin(): Promise<void> {
  const last = (await api.history()).events.find((e) => e.event === "opened")?.note;
  const linked = (await api.suggest("", new AbortController().signal)).notes[0];
  for (const note of [last && { path: last, title: titleOf(last) }, linked]) {
    if (note && !cue && !search.text) await show({ kind: "note", ...note }, false, true);
  }
}

async function start(): Promise<void> {
  setTheme(localStorage.getItem("theme"));
  wire();
  translate();
  search.focus(); // now: later it would select what is being typed by then
  try {
    status = await api.status();
    byId("vault").textContent = titleOf(status.vault);
    byId("vault").title = status.vault;
    tell(say("welcome", status.notes));
    await Promise.all([renderHistory(), begin()]);
    translate();
  } catch (e) {
    return fail(e);
  }
  void listen(() => {
    if (cue) void show(cue, true).then(() => tell(say("changed")));
  });
}

void start();
