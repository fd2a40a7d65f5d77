/**
 * The parts of an in-process runtime, and the few decisions that belong to none of them.
 *
 * Owns: the parts' lifetime, and every promise that nobody else awaits.
 * Invariants:
 * H1. A fault that nobody else hears of goes to the error port, once, and never surfaces as an unhandled rejection.
 * H2. `close()` waits for every owned promise.
 */
import { type Clock, createIdSource, type IdSource, systemClock, TimerWheel, yieldMacrotask } from "../async/index.ts";
import { DeliveryError } from "../errors/index.ts";
import { droppedError, InterventionChain, type InterventionResult } from "../intervention/index.ts";
import type { Logger, RuntimeEvent, Tracer } from "../observe/index.ts";
import { validate } from "../message/index.ts";
import { freezeJson, type Mail, MemoryStore, type Store } from "../store/index.ts";
import { AgentDirectory } from "./agent-directory.ts";
import { Activity } from "./delivery/activity.ts";
import { AgentTable } from "./delivery/agent-table.ts";
import { type DeadLetter, DeadLetterBox } from "./delivery/dead-letters.ts";
import { nameOf } from "./delivery/mail-factory.ts";
import { type LiveOutcome, PendingRequests } from "./delivery/pending-requests.ts";
import { Outbox } from "./outbox/outbox.ts";
import { PostOffice } from "./delivery/post-office.ts";
import { Scheduler } from "./delivery/scheduler.ts";
import { StoredLetters } from "./delivery/stored-letters.ts";
import { answerCall } from "./owner/answer-call.ts";
import { InboxTaker } from "./owner/inbox-taker.ts";
import { LeaseKeeper } from "./owner/lease-keeper.ts";
import { RemoteDesk } from "./owner/remote-desk.ts";
import { type MailboxPolicy, resolveLimits, type RuntimeLimits, type RuntimeOptions } from "./runtime-options.ts";
import { RestingTurns } from "./turn/resting-turns.ts";
import type { Turn } from "./turn/turn.ts";
import { WaitTable } from "./wait/wait-table.ts";

/** A turn that cannot go on with the code that is registered. */
export interface BlockedTurn {
  readonly cell: string;
  readonly runId: string | undefined;
  readonly error: Error;
}

export class Engine {
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly random: () => number;
  readonly store: Store;
  /** The name of this worker towards the store; another one after it was declared dead. */
  owner: string;
  readonly logger: Logger | undefined;
  readonly tracer: Tracer | undefined;
  readonly observe: ((event: RuntimeEvent) => void) | undefined;
  readonly interventions: InterventionChain | undefined;
  readonly timers: TimerWheel;
  readonly activity: Activity = new Activity();
  readonly scheduler: Scheduler;
  readonly pending: PendingRequests;
  readonly deadLetters: DeadLetterBox;
  readonly letters: StoredLetters;
  readonly directory: AgentDirectory;
  readonly agents: AgentTable;
  readonly waits: WaitTable;
  readonly resting: RestingTurns = new RestingTurns();
  readonly post: PostOffice;
  readonly outbox: Outbox;
  readonly remote: RemoteDesk;
  readonly inbox: InboxTaker;
  readonly leases: LeaseKeeper;
  readonly whenFull: MailboxPolicy;
  /** What parts outside the engine want done at close. */
  readonly onClose: (() => void)[] = [];
  readonly #owned = new Set<Promise<unknown>>();
  /** How often each cell was lost; only those that ever were. */
  readonly #losses = new Map<string, number>();
  /** Turns whose journal does not fit the code, by turn id (C26). */
  readonly blocked: Map<string, BlockedTurn> = new Map();
  /** Runs on hold: while there is none, mailboxes need not look at what they hand out. */
  pausedRuns = 0;
  isClosed = false;

  constructor(options: RuntimeOptions) {
    this.limits = resolveLimits(options);
    this.whenFull = options.whenFull ?? "wait";
    this.clock = options.clock ?? systemClock;
    this.ids = options.ids ?? createIdSource();
    this.random = options.random ?? (() => 0.5);
    this.store = options.store ?? new MemoryStore();
    this.owner = this.ids.next();
    this.logger = options.logger;
    this.tracer = options.tracer;
    this.observe =
      options.observer === undefined
        ? undefined
        : guardObserver(options.observer, (error) => this.report(error, "runtime observer"));
    this.interventions =
      options.interventions === undefined || options.interventions.length === 0
        ? undefined
        : new InterventionChain(options.interventions, options.logger);
    this.timers = new TimerWheel(this.clock);
    this.scheduler = new Scheduler(this.activity, {
      pick: options.pick,
      report: (error) => this.report(error, "a turn's start"),
    });
    this.pending = new PendingRequests(this.timers);
    this.directory = new AgentDirectory(() => this.ids.next());
    this.agents = new AgentTable(this);
    this.waits = new WaitTable(this);
    this.post = new PostOffice(this);
    this.outbox = new Outbox(this);
    this.remote = new RemoteDesk(this);
    this.inbox = new InboxTaker(this, (cell, call) => answerCall(this, cell, call));
    this.leases = new LeaseKeeper(this);
    this.letters = new StoredLetters(this);
    this.deadLetters = new DeadLetterBox({
      limit: this.limits.maxDeadLetters,
      deliver: (mail) => this.post.resend(mail),
      onGone: (id) => this.letters.drop(id),
    });
  }

  /** Goes on under another name: the old one was declared dead. */
  renameOwner(): void {
    this.owner = this.ids.next();
  }

  get hasPausedRuns(): boolean {
    return this.pausedRuns > 0;
  }

  /** Takes over a promise that nobody awaits: its fault is reported, `close()` waits for it. */
  own(promise: PromiseLike<unknown>, what: string): void {
    this.activity.begin();
    const owned: Promise<unknown> = Promise.resolve(promise)
      .catch((error: unknown) => this.report(error, what))
      .finally(() => {
        this.#owned.delete(owned);
        this.activity.end();
      });
    this.#owned.add(owned);
  }

  /** Resolves when nothing is runnable; a handler between two steps counts as busy. */
  async whenIdle(): Promise<void> {
    do {
      await this.activity.idle();
      await yieldMacrotask();
    } while (!this.activity.isIdle);
  }

  async settleOwned(): Promise<void> {
    await Promise.all(this.#owned);
  }

  /** Counts a failed write of a cell; the number of those before. */
  countLoss(cell: string): number {
    const before = this.#losses.get(cell) ?? 0;
    this.#losses.set(cell, before + 1);
    return before;
  }

  forgetLosses(cell: string): void {
    this.#losses.delete(cell);
  }

  /** The error port: the logger, or the console where there is none, so that no fault is silent. */
  report(error: unknown, what: string): void {
    const message = `${what} failed`;
    if (this.logger === undefined) console.error(message, error);
    else this.logger.error({ message, error });
  }

  /** The error of a request that no handler takes. */
  noHandler(mail: Mail): DeliveryError {
    return new DeliveryError("delivery.no_handler", `"${nameOf(mail)}" has no handler for "${mail.type}"`, {
      remedy: "Add on.request() for this type to the definition, or send what the agent handles.",
      details: { recipient: nameOf(mail), type: mail.type },
    });
  }

  /** An event's or settlement's handler failed for good: nobody waits, so the fault is reported and the message, which is kept, listed. */
  failedEvent(letter: DeadLetter): void {
    const { mail, error } = letter;
    this.report(error, `handler of "${nameOf(mail)}" for "${mail.type}"`);
    this.post.list(letter);
  }

  /** A reply after the interventions have seen it. */
  replyAfter(turn: Turn, reply: LiveOutcome, result: InterventionResult<unknown>): LiveOutcome {
    if (reply.status === "failed") return reply;
    if (result.kind === "drop") return { status: "failed", error: droppedError(turn.mail.messageId, result.by) };
    if (result.value === reply.body) return reply;
    const route = turn.activation.blueprint.routes.get(turn.mail.type);
    const what = `reply to "${turn.mail.type}"`;
    const body = freezeJson(result.value, what);
    const output =
      route?.kind === "request"
        ? validate(route.type.reply, body, { what, code: "serialization.invalid_reply" })
        : body;
    return { status: "replied", body, output };
  }
}

function guardObserver(
  observer: (event: RuntimeEvent) => void,
  report: (error: unknown) => void,
): (event: RuntimeEvent) => void {
  return (event) => {
    try {
      observer(event);
    } catch (error) {
      report(error);
    }
  };
}
