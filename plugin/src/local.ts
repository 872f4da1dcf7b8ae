// The memory inside of the plugin: WebAssembly in a worker, told what Obsidian knows of the vault. Nothing is read before
// something is asked.

import { App, Component, TAbstractFile, TFile } from "obsidian";
import module from "lantoa.wasm";
import script from "lantoa-worker";
import type { Kind } from "./core/core";
import type { Log } from "./core/log";
import { packCanvas, packNote } from "./core/note";
import type { File, Questions } from "./core/service";
import type { Answer, Question } from "./core/worker";
import { Memory, Refused, RESULTS, Verdict } from "./memory";

const BATCH = 32; // files that are read at a time

type Waiting = [done: (answer: never) => void, failed: (e: Error) => void];

const KINDS: Record<string, Kind> = { md: "note", canvas: "canvas" };

/** A worker that is asked as if it were at hand. */
class Asked {
  private worker: Worker;
  private waiting = new Map<number, Waiting>();
  private last = 0;
  private closed: string | null = null; // why

  constructor(renewed: () => void, died: (why: string) => void) {
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    this.worker = new Worker(address);
    this.worker.onmessage = (m: MessageEvent<Answer>) => {
      if (m.data.id === 0) renewed();
      else this.take(m.data);
      if (m.data.id === 1) URL.revokeObjectURL(address); // WebKit wants it until the script has begun
    };
    this.worker.onerror = (e) => died(e.message);
  }

  ask<Q extends keyof Questions>(ask: Q, given: Parameters<Questions[Q]>, moved: Transferable[] = []): Promise<ReturnType<Questions[Q]>> {
    if (this.closed !== null) return Promise.reject(new Refused(this.closed)); // nobody would answer
    const question: Question = { id: ++this.last, ask, with: given };
    return new Promise((done, failed) => {
      this.waiting.set(question.id, [done, failed]);
      this.worker.postMessage(question, moved);
    });
  }

  close(why: string): void {
    this.closed = why;
    this.worker.terminate();
    for (const [, failed] of this.waiting.values()) failed(new Refused(why));
    this.waiting.clear();
  }

  private take(a: Answer): void {
    const [done, failed] = this.waiting.get(a.id) ?? [];
    this.waiting.delete(a.id);
    if (a.error !== undefined) failed?.(new Refused(a.error));
    else done?.(a.answer as never);
  }
}

export class Local extends Component implements Memory {
  private asked: Asked | null = null;
  private worker: Promise<Asked> | null = null; // once it knows the vault
  private taught = false; // the worker knows what the log holds

  /** `kept` has the log saved; `renewed` is called when answers may have changed. */
  constructor(private app: App, private log: Log, private kept: () => void, private renewed: () => void) {
    super();
  }

  async related(note: string, linked: "yes" | "no"): Promise<ReturnType<Questions["related"]>> {
    return (await this.ready()).ask("related", [note, linked, RESULTS]);
  }

  async recall(question: string): Promise<ReturnType<Questions["recall"]>> {
    return (await this.ready()).ask("recall", [question, RESULTS]);
  }

  async explain(note: string, result: string): Promise<ReturnType<Questions["explain"]>> {
    return (await this.ready()).ask("explain", [note, result]);
  }

  async opened(note: string, from: string | null): Promise<void> {
    const at = Date.now();
    this.log.opened(note, from, at);
    this.remembered();
    if (!this.worker || from === null) return; // nothing was asked yet: it is not worth to read all notes
    const better = await (await this.ready()).ask("learn", [note, from, at]);
    if (better && this.log.merge({ type: "weights", name: "score", at_ms: Date.now(), data: better })) this.kept();
  }

  async feedback(note: string, related: string, verdict: Verdict): Promise<void> {
    this.log.feedback(note, related, verdict, Date.now());
    this.remembered();
  }

  remembered(): void {
    this.taught = false;
    this.kept();
  }

  close(why = ""): void {
    this.unload();
    this.asked?.close(why);
    this.asked = this.worker = null;
    this.taught = false;
  }

  // ---- the worker ----

  private async ready(): Promise<Asked> {
    this.worker ??= this.begin();
    const worker = await this.worker;
    if (!this.taught) {
      this.taught = true;
      await worker.ask("remember", [this.log.events, this.log.weights("score")]);
    }
    return worker;
  }

  private async begin(): Promise<Asked> {
    let worker: Asked | null = null;
    try {
      await new Promise<void>((done) => this.app.workspace.onLayoutReady(done));
      this.asked = worker = new Asked(this.renewed, (why) => this.close(why));
      await worker.ask("start", [module]);
      this.load();
      this.watch();
      await this.putAll(worker);
      return worker;
    } catch (e) {
      if (this.asked === worker) this.close(); // to be tried again; unless that is done already
      throw e;
    }
  }

  // ---- files ----

  private wanted(file: TAbstractFile): file is TFile {
    // What the user excluded; it is no part of the documented interface.
    const cache = this.app.metadataCache as { isUserIgnored?(path: string): boolean };
    return file instanceof TFile && !cache.isUserIgnored?.(file.path);
  }

  private async pack(file: TFile): Promise<File> {
    const kind = KINDS[file.extension] ?? "other", f: File = { path: file.path, kind, packed: null };
    if (kind === "other") return f;
    const text = await this.app.vault.cachedRead(file);
    f.packed = kind === "note" ? packNote(text, this.app.metadataCache.getFileCache(file)) : packCanvas(text);
    return f;
  }

  private async put(worker: Asked, files: TFile[]): Promise<void> {
    const packed: File[] = [];
    // One that cannot be read is left out.
    for (const f of await Promise.all(files.map((file) => this.pack(file).catch(() => null)))) if (f) packed.push(f);
    await worker.ask("put", [packed], packed.flatMap((f) => (f.packed ? [f.packed.buffer] : [])));
  }

  private async putAll(worker: Asked): Promise<void> {
    const files = this.app.vault.getFiles().filter((f) => this.wanted(f));
    const sent: Promise<void>[] = [];
    for (let i = 0; i < files.length; i += BATCH) {
      const batch = this.put(worker, files.slice(i, i + BATCH));
      sent.push(batch);
      if (sent.length > 2) await sent[sent.length - 3];
    }
    await Promise.all(sent);
  }

  private change(file: TAbstractFile): void {
    if (this.wanted(file)) void this.worker?.then((w) => this.put(w, [file])).catch(() => undefined);
  }

  private drop(path: string): void {
    void this.worker?.then((w) => w.ask("remove", [[path]])).catch(() => undefined);
  }

  private watch(): void {
    const { vault, metadataCache } = this.app;
    this.registerEvent(metadataCache.on("changed", (file) => this.change(file)));
    this.registerEvent(vault.on("create", (file) => this.change(file)));
    this.registerEvent(vault.on("modify", (file) => {
      if (file instanceof TFile && file.extension === "canvas") this.change(file);
    }));
    this.registerEvent(vault.on("delete", (file) => this.drop(file.path)));
    this.registerEvent(vault.on("rename", (file, before) => {
      this.drop(before);
      this.change(file);
    }));
  }
}
