// What the server says of a result (docs/api.md): the page and the plugin take it alike.

export interface Hop { kind: string; name: string; path?: string }
export interface Path { share: number; hops: Hop[] }
export interface Sentence { path: string; line: number; text: string; mark: [number, number] }

export interface Result {
  path: string;
  title: string;
  score: number;
  linked: "no" | "out" | "in" | "both";
  signals: Record<string, number>;
  reason: string;
}

export interface Why extends Result {
  paths: Path[];
  sentences: Sentence[];
  words: string[];
  tags: string[];
}
