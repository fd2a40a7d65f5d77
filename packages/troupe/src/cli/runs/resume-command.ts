import { printRun, type Question } from "@troupe/agentchat";
import { ConfigError } from "@troupe/core";
import type { AnyRunner } from "../any-runner.ts";
import { createPrompter } from "../../node/prompter.ts";
import { askWith } from "../../node/terminal-questions.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { withInterrupt } from "../interrupt.ts";
import { loadRunner } from "../load-runner.ts";
import type { StoreSpec } from "../store/store-spec.ts";
import { findTeam } from "../store/team-places.ts";
import { findRun, type ListedRun } from "./find-run.ts";
import { describeStatus } from "./list-command.ts";
import { endOf } from "./run-ending.ts";
import { openHost } from "./run-host.ts";

/** `troupe resume <id> [file]` with its flags. */
export interface ResumeCall {
  readonly spec: StoreSpec;
  readonly runId: string;
  readonly file: string | undefined;
  readonly logPath: string | undefined;
  /** True runs a turn again from its start that does not fit the code. */
  readonly restarts: boolean;
}

/**
 * Goes on with a stored run: where its process died, where it was paused, or where it waits for answers, which a terminal is asked for.
 *
 * @throws ConfigError for an unknown run, a team that nobody can find or that is another one; StoreError `store.owned` while another process
 * works on it; whatever the run rejects with.
 */
export async function resumeCommand({ spec, runId, file, logPath, restarts }: ResumeCall): Promise<ExitCode> {
  const host = await openHost({ spec, mustExist: true, logPath, runId });
  const prompter = createPrompter();
  let runner: AnyRunner | undefined;
  try {
    const listed = await findRun(host.store, runId);
    if (listed.status === "ended") return tellEnded(listed);
    const loaded = await loadTeamOf(listed, file);
    runner = loaded;
    const { runtime } = host;
    const onQuestion = prompter.isInteractive ? (question: Question) => askWith(prompter, question) : undefined;
    const result = await withInterrupt(
      () => loaded.attach(runId, { runtime, session: listed.sessionId, onQuestion, restartsMisfits: restarts }),
      async (run) => {
        if (listed.status === "paused") await run.handle.resume();
        return await printRun(run);
      },
    );
    return endOf(result, { runId, spec });
  } finally {
    prompter.close();
    await host.close();
    await runner?.close?.();
  }
}

function tellEnded(run: ListedRun): ExitCode {
  process.stdout.write(
    `Run ${run.runId} has ended: ${describeStatus(run)}. troupe runs show ${run.runId} tells what happened; troupe fork ${run.runId} --at <event> goes another way.\n`,
  );
  return exitCodes.ok;
}

/** The team of a stored run: from the file that is named, else from where it was run last. @throws ConfigError. */
export async function loadTeamOf(run: ListedRun, file: string | undefined): Promise<AnyRunner> {
  const noted = findTeam(run.team);
  // A document that is named anew is read as the run was begun.
  const place = file === undefined ? noted : { modelId: undefined, lender: undefined, ...noted, path: file };
  if (place === undefined) {
    throw new ConfigError(
      "config.invalid_option",
      `Nobody noted which module holds the team "${run.team}" of this run.`,
      {
        remedy: `Name it: troupe resume ${run.runId} path/to/team.ts`,
      },
    );
  }
  const { path } = place;
  const runner = await loadRunner(path, path.endsWith(".json") ? place : {});
  if (runner.name === run.team) return runner;
  throw new ConfigError(
    "config.invalid_option",
    `"${path}" exports "${runner.name}", but the run is one of "${run.team}".`,
    {
      remedy: `Name the module that exports "${run.team}".`,
    },
  );
}
