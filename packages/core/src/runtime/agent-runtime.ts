import type { Clock } from "../async/index.ts";
import type { AgentDefinition } from "../agent/index.ts";
import type { AgentId, AnyAgentId, TopicId } from "../identity/index.ts";
import type { JsonValue } from "../errors/index.ts";
import type { EventMessage, RequestMessage } from "../message/index.ts";
import type { Subscription } from "../subscription/index.ts";
import type { CellEvent, LiveEvent, RunFilter, RunRow, Store } from "../store/index.ts";
import type { RunContext } from "../agent/index.ts";
import type { DeadLetters } from "./delivery/dead-letters.ts";

/** Options of a message from outside. */
export interface TellOptions {
  /** Waiting at a full mailbox ends with this signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Remembered with its reply for 24 h: sending the same id again does not handle the message twice (C10). */
  readonly messageId?: string | undefined;
  /** Shown to the recipient as `context.message.sender`; it need not be registered. */
  readonly sender?: AnyAgentId | undefined;
  /** Starts a run: everything the message causes carries this context. */
  readonly run?: RunContext | undefined;
  readonly trace?: Readonly<Record<string, string>> | undefined;
}

/** Options of a request from outside. */
export interface SendOptions extends TellOptions {
  /** Milliseconds until `delivery.deadline_exceeded`; default 60,000. `Infinity` waits as long as it takes. */
  readonly deadlineMs?: number | undefined;
}

/** Which events of a run to read. */
export interface EventRange {
  readonly runId: string;
  /** The first sequence number wanted; default 1. */
  readonly from?: number | undefined;
  /** Also yields live events (deltas, progress) as they come. Default false. */
  readonly live?: boolean | undefined;
  /** Joins two live events of a reader that is behind, so that none is lost; undefined when they do not belong together. */
  readonly merge?: ((older: LiveEvent, newer: LiveEvent) => LiveEvent | undefined) | undefined;
  /** True ends the reading with `state.owner_lost` when another process takes the run over, instead of going on from what that one stores. Default false. */
  readonly isLocal?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An open question of a parked turn (C16). */
export interface OpenWait {
  readonly id: string;
  readonly name: string;
  /** The cell whose log holds the question. */
  readonly cell: string;
  readonly agent: AgentId;
  readonly run: RunContext | undefined;
  readonly question: JsonValue | undefined;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** Where a wait is. */
export interface RespondOptions {
  /** The cell of the wait: needed when this process has not opened it yet, or another one owns it. */
  readonly cell?: string | undefined;
}

/** What may be done to a run from outside its mailboxes (C18). */
export type ControlAction =
  | { readonly kind: "cancel"; readonly detail?: JsonValue | undefined }
  | {
      readonly kind: "interrupt";
      readonly detail?: JsonValue | undefined;
      readonly path?: readonly string[] | undefined;
    }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  /**
   * Turns of the run that do not fit the code (`state.nondeterministic_replay`), now or while this process has the run, are run again from their
   * start (C26): what their journals hold is handed out by key, in whatever order the code asks for it, so no recorded effect is repeated;
   * what it does not ask for any more is left.
   */
  | { readonly kind: "restart" };

/** One agent's committed state and lists, as JSON. */
export interface AgentSnapshot {
  readonly state: JsonValue;
  readonly lists: Readonly<Record<string, readonly JsonValue[]>>;
}

/** What a runtime holds right now; every figure is 0 in a runtime that is at rest and empty. */
export interface RuntimeStats {
  readonly activeAgents: number;
  readonly residentCells: number;
  readonly queuedMessages: number;
  readonly runningTurns: number;
  readonly parkedTurns: number;
  readonly openWaits: number;
  readonly pendingRequests: number;
  readonly timers: number;
  readonly watchers: number;
  readonly deadLetters: number;
  readonly rememberedMessages: number;
}

/** A place in a run: right after the event with this number. */
export interface RunPoint {
  readonly runId: string;
  readonly sequence: number;
}

/** Where a fork goes and how it names things. */
export interface ForkTarget {
  readonly cell: string;
  readonly runId: string;
  /** The key in the new cell of an agent of the old one; agents for which it returns the same key are shared, not copied. */
  readonly key: (key: string) => string;
  /** True leaves the copy paused: nothing of it runs until it is resumed. By default it goes on at once, also when the original was paused. */
  readonly isPaused?: boolean | undefined;
}

/** What `recover` did and could not do. */
export interface RecoveryReport {
  /** Cells that were taken over and go on, with their unfinished runs. */
  readonly resumed: readonly RecoveredCell[];
  readonly blocked: readonly BlockedCell[];
}

/** A cell that goes on in this process. */
export interface RecoveredCell {
  readonly cell: string;
  readonly runs: readonly RunRow[];
}

/** A cell, or one of its turns, that cannot go on here. */
export interface BlockedCell extends RecoveredCell {
  /**
   * `no-definition`: no registered agent type belongs to it; `owned`: another live process works on it; `nondeterministic`: the code
   * does not fit the journal of one of its turns; `unreadable`: the store could not open it.
   */
  readonly reason: "no-definition" | "owned" | "nondeterministic" | "unreadable";
  readonly error?: Error;
}

/** How a runtime closes. */
export interface CloseOptions {
  /** Milliseconds that running steps get to finish; default 5,000. */
  readonly graceMs?: number | undefined;
}

/**
 * Where agents live: the contract of every runtime (in one process, over a cluster, over AutoGen's wire).
 * The suite `runtimeContract` in `@troupe/core/testing` says exactly what an implementation must do.
 */
export interface AgentRuntime {
  /**
   * Makes an agent type addressable; whole or not at all.
   *
   * @throws ConfigError `config.duplicate_agent`, `config.duplicate_message_type`, `config.duplicate_subscription`.
   */
  register(agent: AgentDefinition): Promise<void>;

  /**
   * Delivers one request to one agent and resolves with its reply.
   * Messages from one sender to one agent are handled in the order sent; nothing is promised between senders.
   *
   * @throws DeliveryError `delivery.no_such_agent`, `delivery.no_handler`, `delivery.deadline_exceeded`, `delivery.deadlock`,
   * `delivery.mailbox_full`, `delivery.dropped`, `delivery.runtime_closed`; SerializationError `serialization.invalid_message`;
   * the handler's own error; the signal's reason, unwrapped.
   */
  send<Name extends string, Reply>(
    message: RequestMessage<Name, unknown, Reply>,
    to: AgentId<Name>,
    options?: SendOptions,
  ): Promise<Reply>;

  /** Delivers one event to one agent; resolves when the message is accepted. An unknown agent makes a dead letter. */
  tell<Name extends string>(message: EventMessage<Name>, to: AgentId<Name>, options?: TellOptions): Promise<void>;

  /** Delivers one event to every agent subscribed to the topic; resolves when accepted by all their mailboxes. */
  publish(message: EventMessage, topic: TopicId, options?: TellOptions): Promise<void>;

  /** @throws ConfigError `config.duplicate_subscription`, `config.invalid_definition` for an agent type it cannot map to. */
  addSubscription(subscription: Subscription): Promise<void>;
  /** @throws ConfigError `config.unknown_subscription`. */
  removeSubscription(id: string): Promise<void>;
  subscriptions(): readonly Subscription[];

  /** Answers an open wait, exactly once. @throws StateError `wait.unknown`, `wait.already_settled`, `wait.invalid_answer`. */
  respond(waitId: string, answer: unknown, options?: RespondOptions): Promise<void>;
  /** The open waits of a run, or of all runs. */
  waits(filter?: { readonly runId?: string | undefined }): readonly OpenWait[];
  /** Records a control action for one run of one cell (C18); resolves when what it stopped has settled. */
  control(cell: string, runId: string, action: ControlAction): Promise<void>;

  /** Resolves when nothing of a run is runnable: it has ended, or only an answer, a timer or a resume can move it. */
  rest(cell: string, runId: string): Promise<void>;
  /**
   * A cursor on the durable events of a run, in order, without gaps, whichever process works on it; ends with the run, the signal, `forgetCell`
   * or `close`.
   *
   * @throws While iterating, and never ends as if the run were over: StateError `state.nondeterministic_replay` when a turn of the run is blocked
   * here; StoreError when a write of its cell has failed or the store cannot be read; TeamError `run.history_pruned`.
   */
  events(cell: string, range: EventRange): AsyncIterable<CellEvent | LiveEvent>;
  /** The committed state of an agent, live or not; undefined when it never changed anything. */
  snapshot(agent: AnyAgentId): Promise<AgentSnapshot | undefined>;
  /** Sets the state of an agent that is not in a turn. @throws StateError `state.busy`. */
  restore(agent: AnyAgentId, snapshot: AgentSnapshot): Promise<void>;
  /**
   * Copies a cell's log up to an event of a run into a new cell and lets it go on there (C27). The original, whoever works on it, is not touched.
   *
   * @throws StateError `state.busy` when the new cell exists; TeamError `run.fork_remote` when agents outside the cell are being waited for,
   * `run.history_pruned` when the log does not reach back that far.
   */
  fork(cell: string, at: RunPoint, target: ForkTarget): Promise<void>;
  /** Drops everything a cell stored, its turns included. */
  forgetCell(cell: string): Promise<void>;
  /**
   * Drops the log of a cell at rest and keeps what its agents know: the session goes on, its past is `run.history_pruned` (C27).
   *
   * @throws StateError `state.busy`.
   */
  dropHistory(cell: string): Promise<void>;
  /** Copies the log of a cell to another store (C25). @throws StateError `state.busy` when that store has the cell already. */
  archive(cell: string, store: Store): Promise<void>;

  /** The runs that the store knows, newest first, whoever works on them. A store that ends with the process lists none of them once they are forgotten. */
  runs(filter?: RunFilter): Promise<readonly RunRow[]>;
  /**
   * Goes on with everything unfinished in the store that nobody works on and whose agent types are registered; for servers, once, after
   * registering (C26). Resolves when it is under way, not when it is done. The dead letters of processes that have ended are listed here from
   * then on.
   *
   * @throws StoreError `store.unavailable`.
   */
  recover(): Promise<RecoveryReport>;

  /** True when what it holds outlives its process, in a store. */
  readonly isDurable: boolean;
  readonly deadLetters: DeadLetters;
  /** The time that deadlines and durations are measured with. */
  readonly clock: Clock;
  /** The error port: for a fault that nobody awaits. Goes to the logger, and never further. */
  report(error: unknown, what: string): void;
  stats(): RuntimeStats;
  /** Resolves when nothing is runnable: parked turns and future timers do not count (C19). */
  idle(): Promise<void>;
  /** Refuses new work, lets running steps finish within the grace, abandons the rest (C19). Safe twice and during work. */
  close(options?: CloseOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
