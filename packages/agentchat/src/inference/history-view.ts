import { applyMarks, freezeMessage, type ModelMessage, type OpenedHistory, openHistory } from "@troupe/llm";

/**
 * A history that grows, and what its marks want shown of it: each entry is read once, where `openHistory` and `applyMarks` read all.
 *
 * Owns: copies of the list of what is kept and of what is shown. Does not own: the history, which only ever grows at its end.
 * Invariants:
 * 1. `opened` and `shown` say what `openHistory` and `applyMarks` say of all entries that are there now.
 * 2. What is shown in the place of a message stays the same object until the next mark that leaves something out.
 */
export class HistoryView {
  readonly #history: readonly ModelMessage[];
  readonly #options: { readonly summaries: boolean };
  readonly #messages: ModelMessage[] = [];
  /** The same list as `#messages` while no mark wants anything else. */
  #shown: ModelMessage[] = this.#messages;
  #marks: Omit<OpenedHistory, "messages"> = { summary: undefined, pruning: undefined, size: undefined };
  #isAppendable = true;
  #read = 0;

  /** @param options.summaries See `applyMarks`. */
  constructor(history: readonly ModelMessage[], options: { readonly summaries: boolean }) {
    this.#history = history;
    this.#options = options;
  }

  get opened(): OpenedHistory {
    this.#readNew();
    return { messages: this.#messages, ...this.#marks };
  }

  /** What a model should see. The list grows with the history: who keeps it copies it. */
  get shown(): readonly ModelMessage[] {
    this.#readNew();
    return this.#shown;
  }

  #readNew(): void {
    if (this.#read === this.#history.length) return;
    const { messages, summary, pruning, size } = openHistory(this.#history.slice(this.#read));
    this.#read = this.#history.length;
    for (const message of messages) this.#messages.push(message);
    const leavesOut = summary !== undefined || pruning !== undefined;
    this.#marks = {
      summary: summary ?? this.#marks.summary,
      pruning: pruning ?? this.#marks.pruning,
      // What was counted before something was left out says nothing about what is shown now.
      size: leavesOut ? size : (size ?? this.#marks.size),
    };
    if (leavesOut || !this.#isAppendable) this.#showAll();
    else if (this.#shown !== this.#messages) for (const message of messages) this.#shown.push(message);
  }

  #showAll(): void {
    this.#shown = applyMarks(this.#history, this.#options).map(freezeMessage);
    this.#isAppendable = this.#bounds().every((bound) => bound >= 0 && bound <= this.#messages.length);
  }

  /** Where the marks cut. One that cuts behind the last message says something of messages to come. */
  #bounds(): readonly number[] {
    const { summary, pruning } = this.#marks;
    const cuts = pruning === undefined ? [] : [pruning.head, pruning.upTo, pruning.clearedUpTo, pruning.cutUpTo];
    return summary === undefined ? cuts : [...cuts, summary.upTo];
  }
}
