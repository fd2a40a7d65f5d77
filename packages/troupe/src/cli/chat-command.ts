import { printRun, type Run, type Session } from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { describeFailure } from "./failure.ts";
import { withInterrupt } from "./interrupt.ts";
import { loadRunner } from "./load-runner.ts";
import { createPrompter, type Prompter } from "../node/prompter.ts";
import { askWith } from "../node/terminal-questions.ts";

/** `troupe chat <file>` with its flags. */
export interface ChatCall {
  readonly file: string;
  readonly isDev: boolean;
}

const help = "/reset starts over, /quit or Ctrl+D leaves, Ctrl+C stops the answer that is being given.";

/**
 * Talks to the team of a module until the input ends: one session, a run per line, its questions asked in between.
 *
 * A run that fails is reported and the conversation goes on.
 *
 * @throws ConfigError for a wrong file.
 */
export async function chatCommand(call: ChatCall): Promise<ExitCode> {
  const runner = await loadRunner(call.file);
  // Under --dev every wait drops its frame and replays (C17), as after a restart. Else the runner keeps a runtime of its own.
  const runtime = call.isDev ? new InProcessRuntime({ parkAfterMs: 0 }) : undefined;
  const prompter = createPrompter();
  const session = runner.session("chat", runtime === undefined ? {} : { runtime });
  process.stdout.write(`Talking to ${runner.name}. ${help}\n`);
  try {
    for (;;) {
      const line = (await prompter.text("\nyou>"))?.trim();
      if (line === undefined || line === "/quit" || line === "/exit") return exitCodes.ok;
      await takeTurn(line, session, prompter);
    }
  } finally {
    prompter.close();
    await runtime?.close();
    await runner.close?.();
  }
}

async function takeTurn(line: string, session: Session<unknown>, prompter: Prompter): Promise<void> {
  if (line === "") return;
  if (line === "/help") return void process.stdout.write(`${help}\n`);
  if (line === "/reset") {
    await session.reset();
    process.stdout.write("The conversation starts over.\n");
    return;
  }
  try {
    const start = (): Run<unknown> => session.run(line, { onQuestion: (question) => askWith(prompter, question) });
    await withInterrupt(start, (run) => printRun(run));
  } catch (error) {
    process.stderr.write(`${describeFailure(error, { isDebug: process.argv.includes("--debug") })}\n`);
  }
}
