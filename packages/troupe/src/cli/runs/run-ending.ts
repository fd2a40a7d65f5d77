import type { RunResult } from "@troupe/agentchat";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { repeatStoreOption, type StoreSpec } from "../store/store-spec.ts";

/** Which run ended or rests, and where it is kept. */
export interface KeptRun {
  readonly runId: string;
  readonly spec: StoreSpec;
}

/** The exit code of a run that ended by a decision; says how to go on with one that rests. */
export function endOf(
  result: Pick<RunResult<unknown>, "stopReason" | "questions">,
  { runId, spec }: KeptRun,
): ExitCode {
  if (result.stopReason.kind === "cancelled") return exitCodes.interrupted;
  if (result.stopReason.kind !== "input-required") return exitCodes.ok;
  for (const question of result.questions) process.stderr.write(`waiting for an answer: ${question.prompt}\n`);
  process.stderr.write(
    spec.kind === "memory"
      ? "Run it in a terminal, or with `troupe chat`, to answer.\n"
      : `Answer in a terminal: troupe resume ${runId}${repeatStoreOption(spec)}\n`,
  );
  return exitCodes.inputRequired;
}
