import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AgentId, TopicId } from "../identity/index.ts";
import type { JsonValue } from "../errors/index.ts";
import type { EventMessage, RequestMessage } from "../message/index.ts";
import type { Lists } from "./list.ts";
import type { RunContext } from "./run-context.ts";
import type { StepContext, StepOptions, StepOutcome } from "./step.ts";

/** The message a turn handles, as far as handlers may know it. */
export interface MessageInfo {
  readonly messageId: string;
  readonly type: string;
  readonly sender: AgentId | undefined;
  /** Set for published messages only. */
  readonly topic: TopicId | undefined;
  /** Epoch milliseconds after which the sender no longer waits. */
  readonly deadline: number | undefined;
  /** Messages between the outside world and this one. */
  readonly hops: number;
  /** 1 for the first attempt of the turn. */
  readonly attempt: number;
}

/** Options of a request sent inside a turn. */
export interface TurnSendOptions {
  /** Milliseconds until the request fails with `delivery.deadline_exceeded`; default 60,000. */
  readonly deadlineMs?: number | undefined;
  /** The run path of the recipient; default: the sender's. */
  readonly path?: readonly string[] | undefined;
}

/** Options of a request between turns (C12). `deadlineMs: Infinity` is for managers whose run has limits of its own. */
export interface TurnRequestOptions extends TurnSendOptions {
  /** Comes back with the settlement, so that several open requests can be told apart. */
  readonly tag?: string | undefined;
  /** Values the recipient's run context inherits in place of the sender's. */
  readonly inherited?: JsonValue | undefined;
}

/** Options of a wait. */
export interface WaitOptions {
  /** Milliseconds until the wait fails with `wait.deadline_exceeded`; default 7 days. */
  readonly deadlineMs?: number | undefined;
  /** Shown by `runtime.waits()` to whoever may answer: a prompt, a JSON Schema, arguments. */
  readonly question?: JsonValue | undefined;
}

/** An open question (C16): hand out `id`; awaiting `answer` parks the turn. */
export interface Wait<T> {
  readonly id: string;
  readonly answer: Promise<T>;
}

/** Options of a durable event. */
export interface EmitOptions {
  /** Who the event is about; default: the path of the run context. */
  readonly path?: readonly string[] | undefined;
  /** Says that this is the run's last event, and how the run ended (a label for listings: `finished`, `failed`). */
  readonly end?: string | undefined;
}

/**
 * All that a handler may touch. Everything that leaves through it (messages, events, state) leaves with the turn's commit (C5);
 * everything effectful goes through `step`. After the attempt is over every call throws `state.attempt_over` (C9).
 */
export interface AgentContext<State, L = {}> {
  readonly id: AgentId;
  readonly message: MessageInfo;
  readonly run: RunContext | undefined;
  readonly state: State;
  readonly lists: Lists<L>;
  /** Aborts when the attempt is over. Cancel and interrupt reach a turn through its steps and waits instead. */
  readonly signal: AbortSignal;

  /**
   * Runs something non-deterministic or effectful once and journals its outcome (C6).
   *
   * @throws The step's error; StateError `state.step_cancelled`, `state.step_unknown`, `state.ambiguous_step`.
   */
  step<T>(name: string, run: (step: StepContext) => T | Promise<T>, options?: StepOptions): Promise<T>;
  /** As `step`, with the outcome as data. @throws StateError `state.ambiguous_step`. */
  stepOutcome<T>(
    name: string,
    run: (step: StepContext) => T | Promise<T>,
    options?: StepOptions,
  ): Promise<StepOutcome<T>>;
  /** A scope for a parallel branch with more than one step: keys inside never meet those outside (C6). */
  branch<T>(name: string, run: (branch: AgentContext<State, L>) => Promise<T>): Promise<T>;

  /** Asks and waits inside the turn; a commit point. @throws The recipient's error; DeliveryError `delivery.*`. */
  send<Name extends string, Reply>(
    message: RequestMessage<Name, unknown, Reply>,
    to: AgentId<Name>,
    options?: TurnSendOptions,
  ): Promise<Reply>;
  /** Asks and ends the turn: exactly one settlement arrives later in `on.settled` (C12). */
  request<Name extends string>(
    message: RequestMessage<Name, unknown, unknown>,
    to: AgentId<Name>,
    options?: TurnRequestOptions,
  ): void;
  tell<Name extends string>(message: EventMessage<Name>, to: AgentId<Name>): void;
  publish(message: EventMessage, topic: TopicId): void;

  /** Opens a question to the outside world; a commit point when awaited. */
  wait<T>(name: string, schema: StandardSchemaV1<unknown, T>, options?: WaitOptions): Wait<T>;
  /** `wait` and its answer in one. @throws StateError `wait.deadline_exceeded`, `state.step_cancelled`. */
  waitFor<T>(name: string, schema: StandardSchemaV1<unknown, T>, options?: WaitOptions): Promise<T>;
  /** A durable timer; a commit point. */
  sleep(durationMs: number): Promise<void>;

  /** Queues a durable event of the run; numbered and shown with the next commit (C20). Without a run it is dropped. */
  emit(kind: string, payload: JsonValue, options?: EmitOptions): void;
  /** Shows something to whoever watches now: no number, no store, may be dropped for a slow reader (C20). */
  live(kind: string, payload: JsonValue, options?: EmitOptions): void;
  /** Progress of a long computation outside steps: restarts the attempt's idle limit (C9). */
  heartbeat(): void;
  /** Drops the agent's state and lists with this turn's commit. */
  forget(): void;

  /** Epoch milliseconds of the turn's last record: the same on replay (C6). */
  now(): number;
  /** A number in [0, 1), the same on replay. */
  random(): number;
  /** A new unique id, the same on replay. */
  newId(): string;
}
