import { StoreError, TeamError, yieldMacrotask } from "@troupe/core";
import type { RunTarget } from "../run-target.ts";
import type { RunTranscript } from "./run-transcript.ts";

/** A run and what its handle has read of it. */
export interface ReadRun {
  readonly target: RunTarget;
  readonly transcript: RunTranscript;
}

/** True when the store knows the run. With a store that ends with the process, when it has shown an event. */
export async function isKnown({ runtime, cell, runId }: RunTarget): Promise<boolean> {
  const [row] = await runtime.runs({ cell, runId });
  if (row !== undefined) return true;
  // A reader whose signal is aborted shows what is there, and ends.
  for await (const _event of runtime.events(cell, { runId, signal: AbortSignal.abort() })) return true;
  return false;
}

/** Resolves when the handle has read what the run had recorded by now. */
export async function catchUp({ target: { runtime, cell, runId }, transcript }: ReadRun): Promise<void> {
  const [row] = await runtime.runs({ cell, runId });
  if (row !== undefined) await transcript.reach(row.sequence);
  // What was shown in this process is read before the event loop goes on.
  await yieldMacrotask();
}

/** Resolves when nothing of the run is runnable: true when it waits for answers, false when it is over, paused or waits for a timer. */
export async function restsAtQuestions(run: ReadRun): Promise<boolean> {
  const { target, transcript } = run;
  await target.runtime.rest(target.cell, target.runId);
  await catchUp(run);
  return transcript.end === undefined && transcript.questions.length > 0;
}

/**
 * What it means that the events of a run ended before the run did: it goes on without this process, or it ended with its store.
 *
 * @returns undefined when nothing is left of the run: it was cancelled with its runtime.
 */
export async function whyItLeft({ runtime, cell, runId }: RunTarget): Promise<TeamError | undefined> {
  try {
    const [row] = await runtime.runs({ cell, runId });
    return row === undefined ? undefined : detached(runId, undefined);
  } catch (cause) {
    return detached(runId, cause);
  }
}

/** What it means that the events of a run could not be read on: that its store failed is no fault of the run. */
export function explainBreak(runId: string, error: unknown): unknown {
  return error instanceof StoreError ? detached(runId, error) : error;
}

function detached(runId: string, cause: unknown): TeamError {
  return new TeamError("run.detached", `Run "${runId}" is stored, but this process does not work on it any more`, {
    remedy:
      `Attach to it on an open runtime with the same store, attach("${runId}", { runtime }), or call recover() there: it goes on where it was. ` +
      "Its runtime was closed, or its store failed: the cause and the error port say how.",
    cause,
    details: { runId },
  });
}
