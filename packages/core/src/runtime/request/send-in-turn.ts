import { createDeferred, isPromiseLike } from "../../async/index.ts";
import type { TurnSendOptions } from "../../agent/index.ts";
import { decodeError, encodeError } from "../../errors/index.ts";
import { type AgentId, formatAgentId } from "../../identity/index.ts";
import { definitionOf, type Message } from "../../message/index.ts";
import type { JournalRecord, Mail, ReplyOutcome } from "../../store/index.ts";
import { deadlockError, findCycle, type WaitNode } from "../delivery/deadlock-detector.ts";
import { createLetter } from "../delivery/mail-factory.ts";
import type { LiveOutcome } from "../delivery/pending-requests.ts";
import type { Prepared } from "../delivery/post-office.ts";
import { decodeReply } from "./decode-reply.ts";
import { type Outgoing, release, takeOutgoing, toFlush, writeJournal } from "../turn/flush.ts";
import type { Frame } from "../turn/frame.ts";
import { toReplyOutcome } from "./reply-sinks.ts";
import { stepCancelled } from "../step/step-run.ts";
import type { Turn } from "../turn/turn.ts";

/** A request inside a turn as its caller asked for it. */
export interface SendRequest {
  readonly key: string;
  readonly message: Message;
  readonly to: AgentId;
  readonly options: TurnSendOptions;
}

/** Sends a request and waits for its reply inside the turn; a commit point (C5, C11). */
export async function sendInTurn(turn: Turn, frame: Frame, request: SendRequest): Promise<unknown> {
  const { key } = request;
  frame.assertLive();
  if (frame.replayer !== undefined && !frame.replayer.isOver) {
    frame.waiting += 1;
    const recorded = await frame.replayer.ask(key);
    frame.waiting -= 1;
    frame.assertLive();
    if (recorded?.kind === "request-settled") return unwrapRecorded(request.message, recorded.outcome);
  }
  const late = turn.hasJournal ? turn.journal.outcome(key) : undefined;
  if (late?.kind === "request-settled") return unwrapRecorded(request.message, late.outcome);
  if (turn.stop !== undefined) throw stepCancelled(key, turn.stop);
  const open = turn.hasJournal ? turn.journal.request(key)?.mail : undefined;
  const outcome =
    open === undefined ? await sendNew(turn, frame, request) : await awaitReply(turn, frame, { key, mail: open });
  frame.assertLive();
  if (outcome.status === "failed") throw outcome.error;
  return outcome.output;
}

function unwrapRecorded(message: Message, outcome: ReplyOutcome): unknown {
  if (outcome.status === "failed") throw decodeError(outcome.error);
  const reply = definitionOf(message)?.reply;
  return reply === undefined ? outcome.body : decodeReply({ type: message.type, reply }, outcome.body);
}

async function sendNew(turn: Turn, frame: Frame, request: SendRequest): Promise<LiveOutcome> {
  const { engine, mail } = turn;
  const { options, key } = request;
  const deadlineMs = options.deadlineMs ?? engine.limits.requestDeadlineMs;
  const at = engine.clock.now();
  const letter = createLetter(request.message, {
    messageId: engine.ids.next(),
    kind: "request",
    sender: turn.activation.id,
    at,
    hops: mail.hops + 1,
    deadline: deadlineMs === Number.POSITIVE_INFINITY ? undefined : at + deadlineMs,
    causationId: mail.messageId,
    trace: turn.trace,
    run: turn.childRun(options.path, undefined),
    replyTo: { kind: "turn", agent: turn.activation.id, turn: turn.id, key },
  });
  const prepared = engine.post.prepare({ letter, to: { kind: "agent", id: request.to } });
  const ready: Prepared = isPromiseLike(prepared) ? await prepared : prepared;
  const failure = ready.failures[0];
  const sent = ready.mails[0];
  if (sent === undefined) {
    const error = failure?.error ?? new Error("the request vanished");
    return settleUnsent(turn, frame, { key, error });
  }
  const target = await engine.agents.find(sent.recipient);
  const isShared = target.blueprint.routes.get(sent.type)?.isShared === true;
  const cycle = turn.isShared || isShared ? undefined : findCycle(turn.activation, target);
  if (cycle !== undefined) {
    engine.observe?.({
      kind: "deadlock-detected",
      cycle,
      messageId: sent.messageId,
      type: sent.type,
      sender: sent.sender,
    });
    return settleUnsent(turn, frame, { key, error: deadlockError(sent.type, cycle) });
  }
  frame.assertLive();
  return dispatch(turn, frame, { key, mail: sent, deadlineMs, target: isShared ? undefined : target });
}

/** A request that never left is recorded as settled, so that a replay gets the same error. */
async function settleUnsent(
  turn: Turn,
  frame: Frame,
  failed: { readonly key: string; readonly error: Error },
): Promise<LiveOutcome> {
  frame.assertLive();
  const record: JournalRecord = {
    kind: "request-settled",
    at: turn.engine.clock.now(),
    turn: turn.id,
    key: failed.key,
    outcome: { status: "failed", error: encodeError(failed.error) },
  };
  await writeJournal(turn, [record]);
  return { status: "failed", error: failed.error };
}

interface Dispatch {
  readonly key: string;
  readonly mail: Mail;
  readonly deadlineMs: number;
  readonly target: WaitNode | undefined;
}

async function dispatch(turn: Turn, frame: Frame, sending: Dispatch): Promise<LiveOutcome> {
  const { key, mail } = sending;
  // Waiting starts before the first await, so that a request in the other direction finds the cycle.
  if (sending.target !== undefined) turn.waitsFor.push(sending.target);
  try {
    const taken = takeOutgoing(turn, frame);
    const outgoing: Outgoing = isPromiseLike(taken) ? await taken : taken;
    const at = turn.engine.clock.now();
    const written = writeJournal(turn, [
      ...outgoing.waits,
      { kind: "request-sent", at, turn: turn.id, key, mail, ...toFlush(turn, frame, outgoing) },
    ]);
    if (isPromiseLike(written)) await written;
    const replied = awaitReply(turn, frame, { key, mail, deadlineMs: sending.deadlineMs });
    release(turn, outgoing);
    turn.engine.post.deliver([mail], turn.activation.cell);
    return await replied;
  } finally {
    if (sending.target !== undefined) turn.waitsFor.splice(turn.waitsFor.indexOf(sending.target), 1);
  }
}

interface Awaited {
  readonly key: string;
  readonly mail: Mail;
  readonly deadlineMs?: number;
}

/** Waits for the outcome; it is recorded before the handler, or a parked turn's next frame, sees it. */
async function awaitReply(turn: Turn, frame: Frame, { key, mail, deadlineMs }: Awaited): Promise<LiveOutcome> {
  const reply = createDeferred<LiveOutcome>();
  const left = deadlineMs ?? remaining(turn, mail);
  turn.engine.pending.open(mail, left, (outcome) => settle(turn, { key, outcome, reply }));
  turn.openSends.set(mail.messageId, key);
  frame.waiting += 1;
  turn.maybeRest();
  const outcome = await reply.promise;
  frame.waiting -= 1;
  turn.openSends.delete(mail.messageId);
  return outcome;
}

function settle(
  turn: Turn,
  settled: {
    readonly key: string;
    readonly outcome: LiveOutcome;
    readonly reply: ReturnType<typeof createDeferred<LiveOutcome>>;
  },
): void {
  if (turn.isEnded) return;
  const { key, outcome, reply } = settled;
  if (!turn.isParked) turn.wake();
  const record: JournalRecord = {
    kind: "request-settled",
    at: turn.engine.clock.now(),
    turn: turn.id,
    key,
    outcome: toReplyOutcome(outcome),
  };
  const handOut = (): void => {
    turn.progress();
    if (turn.isParked) turn.unpark();
    else reply.resolve(outcome);
  };
  try {
    const written = writeJournal(turn, [record]);
    if (isPromiseLike(written)) {
      turn.engine.own(
        written.then(handOut, (error: unknown) =>
          turn.failAttempt(error instanceof Error ? error : new Error(String(error))),
        ),
        `reply "${formatAgentId(turn.mail.recipient)}" waits for`,
      );
    } else handOut();
  } catch (error) {
    turn.failAttempt(error instanceof Error ? error : new Error(String(error)));
  }
}

function remaining(turn: Turn, mail: Mail): number {
  return mail.deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(0, mail.deadline - turn.engine.clock.now());
}
