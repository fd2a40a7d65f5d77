import type { AgentRuntime, Store } from "@troupe/core";
import type { BudgetOption } from "../../budget/budget.ts";
import type { LoopOption } from "../../guard/loop-limit.ts";
import type { StallOption } from "../../guard/watch/stall-limit.ts";
import type { ChatMessage, Task } from "../../message/chat-message.ts";
import type { ContextOption } from "../context/run-value-store.ts";
import type { Question } from "../../message/question.ts";
import type { RunEvent } from "../../message/run-event.ts";
import type { RunResult } from "../../message/run-result.ts";

/** Options of one run. */
export interface RunOptions {
  /** Default: the runner's own, in memory. */
  readonly runtime?: AgentRuntime | undefined;
  /**
   * Names the run: the same id and task again attach to it instead of starting another, in this process or a later one: it goes on where it
   * was, or gives the result that it had. Default: new.
   */
  readonly runId?: string | undefined;
  /** Cancels the run; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Goes before the runner's own budget. */
  readonly budget?: BudgetOption | undefined;
  /** When the run is stopped for going round in circles. Goes before the runner's own; default: the third time. */
  readonly loops?: LoopOption | undefined;
  /** When a run in which nothing happens is reported as stalled, and whether it ends. Goes before the runner's own; default: 5 minutes. */
  readonly stall?: StallOption | undefined;
  /** What tools, policies and prompts of the run may know: values made by keys of `defineContext`. */
  readonly context?: ContextOption | undefined;
  /** Answers questions in place. Without it a run with open questions rests. */
  readonly onQuestion?: ((question: Question) => unknown) | undefined;
  /** What to do when the session has a run already: default `reject`, with `run.session_busy`. */
  readonly whenBusy?: "reject" | "queue" | undefined;
  /**
   * When answers of models and outcomes of idempotent tools reach a store that outlives the process: `step`, the default, at once; `turn`,
   * with the next thing that must be stored: faster, but a crash repeats more of them, and the budget does not know of those that it repeats.
   * What other tools do is always recorded at once.
   */
  readonly durability?: "step" | "turn" | undefined;
  /** Gets a copy of the run's record when the run ends: for runs on the memory store that shall be looked at later. */
  readonly archive?: Store | undefined;
}

/** Which events to watch. */
export interface WatchOptions {
  /** First number wanted; default 1. */
  readonly from?: number | undefined;
}

/** When an interruption takes effect: `now` stops running steps, `after-step` waits for the speaker. */
export interface InterruptOptions {
  readonly at?: "now" | "after-step" | undefined;
}

/** A run that goes on: everything about it but the promise. Return this one from async functions. */
export interface RunHandle<Output> extends AsyncIterable<RunEvent> {
  readonly id: string;
  /** The result; while the run rests, what there is and the open questions. Asking again gives the next rest or the end. */
  result(): Promise<RunResult<Output>>;
  /** Watches: leaving this loop does nothing to the run. */
  events(options?: WatchOptions): AsyncIterable<RunEvent>;
  /** Ends the run now. Resolves when everything it started has ended. */
  cancel(reason?: unknown): Promise<void>;
  /** Ends the run after the current speaker. */
  stop(): Promise<void>;
  /** Lets running steps finish and starts no new one. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Says something to everybody while the run goes on. */
  interrupt(message: Task, options?: InterruptOptions): Promise<void>;
  /**
   * Lets a participant take part from the next choice of a speaker on: one of the team's `reserves`, or one that was removed. It hears all that
   * was said. `team` is the path of a team within.
   *
   * @throws TeamError `team.unknown_speaker`; ConfigError `config.invalid_option` for a team whose members cannot change.
   */
  addParticipant(name: string, team?: readonly string[]): Promise<void>;
  /**
   * Lets a participant take part no more; the turn that it is taking still counts. It may come back.
   *
   * @throws TeamError `team.unknown_speaker`, `team.last_member`; ConfigError `config.invalid_option` for a team whose members cannot change.
   */
  removeParticipant(name: string, team?: readonly string[]): Promise<void>;
  /** The open questions. */
  pending(): readonly Question[];
  /** Answers a question. @throws StateError `wait.unknown`, `wait.already_settled`, `wait.invalid_answer`. */
  respond(questionId: string, answer: unknown): Promise<void>;
  /** What was said in this run so far. */
  messages(): readonly ChatMessage[];
  /** The run as far as it has got, as JSON: for a page, a log, a test. It may go on meanwhile. */
  snapshot(): RunSnapshot;
  /**
   * Another run that is this one up to an event, in a session of its own, and goes on from there: turns that had ended are kept, turns
   * that were under way run again with the steps they had. This run is not touched.
   *
   * @throws Nothing; the fork rejects with TeamError `run.history_pruned` when there is no such event, or nothing is left of a run
   * without session and id of its own; `run.fork_remote` while agents outside the session were at work.
   */
  fork(sequence: number): Run<Output>;
}

/** A run at one moment. */
export interface RunSnapshot {
  readonly kind: "run";
  readonly version: 1;
  readonly runId: string;
  /** The last event that is in it. */
  readonly sequence: number;
  readonly status: "running" | "resting" | "finished" | "failed";
  readonly messages: readonly ChatMessage[];
  readonly questions: readonly Question[];
  readonly usage: RunResult<unknown>["usage"];
}

/** A run: a promise of its result, and an async iterable of its events. Leaving the last `for await` loop cancels it. */
export interface Run<Output> extends Promise<RunResult<Output>>, RunHandle<Output> {
  /** The same run without `then`. */
  readonly handle: RunHandle<Output>;
}
