/**
 * One turn that is run again from its journal.
 *
 * Owns: the attempts of the handler, and which outcomes they were given. Does not own: the log, the state of agents (replayCell).
 * Invariants:
 * V1. A handler gets an outcome only from a record of the log, in the order of the log; no step function is ever called.
 * V2. A turn whose handler asked for something else than the next record goes no further.
 * V3. A turn that was restarted gets outcomes of before by key, and need not ask for all of them, as it was live (C26): what its old code
 *     let out is the log's, and its new handler's part of it leaves no second time.
 */
import { isPromiseLike } from "../../async/index.ts";
import { decodeError, StateError, toError } from "../../errors/index.ts";
import { validate } from "../../message/index.ts";
import { type Flush, freezeJson, type JournalRecord, type Mail, type ReplyOutcome } from "../../store/index.ts";
import type { SettledRecord } from "../journal/journal.ts";
import { decodeReply } from "../request/decode-reply.ts";
import { toReplyOutcome } from "../request/reply-sinks.ts";
import { Scope } from "../turn/scope.ts";
import { ReplayContext } from "./replay-context.ts";
import { ReplayFrame, type ReplayFrameOptions, type ScopeOutput } from "./replay-frame.ts";
import type { Difference } from "./replay-mismatch.ts";
import type { TurnPast } from "./restarts.ts";

/** What a replayed turn is made of. */
export type ReplayedTurnOptions = Omit<ReplayFrameOptions, "attempt" | "isShared" | "known"> & {
  /** Set for a turn that was restarted: what it found of the time before. */
  readonly past: TurnPast | undefined;
};

export class ReplayedTurn {
  readonly options: ReplayedTurnOptions;
  /** What its journal let out, in log order; since its restart, when there was one. */
  readonly flushes: Flush[] = [];
  /** The requests inside the turn that its journal holds. */
  readonly requests: Extract<JournalRecord, { readonly kind: "request-sent" }>[] = [];
  #frame: ReplayFrame;
  #end: ReplyOutcome | undefined;
  #attempt = 0;
  #handedOut: SettledRecord[] = [];
  /** Of earlier attempts, what had left when they failed: later ones do not let it out again. */
  #before: ReadonlyMap<string, ScopeOutput> = new Map();
  #misfit: Difference | undefined;

  constructor(options: ReplayedTurnOptions) {
    this.options = options;
    this.#frame = this.#start();
  }

  /** The attempt that ended the turn, or the one at work. */
  get frame(): ReplayFrame {
    return this.#frame;
  }

  /** Why the turn could not be followed to its end. */
  get misfit(): Difference | undefined {
    return this.#misfit;
  }

  get isShared(): boolean {
    const { mail, blueprint } = this.options;
    return mail.kind !== "settlement" && blueprint.routes.get(mail.type)?.isShared === true;
  }

  /** Everything that the turn's attempts let out. */
  output(): ReadonlyMap<string, ScopeOutput> {
    return joined(this.#before, this.#frame.output);
  }

  /** Gives the handler what the log says next. */
  async accept(record: JournalRecord): Promise<void> {
    if (this.#misfit !== undefined) return;
    if (record.sent !== undefined || record.events !== undefined) this.flushes.push(record);
    if (this.#canTryAgain()) await this.#tryAgain();
    if (record.kind === "request-sent") this.requests.push(record);
    if (record.kind === "wait-opened" || (await this.#reach(record))) return;
    if (this.options.past !== undefined) return this.#keep(record);
    const asked = this.#end === undefined ? (this.#frame.asks.open ?? null) : "the end of the handler";
    this.#misfit = { what: "journal", recorded: record.key, replayed: asked };
  }

  /** An outcome that nobody has asked for: a restarted handler may find it later, or never ask (V3). */
  #keep(record: JournalRecord): void {
    if (record.kind !== "step-settled" && record.kind !== "request-settled") return;
    this.#handedOut.push(record);
    this.#frame.asks.put(record);
  }

  /** Waits until the handler has come to what a record is about, and hands out its outcome; false when it does not come there. */
  async #reach(record: JournalRecord): Promise<boolean> {
    const { asks } = this.#frame;
    if (record.kind === "wait-settled") {
      this.#handedOut.push(record);
      await asks.handOut(record);
      return true;
    }
    if (!(await asks.asked(record.key))) return false;
    if (record.kind === "step-settled" || record.kind === "request-settled") {
      this.#handedOut.push(record);
      await asks.handOut(record);
    }
    return true;
  }

  /**
   * How the handler ends when it has all its outcomes; undefined when it does not. A failure is the last attempt's when it is the one
   * that the log has.
   */
  async end(isRecorded: (end: ReplyOutcome) => boolean): Promise<ReplyOutcome | undefined> {
    await this.rest();
    while (this.#canTryAgain() && this.#misfit === undefined && !(this.#end !== undefined && isRecorded(this.#end))) {
      await this.#tryAgain();
      await this.rest();
    }
    return this.#end;
  }

  /** Waits until the handler has done what it can with what it was given. */
  async rest(): Promise<void> {
    await this.#frame.asks.ended();
  }

  /** Nothing that the handler still does has any effect. */
  close(): void {
    this.#frame.end();
  }

  // --- attempts ----------------------------------------------------------------------------------

  #canTryAgain(): boolean {
    return this.#end?.status === "failed" && this.#attempt < this.options.blueprint.maxAttempts;
  }

  /** As the live turn does: failed steps and requests run again, everything else is handed out anew (C8). */
  async #tryAgain(): Promise<void> {
    const kept = this.#handedOut.filter((record) => !isFailure(record));
    this.#before = cut(this.output(), this.flushes);
    this.#frame.end();
    this.#handedOut = [];
    this.#end = undefined;
    this.#frame = this.#start();
    for (const record of kept) if (!(await this.#reach(record)) && this.options.past !== undefined) this.#keep(record);
  }

  #start(): ReplayFrame {
    this.#attempt += 1;
    const outcomes = [...(this.options.past?.outcomes ?? [])];
    const known = this.#attempt === 1 ? outcomes : outcomes.filter(([, record]) => !isFailure(record));
    const frame = new ReplayFrame({ ...this.options, isShared: this.isShared, attempt: this.#attempt, known });
    const context = new ReplayContext(frame, new Scope(""));
    try {
      const result = this.#invoke(context);
      if (isPromiseLike(result))
        result.then(
          (value) => this.#returned(frame, value),
          (error: unknown) => this.#ended(frame, { status: "failed", error: toError(error) }),
        );
      else this.#returned(frame, result);
    } catch (error) {
      this.#ended(frame, { status: "failed", error: toError(error) });
    }
    return frame;
  }

  #returned(frame: ReplayFrame, value: unknown): void {
    try {
      const { mail, blueprint } = this.options;
      const what = `reply to "${mail.type}"`;
      const body = freezeJson(mail.kind === "request" ? (value ?? null) : null, what);
      const route = blueprint.routes.get(mail.type);
      if (mail.kind === "request" && route?.kind === "request")
        validate(route.type.reply, value === undefined ? undefined : body, {
          what,
          code: "serialization.invalid_reply",
        });
      this.#ended(frame, { status: "replied", body, output: undefined });
    } catch (error) {
      this.#ended(frame, { status: "failed", error: toError(error) });
    }
  }

  #ended(frame: ReplayFrame, outcome: Parameters<typeof toReplyOutcome>[0]): void {
    if (frame.isOver) return;
    this.#end = toReplyOutcome(outcome);
    frame.asks.end();
  }

  #invoke(context: ReplayContext): unknown {
    const { mail, blueprint } = this.options;
    if (mail.kind === "settlement") {
      const route = blueprint.settledRoutes.get(mail.type);
      return route === undefined ? undefined : route.handle(toSettlement(route, mail), context);
    }
    const route = blueprint.routes.get(mail.type);
    if (route !== undefined && route.kind === mail.kind) {
      return route.handle(validate(route.type.schema, mail.body, { what: `payload of "${mail.type}"` }), context);
    }
    if (mail.kind === "event") return blueprint.unknownRoute?.({ type: mail.type, payload: mail.body }, context);
    throw new StateError("state.nondeterministic_replay", `"${mail.type}" has no handler any more`, {
      remedy: "Run the code that recorded the log.",
    });
  }
}

type SettledRoute = NonNullable<ReturnType<ReplayFrameOptions["blueprint"]["settledRoutes"]["get"]>>;

function toSettlement(route: SettledRoute, mail: Mail): Parameters<SettledRoute["handle"]>[0] {
  if (mail.settlement === undefined) throw new Error("a settlement without an outcome");
  const { outcome, tag } = mail.settlement;
  if (outcome.status === "failed") return { kind: "failed", error: decodeError(outcome.error), tag };
  return { kind: "reply", reply: decodeReply(route.type, outcome.body), tag };
}

function isFailure(record: SettledRecord): boolean {
  return record.kind !== "wait-settled" && record.outcome.status === "failed";
}

/** The part of an output that the journal says has left. */
function cut(output: ReadonlyMap<string, ScopeOutput>, flushes: readonly Flush[]): ReadonlyMap<string, ScopeOutput> {
  const counts = new Map(flushes.flatMap((flush) => flush.flushed ?? []).map((count) => [count.scope, count]));
  return new Map(
    [...output].map(([scope, { events, messages }]) => {
      const left = counts.get(scope);
      return [scope, { events: events.slice(0, left?.events ?? 0), messages: messages.slice(0, left?.messages ?? 0) }];
    }),
  );
}

/** What had left before, and what a later attempt adds to it. */
function joined(
  before: ReadonlyMap<string, ScopeOutput>,
  after: ReadonlyMap<string, ScopeOutput>,
): ReadonlyMap<string, ScopeOutput> {
  if (before.size === 0) return after;
  const scopes = new Set([...before.keys(), ...after.keys()]);
  return new Map(
    [...scopes].map((scope) => {
      const first = before.get(scope) ?? { events: [], messages: [] };
      const second = after.get(scope) ?? { events: [], messages: [] };
      return [
        scope,
        {
          events: [...first.events, ...second.events.slice(first.events.length)],
          messages: [...first.messages, ...second.messages.slice(first.messages.length)],
        },
      ];
    }),
  );
}
