import type { CellEvent, JsonValue } from "@troupe/core";
import type { Usage, UsageLedger } from "@troupe/llm";
import { UsageBook } from "../../budget/usage-book.ts";
import type { ChatMessage } from "../../message/chat-message.ts";
import type { Question } from "../../message/question.ts";
import { type DurableRunEvent, toRunEvent } from "../../message/run-event.ts";
import type { RunResult } from "../../message/run-result.ts";
import type { StopReason } from "../../message/stop-reason.ts";
import { isWithin } from "../inner-place.ts";

/** The end of a run, as recorded. */
export type RunEnd = Extract<DurableRunEvent, { readonly kind: "run-finished" | "run-failed" }>;

/**
 * What a handle knows of its run: its durable events, and what follows from them.
 *
 * A run of ten thousand messages is read in one go when somebody attaches to it: an event is looked at once, and nothing is copied.
 * Invariant: `events[n].sequence` is n + 1.
 */
export class RunTranscript {
  readonly events: CellEvent[] = [];
  readonly messages: ChatMessage[] = [];
  // Made when needed: a thousand runs that wait for their models have a thousand of these.
  #questions: Map<string, Question> | undefined;
  #asked: Set<string> | undefined;
  #book: UsageBook | undefined;
  /** Who waits until so many events are there. */
  #waiting: readonly { readonly sequence: number; readonly reached: () => void }[] | undefined;
  #lastSaid = "";
  #end: RunEnd | undefined;
  #isClosed = false;

  /** Set when the run is over. */
  get end(): RunEnd | undefined {
    return this.#end;
  }

  /** Questions without an answer; none when the run is over. */
  get questions(): readonly Question[] {
    return this.#end === undefined ? [...(this.#questions?.values() ?? [])] : [];
  }

  /** True for a question of this run, open or not. */
  wasAsked(questionId: string): boolean {
    return this.#asked?.has(questionId) === true;
  }

  /** The sums of the recorded calls; at the end, what the run itself says. */
  get usage(): UsageLedger {
    return this.#end?.usage ?? (this.#book ?? new UsageBook()).ledger;
  }

  add(event: CellEvent): void {
    this.events.push(event);
    switch (event.kind) {
      case "message":
        this.#say(event);
        break;
      case "question-asked":
        this.#ask(payloadOf<{ question: Question }>(event).question);
        break;
      case "question-answered":
        this.#questions?.delete(payloadOf<{ questionId: string }>(event).questionId);
        break;
      case "model-called":
        this.#spend(event);
        break;
      case "run-finished":
      case "run-failed":
        this.#finish(toRunEvent(event));
        break;
      default:
        break;
    }
    if (this.#waiting !== undefined) this.#tell();
  }

  #ask(question: Question): void {
    this.#questions ??= new Map();
    this.#questions.set(question.id, question);
    this.#asked ??= new Set();
    this.#asked.add(question.id);
  }

  #spend(event: CellEvent): void {
    this.#book ??= new UsageBook();
    const { model, usage, usd } = payloadOf<{ model: string; usage: Usage; usd: number | null }>(event);
    this.#book.book({ model, usage, usd, agent: event.path.at(-1) });
  }

  #say(event: CellEvent): void {
    if (isWithin(event.path)) return;
    const { message } = payloadOf<{ message: ChatMessage }>(event);
    this.messages.push(message);
    // The task and words from outside are about the run itself: they have no path.
    if (event.path.length > 0) this.#lastSaid = message.text;
  }

  #finish(event: ReturnType<typeof toRunEvent>): void {
    if (event.kind === "run-finished" || event.kind === "run-failed") this.#end = event;
  }

  /** Resolves when the events up to this number are here, or no more will come. */
  reach(sequence: number): Promise<void> {
    return new Promise((reached) => {
      this.#waiting = [...(this.#waiting ?? []), { sequence, reached }];
      this.#tell();
    });
  }

  /** No more events will come. */
  close(): void {
    this.#isClosed = true;
    this.#tell();
  }

  #tell(): void {
    const isHere = (sequence: number): boolean => this.#isClosed || this.events.length >= sequence;
    const waiting = this.#waiting ?? [];
    const left = waiting.filter(({ sequence }) => !isHere(sequence));
    this.#waiting = left.length > 0 ? left : undefined;
    for (const { sequence, reached } of waiting) if (isHere(sequence)) reached();
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

/** The manager and the agents of this package made the payload: its form follows from the event's kind. */
function payloadOf<Payload>({ payload }: { readonly payload: JsonValue }): Payload {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: see above
  return payload as Payload;
}
