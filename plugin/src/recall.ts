// Recall by a question: the notes that it calls to mind, while it is typed.

import { SuggestModal } from "obsidian";
import type LantoaPlugin from "./main";
import type { Result } from "../../web/src/answers";
import { troubleOf } from "./results";
import { reasonOf, say } from "./words";

export class RecallModal extends SuggestModal<Result> {
  private asked = 0;

  constructor(private plugin: LantoaPlugin) {
    super(plugin.app);
    this.setPlaceholder(say("ask"));
    this.emptyStateText = say("nothing");
  }

  async getSuggestions(question: string): Promise<Result[]> {
    const mine = ++this.asked;
    if (!question.trim()) return [];
    try {
      const results = await this.plugin.memory.recall(question);
      return mine === this.asked ? results : [];
    } catch (e) {
      this.emptyStateText = troubleOf(e);
      return [];
    }
  }

  renderSuggestion(r: Result, place: HTMLElement): void {
    place.createDiv({ text: r.title });
    place.createEl("small", { text: reasonOf(r.reason) });
  }

  onChooseSuggestion(r: Result, e: MouseEvent | KeyboardEvent): void {
    void this.app.workspace.openLinkText(r.path, "", e.ctrlKey || e.metaKey);
  }
}
