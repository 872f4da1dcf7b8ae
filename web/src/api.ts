// The server's answers (docs/api.md), and how to ask for them.

import type { Result, Why } from "./answers";

export interface ActiveNode {
  kind: "note" | "attachment" | "phantom" | "tag" | "folder";
  name: string;
  path: string | null;
  cue: boolean;
  activation: number[];
}
export interface ActiveEdge { from: number; to: number; kind: string; flow: number[] }
export interface Activity { steps: number; nodes: ActiveNode[]; edges: ActiveEdge[] }

export interface Label { name: string; probability: number }
export interface Answer { related: Result[]; activity?: Activity; labels?: Label[] }

export interface Found { path: string; title: string }
export interface Status { vault: string; notes: number; sees_pictures: boolean; version: string }
export interface HistoryEvent {
  event: "opened" | "good" | "bad" | "hidden";
  at_ms: number;
  note: string;
  from?: string | null;
  related?: string;
}

/** What the memory is asked for. */
export type Cue =
  | { kind: "note"; path: string; title: string }
  | { kind: "question"; text: string }
  | { kind: "picture"; url: string; name: string; labels: Label[] };

/** What went wrong, in the server's own words. */
export class Refused extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

function readToken(): string {
  const given = /[#&]token=([^&]+)/.exec(location.hash);
  if (given) {
    sessionStorage.setItem("token", given[1]);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem("token") ?? "";
}

const token = readToken();

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Authorization", `Bearer ${token}`);
  const r = await fetch(`/api/v1/${path}`, { ...init, headers });
  if (r.ok) return r;
  let message = r.statusText;
  try {
    message = (await r.json()).error.message;
  } catch {
    // not the server's own error: the status text must do
  }
  throw new Refused(r.status, message);
}

async function get<T>(path: string, parameters: Record<string, string | number> = {}, signal?: AbortSignal): Promise<T> {
  const query = new URLSearchParams();
  for (const [k, v] of Object.entries(parameters)) query.set(k, String(v));
  return (await ask(`${path}?${query}`, { signal })).json();
}

async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const r = await ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  return r.json();
}

const RESULTS = 20;
const NODES = 80;

function asParameters(cue: Cue): Record<string, string> {
  return cue.kind === "note" ? { note: cue.path } : { q: cue.kind === "question" ? cue.text : "" };
}

function recall(cue: Cue, more: Record<string, string | number>, signal: AbortSignal): Promise<Answer> {
  if (cue.kind === "picture") return post("recall", { labels: cue.labels, ...more }, signal);
  return get(cue.kind === "note" ? "related" : "recall", { ...asParameters(cue), ...more }, signal);
}

export const api = {
  status: () => get<Status>("status"),
  suggest: (q: string, signal: AbortSignal) => get<{ notes: Found[] }>("suggest", { q }, signal),
  history: () => get<{ events: HistoryEvent[] }>("history", { n: 10 }),

  answer: (cue: Cue, signal: AbortSignal) => recall(cue, { n: RESULTS }, signal),

  /** Asked apart: it is a hundred times what the list is, which need not wait for it. */
  activity: async (cue: Cue, signal: AbortSignal) =>
    (await recall(cue, { n: 1, detail: "bare", activity: NODES }, signal)).activity,

  /** A picture is recognised once; its labels are the cue from then on. */
  recognise: (image: string) => post<Answer>("recall", { image, n: 1 }),

  explain(cue: Cue, result: string, signal: AbortSignal): Promise<Why> {
    if (cue.kind === "picture") return post("explain", { labels: cue.labels, result }, signal);
    return get("explain", { ...asParameters(cue), result }, signal);
  },

  opened: (note: string, from: string | null) => post<object>("opened", { note, from }),
  feedback: (note: string, related: string, verdict: string) =>
    post<object>("feedback", { note, related, verdict }),

  lesson: (parameters: Record<string, string | number>) => get<unknown>("lesson", parameters),
};

/** Calls `changed` whenever the server has read changed notes; comes back after a break. */
export async function listen(changed: () => void): Promise<void> {
  for (let wait = 1000; ; wait = Math.min(2 * wait, 30000)) {
    try {
      const r = await ask("events");
      const reader = r.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        wait = 1000;
        text += value;
        const events = text.split("\n\n");
        text = events.pop()!;
        if (events.some((e) => /^event: changed$/m.test(e))) changed();
      }
    } catch (e) {
      if (e instanceof Refused && e.status < 500) return;
    }
    await new Promise((done) => setTimeout(done, wait));
  }
}
