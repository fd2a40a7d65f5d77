import { type Clock, systemClock } from "@troupe/core";
import type { RunResult } from "../message/run-result.ts";
import type { Run } from "../run/handle/run-handle.ts";
import { RunPrinter } from "./run-printer.ts";
import { defaultWriter, type RunWriter } from "./writer.ts";

/** Where and how a run is printed. */
export interface PrintRunOptions {
  /** Default: the process's standard output, or the console. */
  readonly writer?: RunWriter | undefined;
  /** For durations and the spinner; default the system's. */
  readonly clock?: Clock | undefined;
}

/**
 * Prints a run as it happens and resolves with its result, or with what it has when it rests for an answer.
 *
 * At a terminal: colours, words as they come, a spinner on long calls. Piped into a file: plain text, whole messages.
 *
 * @throws What the run fails with, after it was printed so far.
 */
export async function printRun<Output>(run: Run<Output>, options: PrintRunOptions = {}): Promise<RunResult<Output>> {
  const clock = options.clock ?? systemClock;
  const printer = new RunPrinter(options.writer ?? defaultWriter(), clock);
  const startedAt = clock.monotonic();
  const events = run.handle.events()[Symbol.asyncIterator]();
  const ended = run.handle.result();
  // A run that rests shows no more events: the loop is left when the question has been printed.
  let restsAt = Number.POSITIVE_INFINITY;
  let printed = 0;
  const leaveAtRest = async (): Promise<void> => {
    if (printed >= restsAt) await events.return?.();
  };
  const rested = ended.then(
    async ({ stopReason }) => {
      if (stopReason.kind === "input-required") restsAt = stopReason.sequence;
      await leaveAtRest();
    },
    () => undefined,
  );
  try {
    for (let step = await events.next(); step.done !== true; step = await events.next()) {
      printer.print(step.value);
      printed = step.value.sequence;
      await leaveAtRest();
    }
    await rested;
    const result = await ended;
    printer.result(result, clock.monotonic() - startedAt);
    return result;
  } finally {
    printer.close();
    await events.return?.();
  }
}
