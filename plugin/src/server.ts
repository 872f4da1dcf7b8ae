// What is asked of `lantoa serve`, and what it answers (docs/api.md).

import { requestUrl } from "obsidian";
import type { Result, Why } from "../../web/src/answers";
import { Memory, Refused, RESULTS, Verdict } from "./memory";

export class Server implements Memory {
  private base = "";
  private token = "";

  /** `page` is the address that `lantoa serve` prints, token and all. */
  constructor(page: string) {
    const parts = /^(https?:\/\/[^/#]+)\/?#token=(\w+)$/.exec(page.trim());
    if (parts) [, this.base, this.token] = parts;
  }

  get known(): boolean {
    return this.base !== "";
  }

  related(note: string, linked: "yes" | "no"): Promise<Result[]> {
    return this.list(`related?note=${encodeURIComponent(note)}&n=${RESULTS}&linked=${linked}`);
  }

  recall(question: string): Promise<Result[]> {
    return this.list(`recall?q=${encodeURIComponent(question)}&n=${RESULTS}`);
  }

  explain(note: string, result: string): Promise<Why> {
    return this.ask<Why>(`explain?note=${encodeURIComponent(note)}&result=${encodeURIComponent(result)}`);
  }

  async opened(note: string, from: string | null): Promise<void> {
    await this.ask("opened", { note, from });
  }

  async feedback(note: string, related: string, verdict: Verdict): Promise<void> {
    await this.ask("feedback", { note, related, verdict });
  }

  remembered(): void {
    // The server has a memory of its own.
  }

  close(): void {
    // There is nothing to close.
  }

  private async list(path: string): Promise<Result[]> {
    return (await this.ask<{ related: Result[] }>(path)).related;
  }

  private async ask<T>(path: string, body?: unknown): Promise<T> {
    const answer = await requestUrl({
      url: `${this.base}/api/v1/${path}`,
      method: body ? "POST" : "GET",
      contentType: body ? "application/json" : undefined,
      body: body ? JSON.stringify(body) : undefined,
      headers: { Authorization: `Bearer ${this.token}` },
      throw: false,
    }).catch(() => null);
    if (!answer) throw new Refused("");
    if (answer.status !== 200) {
      const told = answer.json as { error?: { message?: string } } | null;
      throw new Refused(told?.error?.message ?? `status ${answer.status}`);
    }
    return answer.json as T;
  }
}
