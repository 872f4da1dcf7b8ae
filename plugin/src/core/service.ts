// What the worker does: keeps the memory up to date with the files that it is told of, and answers.

import type { Result, Why } from "../../../web/src/answers";
import { Core, Kind, Linked } from "./core";
import type { Event } from "./log";

export interface File { path: string; kind: Kind; packed: Uint8Array | null }

/** What the worker is asked, and what it answers. */
export interface Questions {
  start(module: Uint8Array): void;
  put(files: File[]): void;
  remove(paths: string[]): void;
  /** Weights are base64. */
  remember(events: Event[], weights: string | null): void;
  /** Something was opened. Weights that were learnt from it, if they are better. */
  learn(note: string, from: string, at_ms: number): string | null;
  related(note: string, linked: Linked, limit: number): Result[];
  recall(question: string, limit: number): Result[];
  explain(note: string, result: string): Why;
}

const PATCH_MOST = 32; // changed notes that are laid over the index
const QUIET_MS = 1500; // without a change, after which the memory is brought up to date

export class Service {
  private core: Core | null = null;
  private indexed = new Set<string>();
  private changed = new Set<string>();
  private stale = true; // takes an index
  private weights: string | null = null;
  private timer: number | undefined;

  /** `renewed` is called when answers may be other ones than before. */
  constructor(private renewed: () => void) {}

  async start(module: Uint8Array): Promise<void> {
    this.core = await Core.start(module);
  }

  put(files: File[]): void {
    for (const f of files) {
      this.memory.put(f.path, f.kind, f.packed);
      this.changed.add(f.path);
      if (f.kind !== "note" || !this.indexed.has(f.path)) this.stale = true;
    }
    this.later();
  }

  remove(paths: string[]): void {
    for (const path of paths) this.memory.remove(path);
    this.stale = true;
    this.later();
  }

  remember(events: Event[], weights: string | null): void {
    if (weights !== this.weights) {
      this.weights = weights;
      try {
        this.memory.weights(Uint8Array.from(atob(weights ?? ""), (c) => c.charCodeAt(0)));
      } catch {
        this.memory.weights(new Uint8Array(0)); // damaged ones are none
      }
    }
    this.memory.remember(events);
  }

  learn(note: string, from: string, at_ms: number): string | null {
    this.settle(from);
    const better = this.memory.learn(note, from, at_ms);
    if (better) this.weights = btoa(String.fromCharCode(...better));
    return better && this.weights;
  }

  related(note: string, linked: Linked, limit: number): Result[] {
    this.settle(note);
    return this.memory.related(note, linked, limit);
  }

  recall(question: string, limit: number): Result[] {
    this.settle(null);
    return this.memory.recall(question, limit);
  }

  explain(note: string, result: string): Why {
    this.settle(note);
    return this.memory.explain(note, result);
  }

  private get memory(): Core {
    if (!this.core) throw new Error("the memory was not started");
    return this.core;
  }

  /** Who asks need not wait for all notes to be read anew, if the note is known. */
  private settle(note: string | null): void {
    const known = this.indexed.size > 0 && (note === null || this.indexed.has(note));
    if (!known || !this.stale) this.renew();
  }

  private later(): void {
    if (!this.indexed.size) return; // it is being filled for the first time
    self.clearTimeout(this.timer);
    this.timer = self.setTimeout(() => {
      this.renew();
      this.renewed();
    }, QUIET_MS);
  }

  private renew(): void {
    if (!this.stale && !this.changed.size) return;
    const few = !this.stale && this.changed.size <= PATCH_MOST;
    if (!few || !this.memory.change([...this.changed])) {
      this.memory.index();
      this.indexed = new Set(this.memory.paths);
    }
    this.changed.clear();
    this.stale = false;
  }
}
