import type { UsageLedger } from "@troupe/llm";
import { UsageBook } from "../budget/usage-book.ts";
import type { ChatMessage } from "../message/chat-message.ts";
import type { Question } from "../message/question.ts";
import type { DurableRunEvent } from "../message/run-event.ts";
import type { RunResult } from "../message/run-result.ts";
import type { StopReason } from "../message/stop-reason.ts";

/** The end of a run, as recorded. */
export type RunEnd = Extract<DurableRunEvent, { readonly kind: "run-finished" | "run-failed" }>;

/**
 * What a handle knows of its run: its durable events, and what follows from them.
 *
 * Invariant: `events[n].sequence` is n + 1.
 */
export class RunTranscript {
  readonly events: DurableRunEvent[] = [];
  readonly messages: ChatMessage[] = [];
  readonly #questions = new Map<string, Question>();
  readonly #book = new UsageBook();
  #lastSaid = "";
  #end: RunEnd | undefined;

  /** Set when the run is over. */
  get end(): RunEnd | undefined {
    return this.#end;
  }

  /** Questions without an answer; none when the run is over. */
  get questions(): readonly Question[] {
    return this.#end === undefined ? [...this.#questions.values()] : [];
  }

  /** The sums of the recorded calls; at the end, what the run itself says. */
  get usage(): UsageLedger {
    return this.#end?.usage ?? this.#book.ledger;
  }

  add(event: DurableRunEvent): void {
    this.events.push(event);
    switch (event.kind) {
      case "message":
        this.messages.push(event.message);
        // The task and words from outside are about the run itself: they have no path.
        if (event.path.length > 0) this.#lastSaid = event.message.text;
        break;
      case "question-asked":
        this.#questions.set(event.question.id, event.question);
        break;
      case "question-answered":
        this.#questions.delete(event.questionId);
        break;
      case "model-called": {
        const { model, usage, usd, path } = event;
        this.#book.book({ model, usage, usd, agent: path.at(-1) });
        break;
      }
      case "run-finished":
      case "run-failed":
        this.#end = event;
        break;
      default:
        break;
    }
  }

  /** A result of what there is. */
  toResult(stopReason: StopReason, output: unknown): RunResult<unknown> {
    return {
      text: this.#lastSaid,
      output,
      messages: [...this.messages],
      questions: stopReason.kind === "input-required" ? this.questions : [],
      stopReason,
      usage: this.usage,
    };
  }

  /** The reason in words for a run that has no end of its own. */
  place(reason: Omit<StopReason, "sequence">): StopReason {
    return { ...reason, sequence: this.events.length };
  }
}
