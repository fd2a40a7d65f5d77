import { decodeError, type EncodedError, TeamError, type TeamErrorCode, TroupeError } from "@troupe/core";
import type { RunResult } from "./run-result.ts";

/** What a failed run knows besides its error. */
export interface RunFailure {
  readonly error: EncodedError;
  /** Path of the agent that failed; empty for the team itself. */
  readonly agentPath: readonly string[];
}

/**
 * A run failed because something in it threw.
 *
 * `agentPath` says where, `cause` is the error that was thrown there, and `partial` holds what the run had by then.
 */
export class RunError extends TeamError {
  readonly agentPath: readonly string[];
  readonly partial: RunResult<unknown>;

  constructor(
    code: TeamErrorCode,
    message: string,
    options: {
      readonly remedy: string;
      readonly cause?: unknown;
      readonly agentPath: readonly string[];
      readonly partial: RunResult<unknown>;
    },
  ) {
    super(code, message, { remedy: options.remedy, cause: options.cause, details: { agentPath: options.agentPath } });
    this.agentPath = options.agentPath;
    this.partial = options.partial;
  }
}

/** The error with which an awaited run rejects. An error of the team itself keeps its code. */
export function createRunError(failure: RunFailure, partial: RunResult<unknown>): RunError {
  const cause = decodeError(failure.error);
  const { agentPath } = failure;
  const isOwn = TroupeError.isTroupeError(cause) && (cause.code.startsWith("run.") || cause.code.startsWith("team."));
  const where = agentPath.length === 0 ? "The run failed" : `Agent "${agentPath.join("/")}" failed`;
  return new RunError(isOwn ? teamCode(cause.code) : "run.failed", `${where}: ${cause.message}`, {
    remedy: TroupeError.isTroupeError(cause)
      ? cause.remedy
      : "See `cause` for what was thrown, and `partial` for what the run had by then.",
    cause,
    agentPath,
    partial,
  });
}

function teamCode(code: string): TeamErrorCode {
  return code.startsWith("team.") ? `team.${code.slice(5)}` : `run.${code.slice(4)}`;
}
