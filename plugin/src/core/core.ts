// The memory in WebAssembly (src/wasm/exports.c): what it is given, and what it is asked.

import type { Result, Why } from "../../../web/src/answers";
import type { Event } from "./log";
import { Packer } from "./pack";

export type Kind = "note" | "canvas" | "other";
export type Linked = "yes" | "no" | "only";

const KINDS: Kind[] = ["note", "canvas", "other"], LINKED: Linked[] = ["yes", "no", "only"];
const VERDICTS = ["hidden", "bad", "none", "good"];
const NO_NOTE = 0xffffffff, NO_FILE = 8; // WASI's EBADF

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  input(n: number): number;
  output(): number;
  output_size(): number;
  start(): number;
  index(): number;
  change(): number;
  remember(): number;
  weights(): number;
  learn(): number;
  related(): number;
  explain(): number;
  recall(): number;
}

type Call = "start" | "index" | "change" | "remember" | "weights" | "learn" | "related" | "explain" | "recall";

export class Core {
  private notes = new Map<string, Uint8Array>();
  private kinds = new Map<string, Kind>();
  private asked: Uint8Array | undefined;
  private utf8 = new TextDecoder();

  private constructor(private wasm: Exports) {}

  static async start(module: Uint8Array): Promise<Core> {
    let core: Core | undefined; // the module's imports need the core, which needs its exports
    const host = {
      note_size: (path: number, n: number) => core?.noteSize(path, n),
      note_copy: (to: number) => core?.noteCopy(to),
      now: () => Date.now(),
      random: (to: number, n: number) => core && crypto.getRandomValues(core.bytes(to, n)),
    };
    const wasi = { fd_close: () => NO_FILE, fd_seek: () => NO_FILE, fd_write: () => NO_FILE };
    const compiled = await WebAssembly.compile(module as BufferSource);
    const instance = await WebAssembly.instantiate(compiled, { host, wasi_snapshot_preview1: wasi });
    core = new Core(instance.exports as unknown as Exports);
    core.wasm._initialize();
    core.call("start");
    return core;
  }

  /** Bytes of linear memory that the module has grown to. */
  get size(): number {
    return this.wasm.memory.buffer.byteLength;
  }

  /** All that was put. */
  get paths(): Iterable<string> {
    return this.kinds.keys();
  }

  /** `packed` is what note.ts made; null for a file that is neither note nor canvas. Known from the next index() or change() on. */
  put(path: string, kind: Kind, packed: Uint8Array | null): void {
    this.kinds.set(path, kind);
    if (packed) this.notes.set(path, packed);
  }

  remove(path: string): void {
    this.kinds.delete(path);
    this.notes.delete(path);
  }

  /** Reads all that was put. */
  index(): void {
    const p = new Packer().number(this.kinds.size);
    for (const [path, kind] of this.kinds) p.number(KINDS.indexOf(kind)).string(path);
    this.call("index", p);
  }

  /** Notes were put anew; false: that takes index(). */
  change(paths: string[]): boolean {
    const p = new Packer().number(paths.length);
    for (const path of paths) p.string(path);
    return this.call("change", p) === "1";
  }

  /** All that was opened and said, the oldest first. */
  remember(events: Event[]): void {
    const p = new Packer();
    for (const e of events) {
      const opened = e.type === "opened";
      p.number(opened ? 1 : 2).number(e.at_ms).string(e.note).string((opened ? e.from : e.related) ?? "");
      p.number(VERDICTS.indexOf(opened ? "none" : e.verdict));
    }
    this.call("remember", p);
  }

  /** What `lantoa learn` has learnt; no bytes: what the program came with. */
  weights(bytes: Uint8Array): void {
    this.call("weights", new Packer().bytes(bytes));
  }

  /** What was opened from where, to be learnt from; weights if that leads to better ones. */
  learn(note: string, from: string, at_ms: number): Uint8Array | null {
    const bytes = this.bytesOf("learn", new Packer().number(at_ms).string(from).string(note));
    return bytes.length ? bytes : null;
  }

  related(note: string, linked: Linked, limit: number): Result[] {
    return this.results("related", new Packer().number(limit).number(LINKED.indexOf(linked)).string(note));
  }

  recall(question: string, limit: number): Result[] {
    return this.results("recall", new Packer().number(limit).string(question));
  }

  explain(note: string, result: string): Why {
    return JSON.parse(this.call("explain", new Packer().string(result).string(note))) as Why;
  }

  private results(call: Call, input: Packer): Result[] {
    return (JSON.parse(this.call(call, input)) as { related: Result[] }).related;
  }

  private call(name: Call, input = new Packer()): string {
    return this.utf8.decode(this.bytesOf(name, input));
  }

  private bytesOf(name: Call, input: Packer): Uint8Array {
    const bytes = input.take(), to = this.wasm.input(bytes.length);
    if (!to) throw new Error("out of memory");
    this.bytes(to, bytes.length).set(bytes);
    const status = this.wasm[name](), said = this.bytes(this.wasm.output(), this.wasm.output_size()).slice();
    if (status !== 0) throw new Error(this.utf8.decode(said));
    return said;
  }

  /** Good until the module's next call, which may make its memory grow. */
  private bytes(at: number, n: number): Uint8Array {
    return new Uint8Array(this.wasm.memory.buffer, at, n);
  }

  private noteSize(path: number, n: number): number {
    this.asked = this.notes.get(this.utf8.decode(this.bytes(path, n)));
    return this.asked ? this.asked.length : NO_NOTE;
  }

  private noteCopy(to: number): void {
    if (this.asked) this.bytes(to, this.asked.length).set(this.asked);
  }
}
