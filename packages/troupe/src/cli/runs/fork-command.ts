import { printRun } from "@troupe/agentchat";
import { ConfigError } from "@troupe/core";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { withInterrupt } from "../interrupt.ts";
import { repeatStoreOption, type StoreSpec } from "../store/store-spec.ts";
import { findRun, type ListedRun } from "./find-run.ts";
import { loadTeamOf } from "./resume-command.ts";
import { endOf } from "./run-ending.ts";
import { openHost } from "./run-host.ts";

/** `troupe fork <id> --at <event> [file]` with its flags. */
export interface ForkCall {
  readonly spec: StoreSpec;
  readonly runId: string;
  readonly file: string | undefined;
  readonly sequence: number;
  /** True goes on with the copy at once; false leaves it paused. */
  readonly runsOn: boolean;
}

/**
 * Copies a stored run up to one of its events into a run of its own, which goes on from there. The original is not touched, whether it has ended,
 * rests, or is being worked on.
 *
 * @throws ConfigError for an unknown run or event, or a team that nobody can find; whatever the copy rejects with.
 */
export async function forkCommand({ spec, runId, file, sequence, runsOn }: ForkCall): Promise<ExitCode> {
  const host = await openHost({ spec, mustExist: true });
  try {
    const listed = await findRun(host.store, runId);
    assertEvent(listed, sequence);
    const runner = await loadTeamOf(listed, file);
    const { runtime } = host;
    const fork = runner.fork?.(runId, sequence, { runtime, session: listed.sessionId, isPaused: !runsOn });
    if (fork === undefined) throw tooOld();
    process.stdout.write(`Run ${fork.id} is ${runId} up to event ${sequence}.\n`);
    if (runsOn) {
      const result = await withInterrupt(
        () => fork,
        (run) => printRun(run),
      );
      return endOf(result, { runId: fork.id, spec });
    }
    // It is paused from its first moment on; this waits until it is there, or is known to have failed.
    await fork.handle.pause();
    if ((await host.store.runs({ runId: fork.id })).length === 0) await fork;
    process.stdout.write(`It is paused; go on with: troupe resume ${fork.id}${repeatStoreOption(spec)}\n`);
    return exitCodes.ok;
  } finally {
    await host.close();
  }
}

/** The error of a project whose own copy of the packages is older than this command. */
function tooOld(): ConfigError {
  return new ConfigError("config.invalid_option", "The packages of this project cannot fork stored runs yet.", {
    remedy: "Install their newest version here, or run the project's own command: npx troupe fork.",
  });
}

/** @throws ConfigError `config.invalid_option`. */
function assertEvent({ runId, events }: ListedRun, sequence: number): void {
  if (Number.isInteger(sequence) && sequence >= 1 && sequence <= events) return;
  throw new ConfigError("config.invalid_option", `Run "${runId}" has no event ${sequence}: it has ${events}.`, {
    remedy: `Name one that \`troupe runs show ${runId}\` lists.`,
  });
}
