/**
 * The handling of one message by one agent (C5): attempts, rest, stop, and the one commit at the end.
 *
 * Owns: the journal, the current frame, what the turn waits for. Does not own: the agent's state (Activation), the log (Cell).
 * Invariants:
 * U1. A turn ends exactly once: with a commit, as failed, or abandoned; then its agent may start the next one.
 * U2. At most one frame is current; the outcome of any other is ignored.
 * U3. A turn counts as busy unless everything its handler waits for comes from outside the turn (C19).
 * U4. Wall and idle limits count active time only (C9).
 */
import { isPromiseLike, type TimerHandle } from "../../async/index.ts";
import type { ControlReason, RunContext, SettledRoute } from "../../agent/index.ts";
import { decodeError, DeliveryError, type JsonValue, StateError, toError } from "../../errors/index.ts";
import { validate } from "../../message/index.ts";
import { decodedPayload, type JournalRecord, type Mail, turnIdOf } from "../../store/index.ts";
import type { Span } from "../../observe/index.ts";
import { startTurnSpan } from "../tracing.ts";
import type { RunLog } from "../run/run-log.ts";
import type { Activation } from "../delivery/activation.ts";
import type { WaitNode } from "../delivery/deadlock-detector.ts";
import type { Engine } from "../engine.ts";
import { decodeReply } from "../request/decode-reply.ts";
import { Frame } from "./frame.ts";
import { Journal } from "../journal/journal.ts";
import { Replayer } from "../journal/replayer.ts";
import { restartTurns } from "../run/restart-turns.ts";
import { stepCancelled } from "../step/step-run.ts";
import { Scope } from "./scope.ts";
import { commitTurn, failTurn } from "./turn-commit.ts";
import { TurnClock } from "./turn-clock.ts";
import { TurnContext } from "./turn-context.ts";

/** What a turn is made of. */
export interface TurnInput {
  readonly mail: Mail;
  readonly isShared: boolean;
  /** What a log knows of the turn already. */
  readonly journal?: readonly JournalRecord[];
  /** True when it was restarted, because its journal does not fit the code (C26). */
  readonly isRestart?: boolean;
}

export class Turn {
  readonly engine: Engine;
  readonly activation: Activation;
  readonly mail: Mail;
  readonly isShared: boolean;
  readonly run: RunLog | undefined;
  readonly startedAt: number;
  /** The agents this turn waits for, with their exclusive handlers. */
  readonly waitsFor: WaitNode[] = [];
  #openSends: Map<string, string> | undefined;
  attempt = 1;
  stop: ControlReason | undefined;
  frame: Frame;
  #id: string | undefined;
  #journal: Journal | undefined;
  #isEnded = false;
  #isRestart = false;
  /** The last attempt has failed and its record is being written. */
  #isFailing = false;
  #isBusy = false;
  /** The run counts a message as runnable from the moment it is enqueued; the turn takes that count over. */
  #isRunBusy = true;
  #isParked = false;
  #clock: TurnClock | undefined;
  #parkTimer: TimerHandle | undefined;
  #span: Span | undefined;
  /** When the turn began, kept only for whoever watches. */
  readonly beganAt: number;

  constructor(engine: Engine, activation: Activation, input: TurnInput) {
    this.engine = engine;
    this.activation = activation;
    this.mail = input.mail;
    this.isShared = input.isShared;
    this.run = activation.runOf(input.mail);
    this.startedAt = input.mail.at;
    this.beganAt = engine.observe === undefined ? 0 : engine.clock.now();
    this.#isRestart = input.isRestart === true;
    if (input.journal !== undefined) this.#journal = new Journal(engine.limits.maxJournalRecords, input.journal);
    this.frame = new Frame(this.#readId);
  }

  readonly #readId = (): string => this.id;

  get id(): string {
    this.#id ??= turnIdOf(this.mail);
    return this.#id;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get isParked(): boolean {
    return this.#isParked;
  }

  get journal(): Journal {
    this.#journal ??= new Journal(this.engine.limits.maxJournalRecords);
    return this.#journal;
  }

  get hasJournal(): boolean {
    return this.#journal !== undefined && this.#journal.size > 0;
  }

  /** The run context of what this turn sends: its own, with another path or other inherited values. */
  childRun(path: readonly string[] | undefined, inherited: JsonValue | undefined): RunContext | undefined {
    const { run } = this.mail;
    if (run === undefined || (path === undefined && inherited === undefined)) return run;
    return { ...run, ...(path !== undefined && { path }), ...(inherited !== undefined && { inherited }) };
  }

  /** The trace context of what this turn sends. */
  get trace(): Mail["trace"] {
    return this.#span === undefined ? this.mail.trace : (this.#span.propagate() ?? this.mail.trace);
  }

  /** Requests that the handler waits for, with their keys: a stop ends them too, and tells who works on them. */
  get openSends(): Map<string, string> {
    this.#openSends ??= new Map();
    return this.#openSends;
  }

  start(): void {
    if (this.engine.tracer !== undefined) this.#span = startTurnSpan(this.engine, this.mail);
    if (this.mail.kind === "request") this.engine.pending.started(this.mail.messageId, this);
    if (this.#isUnwanted()) {
      failTurn(this, notWanted(this.mail));
      return;
    }
    if (this.run?.stop !== undefined && this.mail.kind === "request" && !this.hasJournal) {
      failTurn(this, runStopped(this.mail, this.run.stop));
      return;
    }
    this.#startFrame();
  }

  /** A request whose asker has gone is not handled at all. */
  #isUnwanted(): boolean {
    return (
      this.mail.kind === "request" && this.mail.replyTo !== undefined && !this.engine.pending.has(this.mail.messageId)
    );
  }

  #startFrame(): void {
    const frame = this.frame.isStarted ? new Frame(this.#readId) : this.frame;
    frame.isStarted = true;
    frame.now = this.startedAt;
    this.frame = frame;
    const settled = this.hasJournal ? this.journal.settled() : [];
    const onMisfit = (error: StateError): void => this.#fail(frame, error);
    if (this.hasJournal) frame.replayer = new Replayer(settled, { onMisfit, isRestart: this.#isRestart });
    let result: unknown;
    try {
      result = this.#invoke(new TurnContext(this, frame, new Scope("")));
    } catch (error) {
      this.#fail(frame, error);
      return;
    }
    if (!isPromiseLike(result)) {
      this.#complete(frame, result);
      return;
    }
    this.wake();
    frame.replayer?.start();
    result.then(
      (value) => this.#complete(frame, value),
      (error: unknown) => this.#fail(frame, error),
    );
  }

  #invoke(context: TurnContext): unknown {
    const { mail } = this;
    const { blueprint } = this.activation;
    if (mail.kind === "settlement") {
      const route = blueprint.settledRoutes.get(mail.type);
      return route === undefined ? this.#unhandled() : route.handle(this.#settlement(route), context);
    }
    const route = blueprint.routes.get(mail.type);
    if (route !== undefined && route.kind === mail.kind) return route.handle(this.#payload(route.type), context);
    if (mail.kind === "event" && blueprint.unknownRoute !== undefined)
      return blueprint.unknownRoute({ type: mail.type, payload: mail.body }, context);
    return this.#unhandled();
  }

  #payload(type: Parameters<typeof payloadOf>[0]): unknown {
    return payloadOf(type, this.mail);
  }

  #settlement(route: SettledRoute): Parameters<SettledRoute["handle"]>[0] {
    const settlement = this.mail.settlement;
    if (settlement === undefined) throw new Error("a settlement without an outcome");
    const { outcome, tag } = settlement;
    if (outcome.status === "failed") return { kind: "failed", error: decodeError(outcome.error), tag };
    return { kind: "reply", reply: decodeReply(route.type, outcome.body), tag };
  }

  #unhandled(): undefined {
    const { mail } = this;
    if (mail.kind === "request") throw this.engine.noHandler(mail);
    this.engine.observe?.({
      kind: "message-unhandled",
      agent: mail.recipient,
      messageId: mail.messageId,
      type: mail.type,
      sender: mail.sender,
    });
    this.engine.logger?.info({
      message: `No handler takes "${mail.type}"; it is ignored`,
      agent: mail.recipient,
      messageId: mail.messageId,
    });
    return undefined;
  }

  // --- end ---------------------------------------------------------------------------------------

  #complete(frame: Frame, value: unknown): void {
    if (this.frame !== frame || frame.isOver) return;
    const leftOver = frame.replayer?.leftOver();
    if (leftOver !== undefined) {
      this.#fail(frame, leftOver);
      return;
    }
    commitTurn(this, frame, value);
  }

  #fail(frame: Frame, thrown: unknown): void {
    if (this.frame !== frame || frame.isOver) return;
    const error = toError(thrown);
    this.failAttempt(error);
  }

  /** The turn's record is about to be written: nothing can end the attempt any more, and its waits are closed. */
  beginCommit(): void {
    this.frame.isCommitting = true;
    this.#clock?.stop();
    this.engine.waits.closeTurn(this);
  }

  /** The turn's last record will say that it has failed: nothing fails it a second time. */
  beginFailure(): void {
    this.#isFailing = true;
  }

  /** Ends the attempt; the turn goes on with the next one, or ends as failed (C8). */
  failAttempt(error: Error): void {
    if (this.#isEnded || this.#isFailing) return;
    this.#endFrame();
    this.#span?.recordError(error);
    const { mail } = this;
    this.engine.observe?.({
      kind: "handler-failed",
      agent: mail.recipient,
      attempt: this.attempt,
      error,
      messageId: mail.messageId,
      type: mail.type,
      sender: mail.sender,
    });
    const isMisfit = error instanceof StateError && error.code === "state.nondeterministic_replay";
    if (isMisfit && this.activation.cell.work !== undefined && !this.engine.isClosed) {
      this.#block(error);
      return;
    }
    if (
      this.attempt >= this.activation.blueprint.maxAttempts ||
      this.stop !== undefined ||
      this.engine.isClosed ||
      isMisfit
    ) {
      failTurn(this, error);
      return;
    }
    this.attempt += 1;
    this.#journal?.nextAttempt();
    this.#startFrame();
  }

  /** The journal decides: the turn stays as it is recorded, for the code that fits it, and its agent's mailbox waits (C26). */
  #block(error: Error): void {
    const { cell } = this.activation;
    this.engine.blocked.set(this.id, { cell: cell.name, runId: this.mail.run?.runId, error });
    this.engine.waits.giveUp(this);
    if (this.run?.restartsMisfits === true) {
      this.engine.own(restartTurns(cell, this.run, [this]), `restart of turn "${this.id}"`);
      return;
    }
    this.engine.report(error, `replay of turn "${this.id}"`);
    this.#setBusy(false);
    this.run?.endWatchers({ kind: "stuck", error });
    const { messageId, replyTo } = this.mail;
    if (replyTo?.kind === "outside") this.engine.pending.settle(messageId, { status: "failed", error });
  }

  /** Goes on as a turn that need not fit its journal; call it when that is recorded. */
  restart(): void {
    if (this.#isEnded || !this.engine.blocked.delete(this.id)) return;
    this.#isRestart = true;
    this.#startFrame();
  }

  #endFrame(): void {
    this.frame.end();
    this.waitsFor.length = 0;
    this.engine.waits.closeTurn(this);
    if (!this.isShared) this.activation.dropDraft();
    this.#clock?.stop();
    this.#clock = undefined;
  }

  /** The turn's record is written, or will never be: the agent may go on. */
  close(): void {
    this.#close();
  }

  #close(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.engine.waits.giveUp(this);
    this.engine.blocked.delete(this.id);
    this.#span?.end();
    this.frame.end();
    this.engine.waits.closeTurn(this);
    this.engine.resting.delete(this);
    this.#clock?.stop();
    this.#parkTimer?.cancel();
    this.activation.ended(this);
    this.#setBusy(false);
  }

  /** Ends the turn without any record: the runtime closes (C19), or its cell is another's now (C24); `reason` is what its steps hear. */
  abandonUnrecorded(reason?: Error): void {
    this.frame.end(reason);
    this.#endFrame();
    this.#close();
  }

  // --- rest --------------------------------------------------------------------------------------

  /** The handler has something to do of its own. */
  wake(): void {
    if (this.#isEnded) return;
    this.engine.resting.delete(this);
    this.#parkTimer?.cancel();
    this.#parkTimer = undefined;
    this.#setBusy(true);
  }

  /** The handler may be waiting for the outside: looked at again when the event loop has run. */
  maybeRest(): void {
    if (this.frame.waiting > 0 && this.frame.busy === 0) this.engine.resting.add(this);
  }

  /** Called when the event loop has run since `maybeRest`. */
  rest(): void {
    if (this.#isEnded || this.frame.isOver || this.frame.waiting === 0 || this.frame.busy > 0) return;
    this.#setBusy(false);
    const { parkAfterMs } = this.engine.limits;
    if (parkAfterMs === 0) this.park();
    else if (parkAfterMs < Number.POSITIVE_INFINITY)
      this.#parkTimer = this.engine.timers.set(parkAfterMs, () => this.park());
  }

  #setBusy(isBusy: boolean): void {
    if (this.#isRunBusy !== isBusy) {
      this.#isRunBusy = isBusy;
      if (isBusy) this.run?.activity.begin();
      else this.run?.activity.end();
    }
    if (this.#isBusy === isBusy) return;
    this.#isBusy = isBusy;
    if (isBusy) {
      this.engine.activity.begin();
      this.#clock ??= new TurnClock(this);
      this.#clock.start();
    } else {
      this.#clock?.pause();
      this.engine.activity.end();
    }
  }

  /** Drops the frame of a resting turn; it is replayed when what it waits for has come (C17). */
  park(): void {
    const { isCommitting, held, busy, waiting } = this.frame;
    // A call that began since the turn came to rest still writes; what comes after it brings the turn here again.
    if (isCommitting || held > 0 || busy > 0 || waiting === 0) return;
    if (this.#isEnded || this.#isParked || !this.hasJournal) return;
    this.#isParked = true;
    this.frame.end();
    if (!this.isShared) this.activation.dropDraft();
    this.#clock?.stop();
    this.#clock = undefined;
    const { mail } = this;
    this.engine.observe?.({
      kind: "turn-parked",
      agent: mail.recipient,
      messageId: mail.messageId,
      type: mail.type,
      sender: mail.sender,
    });
  }

  /** What a parked turn waited for is in its journal now. */
  unpark(): void {
    if (!this.#isParked || this.#isEnded) return;
    this.#isParked = false;
    this.waitsFor.length = 0;
    this.#startFrame();
  }

  /** Progress for the idle limit (C9). */
  progress(): void {
    this.#clock?.progress();
  }

  // --- stop --------------------------------------------------------------------------------------

  /** Stops the running steps; later ones refuse at once (C18). Resolves when the running ones have settled. */
  async control(reason: ControlReason): Promise<void> {
    if (this.#isEnded || this.stop !== undefined) return;
    this.stop = reason;
    if (reason.kind === "cancel" && this.engine.blocked.has(this.id)) {
      failTurn(this, runStopped(this.mail, reason));
      return;
    }
    const running = [...this.frame.running.values()];
    for (const [messageId, key] of this.openSends) this.engine.pending.stop(messageId, stepCancelled(key, reason));
    for (const step of running) step.abort(reason);
    await Promise.all([...running.map((step) => step.settled), this.engine.waits.cancelTurn(this, reason)]);
  }

  /** The asker has gone: the handler is told through its signal and its steps. */
  abandon(reason: unknown): void {
    if (this.#isEnded) return;
    this.frame.abort(reason);
    const detail = reason instanceof Error ? reason.message : String(reason);
    this.engine.own(this.control({ kind: "cancel", detail }), `cancel of turn "${this.id}"`);
  }
}

function payloadOf(
  type: { readonly type: string; readonly schema: Parameters<typeof validate>[0] },
  mail: Mail,
): unknown {
  const output = mail[decodedPayload];
  if (output !== undefined) {
    mail[decodedPayload] = undefined;
    return output;
  }
  return validate(type.schema, mail.body, { what: `payload of "${mail.type}"` });
}

function notWanted(mail: Mail): DeliveryError {
  return new DeliveryError(
    "delivery.cancelled",
    `Nobody waits for the reply to "${mail.type}" any more; it was not handled`,
    {
      remedy: "Nothing: its sender gave up or its deadline had passed.",
      details: { messageId: mail.messageId },
    },
  );
}

function runStopped(mail: Mail, stop: ControlReason): StateError {
  return new StateError(
    "state.step_cancelled",
    `Run "${mail.run?.runId ?? ""}" is cancelled: "${mail.type}" is not handled any more`,
    {
      remedy: "Start a new run.",
      details: { kind: stop.kind, detail: stop.detail },
    },
  );
}
