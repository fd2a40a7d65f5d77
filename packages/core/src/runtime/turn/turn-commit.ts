import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import { encodeError, StateError, toError } from "../../errors/index.ts";
import { encodeJson, validate } from "../../message/index.ts";
import { freezeJson, type ListChange, type TurnRecord } from "../../store/index.ts";
import type { DeadLetter } from "../delivery/dead-letters.ts";
import type { LiveOutcome } from "../delivery/pending-requests.ts";
import { type Outgoing, release, writeOutgoing } from "./flush.ts";
import type { Frame } from "./frame.ts";
import { answerMail, tellAsker } from "../request/answer-asker.ts";
import { toReplyOutcome } from "../request/reply-sinks.ts";
import type { Turn } from "./turn.ts";

/** What a turn changes, computed before anything is written. */
interface Changes {
  /** JSON text of the new state; undefined when it did not change. */
  readonly state: string | undefined;
  readonly lists: readonly ListChange[];
  readonly outgoing: Outgoing;
  readonly reply: LiveOutcome | undefined;
}

/** Ends a turn whose handler has returned: one append, then everything leaves (C5). A value that does not fit fails the attempt. */
export function commitTurn(turn: Turn, frame: Frame, value: unknown): void {
  try {
    const reply = turn.mail.kind === "request" ? checkReply(turn, value) : undefined;
    const intervened = reply === undefined ? undefined : interveneReply(turn, reply);
    if (isPromiseLike(intervened)) {
      turn.wake();
      intervened.then(
        (result) => commitReply(turn, frame, result),
        (error: unknown) => failCommit(turn, frame, error),
      );
      return;
    }
    commitReply(turn, frame, intervened);
  } catch (error) {
    failCommit(turn, frame, error);
  }
}

function commitReply(turn: Turn, frame: Frame, reply: LiveOutcome | undefined): void {
  if (frame.isOver) return;
  try {
    const state = newState(turn, frame);
    const lists = listChanges(frame);
    const written = writeOutgoing(turn, frame, (outgoing) => write(turn, frame, { state, lists, outgoing, reply }));
    if (!isPromiseLike(written)) return;
    turn.wake();
    written.then(undefined, (error: unknown) => failCommit(turn, frame, error));
  } catch (error) {
    failCommit(turn, frame, error);
  }
}

/** Another attempt may have begun while interventions were asked. */
function failCommit(turn: Turn, frame: Frame, error: unknown): void {
  if (!frame.isOver) turn.failAttempt(toError(error));
}

/** The reply in both forms. @throws SerializationError `serialization.invalid_reply`. */
function checkReply(turn: Turn, value: unknown): LiveOutcome {
  const route = turn.activation.blueprint.routes.get(turn.mail.type);
  const what = `reply to "${turn.mail.type}"`;
  const body = freezeJson(value ?? null, what);
  if (route?.kind !== "request") return { status: "replied", body, output: body };
  const output = validate(route.type.reply, value === undefined ? undefined : body, {
    what,
    code: "serialization.invalid_reply",
  });
  return { status: "replied", body, output };
}

function interveneReply(turn: Turn, reply: LiveOutcome): MaybePromise<LiveOutcome> {
  const chain = turn.engine.interventions;
  if (chain === undefined || reply.status === "failed" || !chain.has("onReply")) return reply;
  const { mail } = turn;
  const result = chain.reply(reply.body, {
    messageId: mail.messageId,
    sender: mail.recipient,
    recipient: mail.sender,
    requestType: mail.type,
  });
  return isPromiseLike(result)
    ? result.then((value) => turn.engine.replyAfter(turn, reply, value))
    : turn.engine.replyAfter(turn, reply, result);
}

/** @throws StateError `state.unserializable`, `state.too_large`, `state.read_only`. */
function newState(turn: Turn, frame: Frame): string | undefined {
  if (!frame.isStateTouched || frame.isForgotten || turn.isShared) return undefined;
  const json = encodeState(turn);
  if (json === turn.activation.committedState) return undefined;
  const limit = turn.engine.limits.maxStateBytes;
  // A character has at most three bytes.
  const bytes = json.length * 3 <= limit ? 0 : new TextEncoder().encode(json).byteLength;
  if (bytes <= limit) return json;
  throw new StateError(
    "state.too_large",
    `The state of "${turn.activation.key}" has ${bytes} bytes; the limit is ${limit}`,
    {
      remedy: "Keep what grows in lists, or raise maxStateBytes.",
      details: { bytes, limit },
    },
  );
}

function encodeState(turn: Turn): string {
  const what = `state of "${turn.activation.key}"`;
  try {
    return encodeJson(turn.activation.state ?? null, what);
  } catch (cause) {
    throw new StateError("state.unserializable", `The ${what} is not JSON: ${toError(cause).message}`, {
      remedy: "Keep plain JSON in state; rebuild class instances, maps and functions when they are needed.",
      cause,
    });
  }
}

function listChanges(frame: Frame): readonly ListChange[] {
  if (frame.lists === undefined || frame.isForgotten) return [];
  return [...frame.lists.values()].map((draft) => draft.change()).filter((change) => change !== undefined);
}

/** A write that fails loses the cell, and this turn with it. */
function write(turn: Turn, frame: Frame, changes: Changes): void {
  turn.beginCommit();
  const { cell } = turn.activation;
  const settlement = answerMail({ engine: turn.engine, mail: turn.mail, cell }, changes.reply);
  const { outgoing } = changes;
  const ready =
    settlement === undefined
      ? changes
      : { ...changes, outgoing: { ...outgoing, sent: [...outgoing.sent, settlement] } };
  const written = cell.isLogged ? cell.append([toRecord(turn, frame, ready)]) : undefined;
  if (!isPromiseLike(written)) {
    apply(turn, frame, ready);
    return;
  }
  turn.wake();
  cell.beginCommit();
  written.then(
    () => {
      apply(turn, frame, ready);
      cell.endCommit();
    },
    (error: unknown) => failCommit(turn, frame, error),
  );
}

/** Written field by field: one record for each turn stays in the log, and spreads would make each twice. */
function toRecord(turn: Turn, frame: Frame, changes: Changes): TurnRecord {
  const { sent, events } = changes.outgoing;
  const record: { -readonly [Key in keyof TurnRecord]: TurnRecord[Key] } = {
    kind: "turn",
    at: turn.engine.clock.now(),
    turn: turn.id,
    agent: turn.activation.id,
    messageId: turn.mail.messageId,
  };
  const { stateVersion } = turn.activation.blueprint;
  if (changes.state !== undefined) record.state = changes.state;
  if (changes.state !== undefined && stateVersion > 1) record.version = stateVersion;
  if (changes.lists.length > 0) record.lists = changes.lists;
  if (frame.isForgotten) record.isForgotten = true;
  if (changes.reply !== undefined) record.reply = toReplyOutcome(changes.reply);
  if (sent.length > 0) record.sent = sent;
  if (events.length > 0) record.events = events;
  return record;
}

function apply(turn: Turn, frame: Frame, changes: Changes): void {
  if (frame.isOver) return;
  const { activation, mail, engine } = turn;
  if (frame.isForgotten) activation.forget();
  if (changes.state !== undefined) activation.commitState(changes.state);
  for (const change of changes.lists) activation.commitList(change.name, change.items, change.isReplaced);
  // A branch that lost a race may still run: the state object that it holds is of no use any more (C9).
  if (frame.isStateTouched && frame.busy + frame.waiting > 0) activation.dropDraft();
  release(turn, changes.outgoing);
  if (changes.reply !== undefined) tellAsker({ engine, mail, cell: activation.cell }, changes.reply);
  engine.observe?.({
    kind: "message-handled",
    agent: mail.recipient,
    durationMs: engine.clock.now() - turn.beganAt,
    messageId: mail.messageId,
    type: mail.type,
    sender: mail.sender,
  });
  turn.close();
}

/** Ends a turn whose last attempt has failed: the asker gets the error, other messages become dead letters (C8). */
export function failTurn(turn: Turn, error: Error): void {
  const { mail, engine } = turn;
  turn.beginFailure();
  const letter = mail.kind === "request" ? undefined : engine.post.letterOf(mail, "handler-failed", error);
  // Stored before the record that ends the message: a death in between handles it again.
  const kept = letter && engine.letters.keep([letter]);
  if (kept === undefined) {
    endFailed(turn, error, letter);
    return;
  }
  turn.wake();
  engine.own(
    kept.then(() => endFailed(turn, error, letter)),
    `end of turn "${turn.id}"`,
  );
}

function endFailed(turn: Turn, error: Error, letter: DeadLetter | undefined): void {
  const { mail, engine, activation } = turn;
  if (turn.isEnded) return;
  const reply: LiveOutcome | undefined = mail.kind === "request" ? { status: "failed", error } : undefined;
  const settlement = answerMail({ engine, mail, cell: activation.cell }, reply);
  const finish = (): void => {
    if (turn.isEnded) return;
    if (settlement !== undefined) engine.post.deliver([settlement], activation.cell);
    if (reply !== undefined) tellAsker({ engine, mail, cell: activation.cell }, reply);
    if (letter !== undefined) engine.failedEvent(letter);
    turn.close();
  };
  if (!activation.cell.isLogged) {
    finish();
    return;
  }
  const record: TurnRecord = {
    kind: "turn",
    at: engine.clock.now(),
    turn: turn.id,
    agent: activation.id,
    messageId: mail.messageId,
    ...(reply === undefined ? { error: encodeError(error) } : { reply: toReplyOutcome(reply) }),
    ...(settlement !== undefined && { sent: [settlement] }),
  };
  try {
    const written = activation.cell.append([record]);
    if (!isPromiseLike(written)) {
      finish();
      return;
    }
    turn.wake();
    // A write that fails loses the cell, and tells all who wait.
    written.then(finish, () => {});
  } catch {
    // The cell is lost: its next owner goes on with the message.
    turn.close();
  }
}
