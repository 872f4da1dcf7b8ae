// What was opened and said: kept in the plugin's data, and exchanged as the lines that `lantoa export` writes and `lantoa
// import` reads (src/memory/export.c). The same rules hold when two memories are merged.

export type Verdict = "good" | "bad" | "hidden" | "none";

export interface Opened { type: "opened"; at_ms: number; note: string; from?: string; source?: string }
export interface Feedback { type: "feedback"; at_ms: number; note: string; related: string; verdict: Verdict }
export type Event = Opened | Feedback;

/** Learnt by `lantoa learn`, base64. */
export interface Weights { type: "weights"; name: string; at_ms: number; data: string }
export type Line = Event | Weights;

const HEADER = { type: "lantoa-memory", version: 1 };
const VERDICTS = ["good", "bad", "hidden", "none"];
const LAST_MS = 253402300799999; // the end of the year 9999
const OPENS_MOST = 20000; // about 2 MB; older ones count next to nothing

/** The same event is kept once: an open by what and when, a verdict by what it is about. */
function keyOf(line: Line): string {
  if (line.type === "opened") return JSON.stringify([line.at_ms, line.note, line.from ?? ""]);
  return JSON.stringify(line.type === "feedback" ? [line.note, line.related] : [line.name]);
}

function isText(v: unknown, least: number, most: number): v is string {
  return typeof v === "string" && v.length >= least && v.length < most;
}

/** The line if it is what it says; null if it is none of ours. */
function check(v: unknown): Line | null {
  const o = (typeof v === "object" && v !== null ? v : {}) as Record<string, unknown>, at = o.at_ms;
  if (typeof at !== "number" || !Number.isInteger(at) || at < 0 || at > LAST_MS) return null;
  if (o.type === "weights" && isText(o.name, 1, 65) && isText(o.data, 0, 1 << 22)) {
    return { type: "weights", name: o.name, at_ms: at, data: o.data };
  }
  if (!isText(o.note, 1, 4096)) return null;
  if (o.type === "opened") {
    const e: Opened = { type: "opened", at_ms: at, note: o.note };
    if (isText(o.from, 1, 4096)) e.from = o.from;
    if (isText(o.source, 1, 65)) e.source = o.source;
    return e;
  }
  if (o.type !== "feedback" || !isText(o.related, 1, 4096) || !VERDICTS.includes(o.verdict as string)) return null;
  return { type: "feedback", at_ms: at, note: o.note, related: o.related, verdict: o.verdict as Verdict };
}

export class Log {
  private opens = new Map<string, Opened>();
  private verdicts = new Map<string, Feedback>();
  private learnt = new Map<string, Weights>();

  /** What the plugin's data held; what is damaged is left out. */
  constructor(lines: unknown) {
    for (const l of Array.isArray(lines) ? lines : []) {
      const line = check(l);
      if (line) this.merge(line);
    }
  }

  /** The oldest first. */
  get events(): Event[] {
    return [...this.opens.values(), ...this.verdicts.values()].sort((a, b) => a.at_ms - b.at_ms);
  }

  /** All that is kept. */
  get lines(): Line[] {
    return [...this.events, ...this.learnt.values()];
  }

  weights(name: string): string | null {
    return this.learnt.get(keyOf({ type: "weights", name, at_ms: 0, data: "" }))?.data ?? null;
  }

  opened(note: string, from: string | null, at_ms: number): void {
    const e: Opened = { type: "opened", at_ms, note, ...(from ? { from } : {}), source: "plugin" };
    while (!this.merge(e)) e.at_ms++; // the very same in the same millisecond
  }

  feedback(note: string, related: string, verdict: Verdict, at_ms: number): void {
    const e: Feedback = { type: "feedback", at_ms, note, related, verdict };
    if (!this.merge(e)) this.verdicts.set(keyOf(e), e); // the clock went back; the last word counts
  }

  forget(): void {
    for (const m of [this.opens, this.verdicts, this.learnt]) m.clear();
  }

  /** As `lantoa export`. */
  export(): string {
    return [HEADER, ...this.lines].map((l) => JSON.stringify(l) + "\n").join("");
  }

  /** Merges what was exported: all of it, or nothing if a line cannot be read (an Error says which). Returns how many
   *  lines told something new. */
  import(text: string): number {
    const lines: Line[] = [];
    text.split("\n").forEach((l, i) => {
      if (!l.trim()) return;
      let v: unknown = null;
      try {
        v = JSON.parse(l);
      } catch {
        // told below
      }
      const o = v as typeof HEADER | null, header = o?.type === HEADER.type && o.version === HEADER.version;
      const line = header ? null : check(v);
      if (line) lines.push(line);
      else if (!header) throw new Error(`line ${i + 1}`);
    });
    return lines.filter((l) => this.merge(l)).length;
  }

  /** False: it is known, or older than what is. */
  merge(line: Line): boolean {
    const key = keyOf(line);
    if (line.type === "opened") {
      if (this.opens.has(key)) return false;
      this.opens.set(key, line);
      if (this.opens.size > OPENS_MOST) this.drop();
      return true;
    }
    const kept = line.type === "feedback" ? this.verdicts : this.learnt, before = kept.get(key);
    if (before && before.at_ms >= line.at_ms) return false;
    (kept as Map<string, Line>).set(key, line);
    return true;
  }

  /** A tenth of the opens, the oldest. */
  private drop(): void {
    const old = [...this.opens.entries()].sort((a, b) => a[1].at_ms - b[1].at_ms).slice(0, OPENS_MOST / 10);
    for (const [key] of old) this.opens.delete(key);
  }
}
