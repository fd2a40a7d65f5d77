import { ConfigError, TroupeError } from "@troupe/core";
import { type ExitCode, exitCodes } from "./exit-codes.ts";

/** How much of an error is shown. */
export interface FailureOptions {
  /** Also the stack and the chain of causes. */
  readonly isDebug: boolean;
}

/** An error as the terminal shows it: what happened, its code, what to do about it, what is behind it. */
export function describeFailure(error: unknown, options: FailureOptions): string {
  if (options.isDebug) return describeWithStack(error, maxCauses);
  if (!TroupeError.isTroupeError(error)) {
    return `error: ${messageOf(error)}\n  remedy: run again with --debug to see where it comes from.`;
  }
  const lines = [`error: ${error.message}`, `  code: ${error.code}`, `  remedy: ${error.remedy}`];
  return [...lines, ...causesOf(error).map((cause) => `  because: ${cause}`)].join("\n");
}

/** The exit code of an error: wrong calls and set-ups are `usage`, also when a run met them first; everything else is `failed`. */
export function exitCodeOf(error: unknown): ExitCode {
  const origin = TroupeError.isTroupeError(error) && error.code === "run.failed" ? error.cause : error;
  return origin instanceof ConfigError ? exitCodes.usage : exitCodes.failed;
}

function describeWithStack(error: unknown, causesLeft: number): string {
  const lines = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  if (TroupeError.isTroupeError(error)) lines.push(`  code: ${error.code}`, `  remedy: ${error.remedy}`);
  if (error instanceof Error && error.cause !== undefined && causesLeft > 0) {
    lines.push(`caused by: ${describeWithStack(error.cause, causesLeft - 1)}`);
  }
  return lines.join("\n");
}

/** Most causes that are named, so that a ring of causes ends. */
const maxCauses = 5;

function causesOf(error: Error): string[] {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < maxCauses; cause = cause.cause) {
    const code = TroupeError.isTroupeError(cause) ? ` (${cause.code})` : "";
    causes.push(`${cause.message}${code}`);
  }
  return causes;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
