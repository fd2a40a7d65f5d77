import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import type { CellEvent, Flush, JournalRecord, Mail } from "../../store/index.ts";
import type { Failure, Prepared } from "../delivery/post-office.ts";
import { mailboxSink } from "../request/reply-sinks.ts";
import type { Frame, QueuedEvent, QueuedMessage } from "./frame.ts";
import type { Turn } from "./turn.ts";

/** Everything a record lets out, ready to be stored and then to leave. */
export interface Outgoing {
  readonly sent: readonly Mail[];
  readonly failures: readonly Failure[];
  /** Queued, without a number. */
  readonly queued: readonly QueuedEvent[];
  /** Numbered, in the moment of writing. */
  readonly events: readonly CellEvent[];
  readonly waits: readonly JournalRecord[];
  readonly opened: readonly (() => void)[];
  /** Deadlines of requests between turns, by message id. */
  readonly deadlines: ReadonlyMap<string, number> | undefined;
  /** Messages that each scope had queued when these were taken; undefined when none were. */
  readonly counts: ReadonlyMap<string, number> | undefined;
}

const nothing: Outgoing = {
  sent: [],
  failures: [],
  queued: [],
  events: [],
  waits: [],
  opened: [],
  deadlines: undefined,
  counts: undefined,
};

/** Numbers the queued events of a frame, for a record that is written in the same breath: numbers have no gaps (C20). */
export function takeEvents(turn: Turn, frame: Frame): readonly CellEvent[] {
  if (frame.events.length === 0) return nothing.events;
  const queued = frame.events;
  frame.events = [];
  return numbered(turn, queued);
}

function numbered(turn: Turn, queued: readonly QueuedEvent[]): readonly CellEvent[] {
  const { run } = turn;
  if (queued.length === 0 || run === undefined) return nothing.events;
  const at = turn.engine.clock.now();
  return queued.map((event) => run.number({ ...event, at }));
}

/**
 * Takes all that a frame has queued and hands it to `write`, which stores it at once: messages have gone through interventions and
 * are expanded, events are numbered.
 *
 * @throws StateError `state.attempt_over`: what an attempt that is over has queued goes nowhere.
 */
export function writeOutgoing<T>(turn: Turn, frame: Frame, write: (outgoing: Outgoing) => T): MaybePromise<T> {
  const writeNow = (taken: Outgoing): T => {
    frame.assertLive();
    const { queued } = taken;
    const ready = addressed(turn, taken);
    return write(queued.length === 0 ? ready : { ...ready, events: numbered(turn, queued) });
  };
  return frame.inOrder(() => {
    const taken = takeOutgoing(turn, frame);
    return isPromiseLike(taken) ? taken.then(writeNow) : writeNow(taken);
  });
}

/** Messages for other cells get their numbers in the breath that writes them. */
function addressed(turn: Turn, taken: Outgoing): Outgoing {
  const { cell } = turn.activation;
  if (cell.work === undefined || taken.sent.length === 0) return taken;
  return { ...taken, sent: taken.sent.map((mail) => turn.engine.outbox.address(cell, mail)) };
}

function takeOutgoing(turn: Turn, frame: Frame): MaybePromise<Outgoing> {
  if (frame.messages.length === 0 && frame.waits.length === 0) {
    if (frame.events.length === 0) return nothing;
    const queued = frame.events;
    frame.events = [];
    return { ...nothing, queued };
  }
  const { messages } = frame;
  frame.messages = [];
  const counts = frame.messageCounts();
  const prepared = prepareAll(turn, messages);
  return isPromiseLike(prepared)
    ? prepared.then((all) => collect(turn, frame, { all, messages, counts }))
    : collect(turn, frame, { all: prepared, messages, counts });
}

function prepareAll(turn: Turn, messages: readonly QueuedMessage[]): MaybePromise<readonly Prepared[]> {
  const ready: Prepared[] = [];
  for (const [index, message] of messages.entries()) {
    const prepared = turn.engine.post.prepare(message.posting);
    if (isPromiseLike(prepared)) return prepareRest(turn, { ready, first: prepared, rest: messages.slice(index + 1) });
    ready.push(prepared);
  }
  return ready;
}

/** Once an intervention has answered with a promise, the rest goes one after the other too: they keep their order. */
async function prepareRest(
  turn: Turn,
  state: { readonly ready: Prepared[]; readonly first: PromiseLike<Prepared>; readonly rest: readonly QueuedMessage[] },
): Promise<readonly Prepared[]> {
  state.ready.push(await state.first);
  for (const message of state.rest) state.ready.push(await turn.engine.post.prepare(message.posting));
  return state.ready;
}

function collect(
  turn: Turn,
  frame: Frame,
  taken: {
    readonly all: readonly Prepared[];
    readonly messages: readonly QueuedMessage[];
    readonly counts: ReadonlyMap<string, number>;
  },
): Outgoing {
  let deadlines: Map<string, number> | undefined;
  for (const message of taken.messages) {
    if (message.deadlineMs === undefined) continue;
    deadlines ??= new Map();
    deadlines.set(message.posting.letter.messageId, message.deadlineMs);
  }
  const at = turn.engine.clock.now();
  const waits = frame.waits.map(
    (wait): JournalRecord => ({ kind: "wait-opened", at, turn: turn.id, key: wait.key, wait: wait.record }),
  );
  const opened = frame.waits.map((wait) => wait.opened);
  frame.waits = [];
  const queued = frame.events;
  frame.events = [];
  const only = taken.all[0];
  const isOne = taken.all.length === 1 && only !== undefined;
  return {
    sent: isOne ? only.mails : taken.all.flatMap((prepared) => prepared.mails),
    failures: isOne ? only.failures : taken.all.flatMap((prepared) => prepared.failures),
    queued,
    events: [],
    waits,
    opened,
    deadlines,
    counts: taken.counts,
  };
}

/**
 * The part of a journal record that lets things out. A record without messages leaves their counts as they were: those still
 * queued would otherwise count as sent, and a replay would drop them.
 */
export function toFlush(turn: Turn, frame: Frame, outgoing: Pick<Outgoing, "sent" | "events" | "counts">): Flush {
  if (outgoing.sent.length === 0 && outgoing.events.length === 0) return {};
  return {
    ...(outgoing.sent.length > 0 && { sent: outgoing.sent }),
    ...(outgoing.events.length > 0 && { events: outgoing.events }),
    flushed: flushCounts(turn, frame, outgoing.counts),
  };
}

/** How far each scope's output has got, for the record that carries it. */
function flushCounts(
  turn: Turn,
  frame: Frame,
  counts: ReadonlyMap<string, number> | undefined,
): NonNullable<Flush["flushed"]> {
  const flushed: { scope: string; messages?: number; events?: number }[] = [];
  for (const scope of frame.touched) {
    const before = turn.journal.flushed(scope.name);
    const messages = Math.max(counts?.get(scope.name) ?? 0, before?.messages ?? 0);
    const events = Math.max(scope.events, before?.events ?? 0);
    if (messages + events > 0)
      flushed.push({ scope: scope.name, ...(messages > 0 && { messages }), ...(events > 0 && { events }) });
    if (messages >= scope.messages) frame.touched.delete(scope);
  }
  return flushed;
}

/** Lets out what a stored record holds: events are shown, requests are waited for, messages are delivered. */
export function release(turn: Turn, outgoing: Outgoing): void {
  const { engine, run } = turn;
  if (run !== undefined) for (const event of outgoing.events) run.show(event);
  for (const open of outgoing.opened) open();
  for (const mail of outgoing.sent) {
    const deadlineMs = outgoing.deadlines?.get(mail.messageId);
    if (mail.replyTo?.kind === "mailbox" && deadlineMs !== undefined)
      engine.pending.open(mail, deadlineMs, mailboxSink(engine, mail));
  }
  for (const failure of outgoing.failures) void engine.post.fail(failure);
  if (outgoing.sent.length > 0) engine.post.deliver(outgoing.sent, turn.activation.cell);
}

/**
 * Writes journal records of a turn: to the log when its cell has one, and to the journal that a replay reads. Lazy ones reach a
 * durable store with the next record that is not (C25).
 *
 * @throws StateError `state.journal_full`; what the store throws.
 */
export function writeJournal(
  turn: Turn,
  records: readonly JournalRecord[],
  options: { readonly isLazy?: boolean } = {},
): MaybePromise<void> {
  try {
    for (const record of records) turn.journal.add(record);
  } catch (error) {
    turn.run?.takeBack(records.reduce((count, record) => count + (record.events?.length ?? 0), 0));
    throw error;
  }
  const { cell } = turn.activation;
  if (!cell.isLogged || records.length === 0) return undefined;
  return options.isLazy === true ? cell.appendLazily(records) : cell.append(records);
}
