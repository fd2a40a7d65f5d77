import { StateError, TroupeError } from "@troupe/core";
import type { RunTarget } from "../run-target.ts";
import { catchUp, type ReadRun } from "./run-standing.ts";
import type { RunTranscript } from "./run-transcript.ts";

/** The wait of a question. A fork has waits of its own for the questions that were open when it was made: their ids end with the old ones. */
export function waitOf({ runtime, runId }: RunTarget, questionId: string): string {
  const waits = runtime.waits({ runId });
  if (waits.some((wait) => wait.id === questionId)) return questionId;
  return waits.find((wait) => wait.id.endsWith(`:${questionId}`))?.id ?? questionId;
}

/** True for the error of an answer that came too late. */
export function isSettled(error: unknown): boolean {
  return TroupeError.isTroupeError(error) && error.code === "wait.already_settled";
}

/** What to tell whose answer was refused. A process remembers its own waits only: a question that the record shows had its answer elsewhere. */
export async function answerOf(
  run: ReadRun,
  { questionId, error }: { readonly questionId: string; readonly error: unknown },
): Promise<unknown> {
  if (!TroupeError.isTroupeError(error) || error.code !== "wait.unknown") return error;
  await catchUp(run);
  return run.transcript.wasAsked(questionId) ? settledQuestion(run.transcript, questionId) : error;
}

/** The error of an answer to a question that takes none any more, or never did. */
export function settledQuestion(transcript: RunTranscript, questionId: string): StateError {
  const details = { id: questionId };
  if (!transcript.wasAsked(questionId)) {
    return new StateError("wait.unknown", `The run has no question "${questionId}"`, {
      remedy: "Take the id from run.pending() or from the question's event.",
      details,
    });
  }
  return new StateError(
    "wait.already_settled",
    `Question "${questionId}" has its answer, its deadline or its cancel already`,
    {
      remedy: "Nothing: the first answer counts.",
      details,
    },
  );
}
