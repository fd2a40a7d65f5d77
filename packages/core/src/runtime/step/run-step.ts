import {
  type ControlReason,
  type StepContext,
  type StepOptions,
  type StepOutcome,
  trustType,
} from "../../agent/index.ts";
import { decodeError, StateError } from "../../errors/index.ts";
import type { JournalRecord } from "../../store/index.ts";
import { takeEvents, toFlush, writeJournal } from "../turn/flush.ts";
import type { Frame } from "../turn/frame.ts";
import { StepRun, stepCancelled, type StepResult, stepUnknown } from "./step-run.ts";
import type { Turn } from "../turn/turn.ts";

/** One step as its caller asked for it. */
export interface StepRequest {
  readonly key: string;
  readonly options: StepOptions;
  readonly run: (step: StepContext) => unknown;
}

/** Runs a step, or hands out what was recorded of it (C6). @throws StateError `state.ambiguous_step`. */
export async function runStep(turn: Turn, frame: Frame, request: StepRequest): Promise<StepResult> {
  const { key } = request;
  frame.assertLive();
  if (frame.keys.has(key)) throw ambiguous(key);
  frame.keys.add(key);
  frame.busy += 1;
  try {
    if (frame.replayer !== undefined && !frame.replayer.isOver) {
      const recorded = await frame.replayer.ask(key);
      frame.assertLive();
      if (recorded?.kind === "step-settled") {
        frame.now = recorded.at;
        return withLost({ record: recorded.outcome }, recorded.lost ?? 0);
      }
    }
    return await startStep(turn, frame, request);
  } finally {
    frame.busy -= 1;
    turn.maybeRest();
  }
}

async function startStep(turn: Turn, frame: Frame, request: StepRequest): Promise<StepResult> {
  const { key, options } = request;
  const refused = await refusal(turn, frame, request);
  const lost = lostBefore(turn, request);
  if (refused !== undefined) return record(turn, frame, { key, options, result: withLost(refused, lost) });
  const isRerun = turn.attempt > 1 || (turn.hasJournal && turn.journal.claims(key) > 0);
  await claim(turn, frame, request);
  const stop = turn.stop ?? turn.run?.stop;
  if (stop !== undefined)
    return record(turn, frame, {
      key,
      options,
      result: { record: { status: "cancelled", reason: stop, partial: undefined } },
    });
  frame.assertLive();
  if (isRerun)
    turn.run?.showLive({ path: turn.mail.run?.path ?? [], kind: "attempt-restarted", payload: { step: key } });
  const step = new StepRun(turn.engine, { key, idempotencyKey: `${turn.id}#${key}`, options, lost }, request.run);
  const settled = step
    .outcome()
    .then((result) => record(turn, frame, { key, options, result: withLost(result, lost) }));
  frame.running.set(key, {
    abort: (reason: ControlReason, error?: Error) => step.abort(reason, error),
    settled: settled.then(nothing, nothing),
  });
  turn.wake();
  turn.progress();
  return settled;
}

function nothing(): void {}

/** Executions that nobody settled: only steps that reserve something (`claim`) are claimed each time they run. */
function lostBefore(turn: Turn, { key, options }: StepRequest): number {
  return options.claim === undefined || !turn.hasJournal ? 0 : turn.journal.claims(key);
}

function withLost(result: StepResult, lost: number): StepResult {
  return lost === 0 ? result : { ...result, lost };
}

/** Why a step must not start: the turn was stopped, or its claim has no outcome and may have taken effect. Waits out a pause. */
async function refusal(turn: Turn, frame: Frame, { key, options }: StepRequest): Promise<StepResult | undefined> {
  while (turn.run?.isPaused === true) {
    frame.suspend();
    frame.held += 1;
    turn.maybeRest();
    await turn.run.whenResumed();
    frame.held -= 1;
    frame.proceed();
    frame.assertLive();
    turn.wake();
  }
  const stop = turn.stop ?? turn.run?.stop;
  if (stop !== undefined) return { record: { status: "cancelled", reason: stop, partial: undefined } };
  const hasClaim = turn.hasJournal && turn.journal.claims(key) > 0;
  return hasClaim && options.idempotent !== true ? { record: { status: "unknown", reason: undefined } } : undefined;
}

async function claim(turn: Turn, frame: Frame, { key, options }: StepRequest): Promise<void> {
  // What was said before the step is shown before it: a model's words must not come ahead of the tool result they follow.
  if (options.idempotent === true && options.claim === undefined && frame.events.length === 0) return;
  if (options.claim === undefined && turn.hasJournal && turn.journal.claims(key) > 0) return;
  const events = takeEvents(turn, frame);
  const written = writeJournal(
    turn,
    [
      {
        kind: "step-claimed",
        at: turn.engine.clock.now(),
        turn: turn.id,
        key,
        claim: options.claim,
        ...toFlush(turn, frame, { sent: [], events, counts: undefined }),
      },
    ],
    { isLazy: isLazy(turn, options) },
  );
  const show = (): void => {
    for (const event of events) turn.run?.show(event);
  };
  if (written === undefined) show();
  else if (isLazy(turn, options)) written.then(show, nothing);
  else await written.then(show);
}

/** True when what is recorded of a step may wait for the turn's next commit point (C25). */
function isLazy(turn: Turn, options: StepOptions): boolean {
  return options.idempotent === true && turn.mail.run?.durability === "turn";
}

/**
 * Records an outcome and hands it to the handler: on a store that outlives the process before it is written, so that the claim of the
 * step that follows goes with it (C22). A frame that is over records nothing.
 */
async function record(
  turn: Turn,
  frame: Frame,
  ended: { readonly key: string; readonly options: StepOptions; readonly result: StepResult },
): Promise<StepResult> {
  const { key, result } = ended;
  try {
    frame.assertLive();
    const events = takeEvents(turn, frame);
    const settled: JournalRecord = {
      kind: "step-settled",
      at: turn.engine.clock.now(),
      turn: turn.id,
      key,
      outcome: result.record,
      ...(result.lost !== undefined && { lost: result.lost }),
      ...toFlush(turn, frame, { sent: [], events, counts: undefined }),
    };
    const written = writeJournal(turn, [settled], { isLazy: isLazy(turn, ended.options) });
    const show = (): void => {
      for (const event of events) turn.run?.show(event);
    };
    turn.progress();
    frame.now = settled.at;
    if (written === undefined) show();
    // Everything durable that depends on the outcome is written behind it or with it, and shown only then; a write that fails
    // loses the cell, and the turn with it.
    else if (turn.activation.cell.work !== undefined) written.then(show, nothing);
    else await written.then(show);
    return result;
  } finally {
    frame.running.delete(key);
  }
}

/** The recorded outcome as data. */
export function toOutcome<T>(result: StepResult): StepOutcome<T> {
  const outcome = settledOutcome<T>(result);
  return result.lost === undefined ? outcome : { ...outcome, lost: result.lost };
}

function settledOutcome<T>(result: StepResult): StepOutcome<T> {
  const { record: outcome } = result;
  switch (outcome.status) {
    case "done":
      // What the step's own function returned, or its JSON copy on replay: the caller named the type.
      return { status: "done", value: trustType<T>(outcome.value) };
    case "failed":
      return { status: "failed", error: result.error ?? decodeError(outcome.error) };
    case "cancelled":
      return { status: "cancelled", reason: outcome.reason, partial: outcome.partial };
    case "unknown":
      return { status: "unknown", reason: outcome.reason };
  }
}

/** The value, or the outcome as an error. */
export function unwrap<T>(key: string, result: StepResult): T {
  const outcome = settledOutcome<T>(result);
  switch (outcome.status) {
    case "done":
      return outcome.value;
    case "failed":
      throw outcome.error;
    case "cancelled":
      throw stepCancelled(key, outcome.reason);
    case "unknown":
      throw result.error ?? stepUnknown(key, outcome.reason);
  }
}

function ambiguous(key: string): StateError {
  return new StateError("state.ambiguous_step", `Step "${key}" was started already in this turn`, {
    remedy: "Give parallel steps names or keys of their own, or run each branch in context.branch().",
    details: { key },
  });
}
