import type { UsageLedger } from "@troupe/llm";
import type { ChatMessage } from "./chat-message.ts";
import type { Question } from "./question.ts";
import type { StopReason } from "./stop-reason.ts";

/** What a run came to. */
export interface RunResult<Output> {
  /** What a participant said last, in words; empty when none has spoken. */
  readonly text: string;
  /** The parsed answer of a runner with an `output` schema. */
  readonly output: Output;
  /** The task and everything said in this run, in order. */
  readonly messages: readonly ChatMessage[];
  /** Open questions, when the run rests because of them. */
  readonly questions: readonly Question[];
  readonly stopReason: StopReason;
  readonly usage: UsageLedger;
}
