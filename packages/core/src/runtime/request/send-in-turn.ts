import { createDeferred, isPromiseLike, type MaybePromise } from "../../async/index.ts";
import type { TurnSendOptions } from "../../agent/index.ts";
import { decodeError, encodeError, toError } from "../../errors/index.ts";
import { type AgentId, formatAgentId } from "../../identity/index.ts";
import { definitionOf, type Message } from "../../message/index.ts";
import type { JournalRecord, Mail, ReplyOutcome } from "../../store/index.ts";
import { agentNode, callNode, deadlockError, findCycle, type WaitNode } from "../delivery/deadlock-detector.ts";
import { createLetter, deadlineAt } from "../delivery/mail-factory.ts";
import type { LiveOutcome, ReplyDecoder } from "../delivery/pending-requests.ts";
import type { Posting, Prepared } from "../delivery/post-office.ts";
import { decoderOf, decodeReply } from "./decode-reply.ts";
import { release, toFlush, writeJournal, writeOutgoing } from "../turn/flush.ts";
import { attemptOver, type Frame } from "../turn/frame.ts";
import { toReplyOutcome } from "./reply-sinks.ts";
import { storedSink } from "./stored-sink.ts";
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
  frame.busy += 1;
  try {
    const recorded = await findRecorded(turn, frame, key);
    if (recorded !== undefined) return unwrapRecorded(request.message, recorded);
    const open = turn.hasJournal ? turn.journal.request(key)?.mail : undefined;
    // That a stopped turn wanted to ask is recorded, so that a replay hears the same.
    if (turn.stop !== undefined && open === undefined)
      throw (await settleUnsent(turn, frame, { key, error: stepCancelled(key, turn.stop) })).error;
    const outcome =
      open === undefined
        ? await sendNew(turn, frame, request)
        : await awaitOpen(turn, frame, { key, mail: open, decode: decoderOf(request.message) });
    frame.assertLive();
    if (outcome.status === "failed") throw outcome.error;
    return outcome.output;
  } finally {
    frame.busy -= 1;
    turn.maybeRest();
  }
}

/** The outcome that the journal holds, handed out in its place. */
function findRecorded(turn: Turn, frame: Frame, key: string): MaybePromise<ReplyOutcome | undefined> {
  if (frame.replayer !== undefined && !frame.replayer.isOver)
    return frame.replayer.ask(key).then((recorded) => {
      frame.assertLive();
      return seen(frame, recorded?.kind === "request-settled" ? recorded : settledLate(turn, key));
    });
  return seen(frame, settledLate(turn, key));
}

type SettledRequest = Extract<JournalRecord, { readonly kind: "request-settled" }>;

function seen(frame: Frame, record: SettledRequest | undefined): ReplyOutcome | undefined {
  if (record !== undefined) frame.now = record.at;
  return record?.outcome;
}

/** An outcome that came after the replay had begun. */
function settledLate(turn: Turn, key: string): SettledRequest | undefined {
  const late = turn.hasJournal ? turn.journal.outcome(key) : undefined;
  return late?.kind === "request-settled" ? late : undefined;
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
    deadline: deadlineAt(at, deadlineMs),
    causationId: mail.messageId,
    trace: turn.trace,
    run: turn.childRun(options.path, undefined),
    replyTo: { kind: "turn", agent: turn.activation.id, turn: turn.id, key },
  });
  const posting: Posting = { letter, to: { kind: "agent", id: request.to } };
  const prepared = frame.inOrder(() => engine.post.prepareInTime(posting, deadlineMs));
  const ready: Prepared = isPromiseLike(prepared) ? await prepared : prepared;
  frame.assertLive();
  const sent = ready.mails[0];
  if (sent === undefined) {
    const error = ready.failures[0]?.error ?? new Error("the request vanished");
    return settleUnsent(turn, frame, { key, error });
  }
  const target = targetOf(turn, sent);
  const cycle = target.isShared ? undefined : findCycle(turn, target.node);
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
  return dispatch(turn, frame, {
    key,
    mail: sent,
    deadlineMs,
    target: target.node,
    decode: decoderOf(request.message),
  });
}

/** What a request waits for: an agent, or one call to a shared handler. */
function targetOf(turn: Turn, mail: Mail): { readonly node: WaitNode; readonly isShared: boolean } {
  const { engine } = turn;
  const isShared = engine.directory.get(mail.recipient).routes.get(mail.type)?.isShared === true;
  return { node: isShared ? callNode(engine, mail) : agentNode(engine, mail.recipient), isShared };
}

/** A request that never left is recorded as settled, so that a replay gets the same error. */
async function settleUnsent(
  turn: Turn,
  frame: Frame,
  failed: { readonly key: string; readonly error: Error },
): Promise<Extract<LiveOutcome, { readonly status: "failed" }>> {
  frame.assertLive();
  const record: JournalRecord = {
    kind: "request-settled",
    at: turn.engine.clock.now(),
    turn: turn.id,
    key: failed.key,
    outcome: { status: "failed", error: encodeError(failed.error) },
  };
  await writeJournal(turn, [record]);
  frame.now = record.at;
  return { status: "failed", error: failed.error };
}

interface Awaited {
  readonly key: string;
  readonly mail: Mail;
  readonly deadlineMs: number;
  readonly target: WaitNode;
  readonly decode: ReplyDecoder | undefined;
}

async function dispatch(turn: Turn, frame: Frame, sending: Awaited): Promise<LiveOutcome> {
  const { key } = sending;
  // Waiting starts before the first await, so that a request in the other direction finds the cycle.
  turn.waitsFor.push(sending.target);
  try {
    const writing = writeOutgoing(turn, frame, (outgoing) => {
      const at = turn.engine.clock.now();
      const mail = turn.engine.outbox.address(turn.activation.cell, sending.mail);
      const sent = { kind: "request-sent", at, turn: turn.id, key, mail, ...toFlush(turn, frame, outgoing) } as const;
      return { mail, outgoing, written: writeJournal(turn, [...outgoing.waits, sent]) };
    });
    const { mail, outgoing, written } = isPromiseLike(writing) ? await writing : writing;
    if (isPromiseLike(written)) await written;
    // What is stored leaves, also when the attempt is over meanwhile: then the next frame waits for it, when it gets there.
    const { engine } = turn;
    if (frame.isOver && !turn.isEnded && !engine.pending.has(mail.messageId))
      engine.pending.open(mail, sending.deadlineMs, storedSink(engine, mail));
    const replied = frame.isOver ? undefined : awaitReply(turn, frame, { ...sending, mail });
    release(turn, outgoing);
    engine.post.deliver([mail], turn.activation.cell);
    if (replied === undefined) throw attemptOver(turn.id);
    return await replied;
  } finally {
    stopWaiting(turn, sending.target);
  }
}

/** Waits for a request that an earlier frame of the turn has sent. */
async function awaitOpen(
  turn: Turn,
  frame: Frame,
  open: Pick<Awaited, "key" | "mail" | "decode">,
): Promise<LiveOutcome> {
  const { node } = targetOf(turn, open.mail);
  turn.waitsFor.push(node);
  try {
    return await awaitReply(turn, frame, { ...open, target: node, deadlineMs: remaining(turn, open.mail) });
  } finally {
    stopWaiting(turn, node);
  }
}

/** Another frame of the turn may have begun meanwhile, with waits of its own. */
function stopWaiting(turn: Turn, target: WaitNode): void {
  const index = turn.waitsFor.indexOf(target);
  if (index >= 0) turn.waitsFor.splice(index, 1);
}

/** Waits for the outcome; it is recorded before the handler, or a parked turn's next frame, sees it. */
async function awaitReply(turn: Turn, frame: Frame, { key, mail, deadlineMs, decode }: Awaited): Promise<LiveOutcome> {
  const reply = createDeferred<LiveOutcome>();
  turn.engine.pending.open(mail, deadlineMs, {
    sink: (outcome) => settle(turn, { key, messageId: mail.messageId, outcome, reply }),
    decode,
  });
  turn.openSends.set(mail.messageId, key);
  frame.suspend();
  turn.maybeRest();
  const outcome = await reply.promise;
  frame.proceed();
  turn.openSends.delete(mail.messageId);
  return outcome;
}

function settle(
  turn: Turn,
  settled: {
    readonly key: string;
    readonly messageId: string;
    readonly outcome: LiveOutcome;
    readonly reply: ReturnType<typeof createDeferred<LiveOutcome>>;
  },
): void {
  const { key, outcome, reply } = settled;
  if (turn.isEnded || turn.frame.isCommitting) return;
  if (turn.journal.outcome(key) !== undefined) {
    reply.resolve(outcome);
    return;
  }
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
    if (turn.isParked) {
      turn.unpark();
      return;
    }
    turn.frame.now = record.at;
    reply.resolve(outcome);
    // Another frame may have begun to wait while the outcome was on its way to this one.
    turn.engine.pending.take(settled.messageId)?.sink(outcome);
  };
  try {
    const written = writeJournal(turn, [record]);
    if (isPromiseLike(written)) {
      turn.engine.own(
        written.then(handOut, (error: unknown) => turn.failAttempt(toError(error))),
        `reply "${formatAgentId(turn.mail.recipient)}" waits for`,
      );
    } else handOut();
  } catch (error) {
    turn.failAttempt(toError(error));
  }
}

function remaining(turn: Turn, mail: Mail): number {
  return mail.deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(0, mail.deadline - turn.engine.clock.now());
}
