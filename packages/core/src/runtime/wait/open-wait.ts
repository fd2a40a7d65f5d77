import type { StandardSchemaV1 } from "@standard-schema/spec";
import { createDeferred, isPromiseLike } from "../../async/index.ts";
import { type ControlReason, trustType, type Wait, type WaitOptions } from "../../agent/index.ts";
import { StateError } from "../../errors/index.ts";
import { validate } from "../../message/index.ts";
import { freezeJson, type JournalRecord, type WaitRecord, type WaitRecordOutcome } from "../../store/index.ts";
import { type Outgoing, release, toFlush, writeJournal, writeOutgoing } from "../turn/flush.ts";
import { assertDuration } from "../delivery/mail-factory.ts";
import type { Frame } from "../turn/frame.ts";
import { stepCancelled } from "../step/step-run.ts";
import type { Turn } from "../turn/turn.ts";

/** A deadline that does not come, as JSON: a store knows no infinity. */
const never = Number.MAX_SAFE_INTEGER;

/** A wait as its caller asked for it. */
export interface WaitRequest<T> {
  readonly key: string;
  readonly name: string;
  readonly schema: StandardSchemaV1<unknown, T> | undefined;
  readonly isTimer: boolean;
  readonly deadlineMs: number;
  readonly question: WaitOptions["question"];
}

/** Opens a wait: queued now, recorded with the next commit point, at the latest when its answer is awaited (C16). */
export function openWait<T>(turn: Turn, frame: Frame, request: WaitRequest<T>): Wait<T> {
  frame.assertLive();
  const { key, name } = request;
  assertDuration(request.deadlineMs, request.isTimer ? "durationMs" : "deadlineMs");
  const known = turn.hasJournal ? turn.journal.wait(key)?.wait : undefined;
  const record: WaitRecord = known ?? {
    id: turn.engine.ids.next(),
    name,
    isTimer: request.isTimer,
    deadline: Math.min(never, turn.engine.clock.now() + request.deadlineMs),
    question: request.question === undefined ? undefined : freezeJson(request.question, `question of "${name}"`),
  };
  const outcome = createDeferred<WaitRecordOutcome>();
  const opened = (): void => {
    if (turn.isEnded) return;
    const { engine } = turn;
    engine.waits.open({ turn, key, record, schema: request.schema, handOut: outcome.resolve });
    // A stop that came while the question was being written has not seen it.
    const stop = turn.stop ?? turn.run?.stop;
    if (stop !== undefined) engine.own(engine.waits.cancelTurn(turn, stop), `cancel of wait "${name}"`);
  };
  // One that was refused when it was asked first has an outcome and was never opened.
  const isRefused = turn.hasJournal && turn.journal.outcome(key) !== undefined;
  if (known === undefined && !isRefused) frame.waits.push({ key, record, opened });
  let answer: Promise<T> | undefined;
  return {
    id: record.id,
    get answer(): Promise<T> {
      answer ??= settled(turn, frame, {
        request,
        record,
        outcome: outcome.promise,
        reopen: known === undefined ? undefined : opened,
      });
      // The attempt may end before anybody awaits it.
      answer.catch(() => {});
      return answer;
    },
  };
}

interface Settling<T> {
  readonly request: WaitRequest<T>;
  readonly record: WaitRecord;
  readonly outcome: Promise<WaitRecordOutcome>;
  /** Set when the wait was open before this frame began. */
  readonly reopen: (() => void) | undefined;
}

async function settled<T>(turn: Turn, frame: Frame, settling: Settling<T>): Promise<T> {
  frame.assertLive();
  frame.busy += 1;
  try {
    const recorded = await findRecorded(turn, frame, settling);
    return unwrap(settling.request, recorded ?? (await waitOpen(turn, frame, settling)));
  } finally {
    frame.busy -= 1;
    turn.maybeRest();
  }
}

/** The outcome that the journal holds, handed out in its place. */
async function findRecorded<T>(
  turn: Turn,
  frame: Frame,
  { request: { key }, reopen }: Settling<T>,
): Promise<WaitRecordOutcome | undefined> {
  if (frame.replayer !== undefined && !frame.replayer.isOver) {
    const recorded = await frame.replayer.ask(key);
    frame.assertLive();
    if (recorded?.kind === "wait-settled") return seen(frame, recorded);
  }
  const late = turn.hasJournal && reopen !== undefined ? turn.journal.outcome(key) : undefined;
  return late?.kind === "wait-settled" ? seen(frame, late) : undefined;
}

function seen(frame: Frame, record: Extract<JournalRecord, { readonly kind: "wait-settled" }>): WaitRecordOutcome {
  frame.now = record.at;
  return record.outcome;
}

async function waitOpen<T>(
  turn: Turn,
  frame: Frame,
  { request: { key }, record, outcome, reopen }: Settling<T>,
): Promise<WaitRecordOutcome> {
  const stop = turn.stop ?? turn.run?.stop;
  const isQueued = frame.waits.some((wait) => wait.key === key);
  if (stop !== undefined && isQueued) return refuse(turn, frame, { key, reason: stop });
  if (reopen === undefined) await commitPoint(turn, frame, { key, record });
  else reopen();
  frame.suspend();
  turn.maybeRest();
  const result = await outcome;
  frame.proceed();
  frame.assertLive();
  return result;
}

/** A stopped turn asks nothing any more; that it wanted to is recorded, so that a replay hears the same. */
async function refuse(
  turn: Turn,
  frame: Frame,
  { key, reason }: { readonly key: string; readonly reason: ControlReason },
): Promise<WaitRecordOutcome> {
  frame.waits = frame.waits.filter((wait) => wait.key !== key);
  const outcome: WaitRecordOutcome = { status: "cancelled", reason };
  const settled: JournalRecord = { kind: "wait-settled", at: turn.engine.clock.now(), turn: turn.id, key, outcome };
  const written = writeJournal(turn, [settled]);
  if (isPromiseLike(written)) await written;
  frame.now = settled.at;
  return outcome;
}

/** Lets out everything queued, the opened waits among it; what was queued after a wait had opened leaves with a second record of it. */
async function commitPoint(
  turn: Turn,
  frame: Frame,
  wait: { readonly key: string; readonly record: WaitRecord },
): Promise<void> {
  const writing = writeOutgoing(turn, frame, (outgoing) => ({
    outgoing,
    written: writeJournal(turn, toRecords(turn, frame, { outgoing, wait })),
  }));
  const { outgoing, written } = isPromiseLike(writing) ? await writing : writing;
  if (isPromiseLike(written)) await written;
  // What is stored leaves, also when the attempt is over meanwhile.
  release(turn, outgoing);
  frame.assertLive();
}

function toRecords(
  turn: Turn,
  frame: Frame,
  {
    outgoing,
    wait,
  }: { readonly outgoing: Outgoing; readonly wait: { readonly key: string; readonly record: WaitRecord } },
): readonly JournalRecord[] {
  const [first, ...rest] = outgoing.waits;
  if (first === undefined && outgoing.sent.length + outgoing.events.length + outgoing.failures.length === 0) return [];
  const carrier: JournalRecord = first ?? {
    kind: "wait-opened",
    at: turn.engine.clock.now(),
    turn: turn.id,
    key: wait.key,
    wait: wait.record,
  };
  return [{ ...carrier, ...toFlush(turn, frame, outgoing) }, ...rest];
}

/** The answer in its output form, or the end of the wait as an error. */
function unwrap<T>(request: WaitRequest<T>, outcome: WaitRecordOutcome): T {
  switch (outcome.status) {
    case "answered": {
      const { schema, name } = request;
      // A wait without a schema is a timer, which is never answered.
      if (schema === undefined) throw new Error(`timer "${name}" was answered`);
      return validate(schema, outcome.answer, { what: `answer to "${name}"` });
    }
    case "elapsed":
      return trustType<T>(undefined);
    case "deadline":
      throw new StateError("wait.deadline_exceeded", `Nobody answered "${request.name}" before its deadline`, {
        remedy: "Give the wait a longer deadlineMs, or handle the missing answer.",
        details: { name: request.name },
      });
    case "cancelled":
      throw stepCancelled(request.key, outcome.reason);
  }
}
