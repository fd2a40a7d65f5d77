import { printRun, type Question, type RunResult } from "@troupe/agentchat";
import { ConfigError, InProcessRuntime } from "@troupe/core";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { withInterrupt } from "./interrupt.ts";
import type { AnyRunner } from "./any-runner.ts";
import { loadRunner } from "./load-runner.ts";
import { createPrompter } from "../node/prompter.ts";
import { askWith } from "../node/terminal-questions.ts";

/** `troupe run <file> [task]` with its flags. */
export interface RunCall {
  readonly file: string;
  readonly task: string | undefined;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly isDev: boolean;
}

/**
 * Runs the team of a module once and prints what happens.
 *
 * On a terminal its questions are asked there; without one, a run that needs an answer rests and the exit code says so.
 *
 * @throws ConfigError for a wrong file or a missing task; whatever the run rejects with.
 */
export async function runCommand(call: RunCall): Promise<ExitCode> {
  const runner = await loadRunner(call.file);
  const task = call.task ?? (await readTask());
  const runtime = createRuntime(call.isDev);
  const prompter = createPrompter();
  const options = {
    ...(runtime !== undefined && { runtime }),
    ...(prompter.isInteractive && { onQuestion: (question: Question) => askWith(prompter, question) }),
  };
  try {
    const result = await withInterrupt(
      () => runner.run(task, options),
      (run) => (call.isJson || call.isQuiet ? run : printRun(run)),
    );
    if (call.isJson) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else if (call.isQuiet) process.stdout.write(`${result.text}\n`);
    return endOf(result);
  } finally {
    prompter.close();
    await closeAll(runner, runtime);
  }
}

/**
 * With `isDev`, a runtime on which every wait drops its frame and replays (C17), as after a restart. Else none: a runner keeps its own,
 * made by its own copy of the packages.
 */
export function createRuntime(isDev: boolean): InProcessRuntime | undefined {
  return isDev ? new InProcessRuntime({ parkAfterMs: 0 }) : undefined;
}

/** Closes what a command ran on. */
export async function closeAll(runner: AnyRunner, runtime: InProcessRuntime | undefined): Promise<void> {
  await runtime?.close();
  await runner.close?.();
}

/** The exit code of a run that ended by a decision. */
export function endOf(result: Pick<RunResult<unknown>, "stopReason" | "questions">): ExitCode {
  if (result.stopReason.kind === "cancelled") return exitCodes.interrupted;
  if (result.stopReason.kind !== "input-required") return exitCodes.ok;
  for (const question of result.questions) process.stderr.write(`waiting for an answer: ${question.prompt}\n`);
  process.stderr.write("Run it in a terminal, or with `troupe chat`, to answer.\n");
  return exitCodes.inputRequired;
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
