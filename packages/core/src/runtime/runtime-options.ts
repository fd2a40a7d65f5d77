import type { Clock, IdSource } from "../async/index.ts";
import { ConfigError } from "../errors/index.ts";
import type { InterventionHandler } from "../intervention/index.ts";
import type { Logger, RuntimeObserver, Tracer } from "../observe/index.ts";
import type { Store } from "../store/index.ts";

/** What happens to a message from outside whose recipient's mailbox is full (C13). */
export type MailboxPolicy = "wait" | "reject" | "drop-oldest" | "drop-newest";

/** Options of `InProcessRuntime`. Every one has a default that is safe in production. */
export interface RuntimeOptions {
  /** Default: a new `MemoryStore`. */
  readonly store?: Store | undefined;
  readonly clock?: Clock | undefined;
  readonly ids?: IdSource | undefined;
  /** Jitter of retries and the scheduler's picks; default: no randomness at all. */
  readonly random?: (() => number) | undefined;
  /** The error port: faults nobody else hears of go here. Default: the console's error method when there is one. */
  readonly logger?: Logger | undefined;
  readonly tracer?: Tracer | undefined;
  readonly observer?: RuntimeObserver | undefined;
  readonly interventions?: readonly InterventionHandler[] | undefined;
  /** Messages one mailbox holds before `whenFull` applies; default 10,000. A turn's own messages may exceed it up to 8 times. */
  readonly mailboxCapacity?: number | undefined;
  /** Default `wait`. */
  readonly whenFull?: MailboxPolicy | undefined;
  /** Messages in one causal chain; default 1,000 (C11). */
  readonly maxHops?: number | undefined;
  /** Idle agents kept active; beyond it the one idle longest is passivated. Default 10,000. */
  readonly maxIdleAgents?: number | undefined;
  /** Sessions kept in memory, with a store that outlives the process, after nothing is left to do in them. Default 100. */
  readonly maxRestingCells?: number | undefined;
  /** Milliseconds after which an idle agent is passivated; default never (the cap alone decides). */
  readonly idleTtlMs?: number | undefined;
  /** Milliseconds for which a caller's `messageId` and its reply are remembered; default 24 h (C10). */
  readonly deduplicationMs?: number | undefined;
  /** Milliseconds of a request without a deadline of its own; default 60,000 (C11). */
  readonly requestDeadlineMs?: number | undefined;
  /** Milliseconds of a wait without a deadline of its own; default 7 days (C16). */
  readonly waitDeadlineMs?: number | undefined;
  /**
   * Milliseconds of rest after which a waiting turn's frame is dropped, to be replayed on wake (C17). Default 1,000 with a store that
   * outlives the process, else never.
   */
  readonly parkAfterMs?: number | undefined;
  /** Milliseconds that a stopped step gets to settle before it counts as `unknown`; default 250 (C18). */
  readonly cancelGraceMs?: number | undefined;
  /** Bytes of one agent's state as JSON; default 65,536 (C2). */
  readonly maxStateBytes?: number | undefined;
  /** Records of one turn's journal; default 10,000 (C17). */
  readonly maxJournalRecords?: number | undefined;
  /** Dead letters kept; beyond it the oldest is forgotten. Default 1,000. */
  readonly maxDeadLetters?: number | undefined;
  /** Which of `count` ready agents runs next; default the first. Simulations give a seeded one (I11). */
  readonly pick?: ((count: number) => number) | undefined;
}

/** The numbers of the options, filled in. */
export interface RuntimeLimits {
  readonly mailboxCapacity: number;
  readonly maxHops: number;
  readonly maxIdleAgents: number;
  readonly maxRestingCells: number;
  readonly idleTtlMs: number;
  readonly deduplicationMs: number;
  readonly requestDeadlineMs: number;
  readonly waitDeadlineMs: number;
  readonly parkAfterMs: number;
  readonly cancelGraceMs: number;
  readonly maxStateBytes: number;
  readonly maxJournalRecords: number;
  readonly maxDeadLetters: number;
}

const day = 86_400_000;

const defaults: RuntimeLimits = {
  mailboxCapacity: 10_000,
  maxHops: 1_000,
  maxIdleAgents: 10_000,
  maxRestingCells: 100,
  idleTtlMs: Number.POSITIVE_INFINITY,
  deduplicationMs: day,
  requestDeadlineMs: 60_000,
  waitDeadlineMs: 7 * day,
  parkAfterMs: Number.POSITIVE_INFINITY,
  cancelGraceMs: 250,
  maxStateBytes: 65_536,
  maxJournalRecords: 10_000,
  maxDeadLetters: 1_000,
};

/** The limits of a runtime. @throws ConfigError `config.invalid_option` for a number below 0 or not a number. */
export function resolveLimits(options: RuntimeOptions): RuntimeLimits {
  const fallback = options.store?.isDurable === true ? { ...defaults, parkAfterMs: 1_000 } : defaults;
  const read = (name: keyof RuntimeLimits): number => {
    const value = options[name] ?? fallback[name];
    if (typeof value === "number" && value >= 0) return value;
    throw new ConfigError("config.invalid_option", `Runtime option "${name}" is ${String(value)}`, {
      remedy: `Give "${name}" a number of at least 0, or leave it out.`,
    });
  };
  return {
    mailboxCapacity: Math.max(1, read("mailboxCapacity")),
    maxHops: read("maxHops"),
    maxIdleAgents: read("maxIdleAgents"),
    maxRestingCells: read("maxRestingCells"),
    idleTtlMs: read("idleTtlMs"),
    deduplicationMs: read("deduplicationMs"),
    requestDeadlineMs: read("requestDeadlineMs"),
    waitDeadlineMs: read("waitDeadlineMs"),
    parkAfterMs: read("parkAfterMs"),
    cancelGraceMs: read("cancelGraceMs"),
    maxStateBytes: read("maxStateBytes"),
    maxJournalRecords: read("maxJournalRecords"),
    maxDeadLetters: read("maxDeadLetters"),
  };
}
