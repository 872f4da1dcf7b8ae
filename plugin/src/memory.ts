// What can be asked, whoever answers: the memory inside of the plugin (local.ts), or `lantoa serve` (server.ts).

import type { Result, Why } from "../../web/src/answers";
import type { Verdict } from "./core/log";

export type { Verdict };

export const RESULTS = 30;

export interface Memory {
  related(note: string, linked: "yes" | "no"): Promise<Result[]>;
  recall(question: string): Promise<Result[]>;
  explain(note: string, result: string): Promise<Why>;
  opened(note: string, from: string | null): Promise<void>;
  feedback(note: string, related: string, verdict: Verdict): Promise<void>;
  /** What is remembered has changed, not by way of the two above. */
  remembered(): void;
  close(): void;
}

/** In the memory's own words, or empty: it could not be reached. */
export class Refused extends Error {}
