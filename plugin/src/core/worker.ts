// The memory's own thread: questions come as messages, answers go as messages, so that Obsidian never waits.

import { Service } from "./service";

export interface Question { id: number; ask: string; with: unknown[] }
/** An answer, an error, or (id 0) that answers may be other ones now. */
export interface Answer { id: number; answer?: unknown; error?: string }

const post = (a: Answer) => postMessage(a);
const service = new Service(() => post({ id: 0 }));

self.onmessage = async (m: MessageEvent<Question>) => {
  const { id, ask } = m.data;
  try {
    const call = (service as unknown as Record<string, (...args: unknown[]) => unknown>)[ask];
    post({ id, answer: await call.apply(service, m.data.with) });
  } catch (e) {
    const error = e instanceof Error ? e.message : String(e);
    post({ id, error });
    // What is left of the memory then cannot be relied on: the worker ends by it, and another begins when something is asked.
    if (e instanceof WebAssembly.RuntimeError || /^out of memory/.test(error)) self.setTimeout(() => { throw e; }, 0);
  }
};
