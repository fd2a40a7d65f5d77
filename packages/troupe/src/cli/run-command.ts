import { randomInt } from "node:crypto";
import { printRun, type Question } from "@troupe/agentchat";
import { ConfigError } from "@troupe/core";
import type { ExitCode } from "./exit-codes.ts";
import { withInterrupt } from "./interrupt.ts";
import { loadRunner } from "./load-runner.ts";
import { createPrompter } from "../node/prompter.ts";
import { askWith } from "../node/terminal-questions.ts";
import { endOf } from "./runs/run-ending.ts";
import { openHost } from "./runs/run-host.ts";
import { describeStore, repeatStoreOption, type StoreSpec } from "./store/store-spec.ts";
import { rememberTeam } from "./store/team-places.ts";

/** `troupe run <file> [task]` with its flags. */
export interface RunCall {
  readonly file: string;
  readonly task: string | undefined;
  readonly spec: StoreSpec;
  /** The same id and task again go on with the run, or show what it came to. */
  readonly runId: string | undefined;
  readonly logPath: string | undefined;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly isDev: boolean;
  /** Of a document: the model in the place of its own. */
  readonly modelId: string | undefined;
  /** Of a document: the module whose exports it may name. */
  readonly lender: string | undefined;
}

/**
 * Runs the team of a module once and prints what happens; the run is kept in the store, so that a killed process costs nothing.
 *
 * On a terminal its questions are asked there; without one, a run that needs an answer rests and the exit code says so.
 *
 * @throws ConfigError for a wrong file, store or a missing task; whatever the run rejects with.
 */
export async function runCommand(call: RunCall): Promise<ExitCode> {
  const { spec, file, logPath, isDev, isJson, isQuiet } = call;
  const runner = await loadRunner(file, { modelId: call.modelId, lender: call.lender });
  const task = call.task ?? (await readTask());
  const runId = call.runId ?? createRunId(new Date());
  const host = await openHost({ spec, isDev, logPath, runId });
  const prompter = createPrompter();
  const options = {
    runtime: host.runtime,
    runId,
    ...(prompter.isInteractive && { onQuestion: (question: Question) => askWith(prompter, question) }),
  };
  try {
    if (spec.kind !== "memory") rememberTeam(runner.name, { path: file, modelId: call.modelId, lender: call.lender });
    if (spec.kind !== "memory" && !isJson && !isQuiet) process.stdout.write(describePlace(runId, spec));
    const result = await withInterrupt(
      () => runner.run(task, options),
      (run) => (isJson || isQuiet ? run : printRun(run)),
    );
    if (isJson) process.stdout.write(`${JSON.stringify({ runId, ...result }, null, 2)}\n`);
    else if (isQuiet) process.stdout.write(`${result.text}\n`);
    return endOf(result, { runId, spec });
  } finally {
    prompter.close();
    await host.close();
    await runner.close?.();
  }
}

/** Ids that sort by time and can be typed: `20261121-153012-k3f9`. */
export function createRunId(now: Date): string {
  const digits = now.toISOString().replaceAll(/\D/g, "");
  const tag = randomInt(36 ** 4)
    .toString(36)
    .padStart(4, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${tag}`;
}

function describePlace(runId: string, spec: StoreSpec): string {
  return `Run ${runId}, kept in ${describeStore(spec)}. If its process dies: troupe resume ${runId}${repeatStoreOption(spec)}\n`;
}

async function readTask(): Promise<string> {
  const chunks: string[] = [];
  if (!process.stdin.isTTY) for await (const chunk of process.stdin) chunks.push(String(chunk));
  const task = chunks.join("").trim();
  if (task !== "") return task;
  throw new ConfigError("config.invalid_option", "There is no task.", {
    remedy:
      'Give it behind the file, as in: troupe run team.ts "Summarise this week\'s incidents", or on standard input.',
  });
}
