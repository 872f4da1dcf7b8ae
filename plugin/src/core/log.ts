// What was opened and said: kept in the plugin's data, as the lines that `lantoa export` writes and `lantoa import` reads.

export type Verdict = "good" | "bad" | "hidden" | "none";

export interface Opened { type: "opened"; at_ms: number; note: string; from?: string; source?: string }
export interface Feedback { type: "feedback"; at_ms: number; note: string; related: string; verdict: Verdict }
export type Event = Opened | Feedback;
