import { TeamError, type TeamErrorCode, TroupeError } from "@troupe/core";
import type { RunResult } from "./run-result.ts";

/** What a failed run knows besides its error. */
export interface RunFailure {
  readonly error: Error;
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
  readonly #partial: RunResult<unknown>;

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
    this.#partial = options.partial;
  }

  /** What the run had by then. Not a field: printing the error does not print a whole conversation. */
  get partial(): RunResult<unknown> {
    return this.#partial;
  }
}

/** The error with which an awaited run rejects. An error of the team itself keeps its code and its own cause. */
export function createRunError({ error, agentPath }: RunFailure, partial: RunResult<unknown>): RunError {
  const own = ownCode(error);
  const where = agentPath.length === 0 ? "The run failed" : `Agent "${agentPath.join("/")}" failed`;
  return new RunError(own ?? "run.failed", `${where}: ${error.message}`, {
    remedy: TroupeError.isTroupeError(error) ? error.remedy : seeCause,
    cause: own === undefined ? error : (error.cause ?? error),
    agentPath,
    partial,
  });
}

const seeCause = "See `cause` for what was thrown, and `partial` for what the run had by then.";

function ownCode(error: Error): TeamErrorCode | undefined {
  if (!TroupeError.isTroupeError(error)) return undefined;
  const { code } = error;
  if (code.startsWith("team.")) return `team.${code.slice(5)}`;
  return code.startsWith("run.") ? `run.${code.slice(4)}` : undefined;
}
