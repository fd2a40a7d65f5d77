import { listRuns, printRun, type Question, type Run, type Session } from "@troupe/agentchat";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { describeFailure } from "./failure.ts";
import { withInterrupt } from "./interrupt.ts";
import { loadRunner } from "./load-runner.ts";
import { createPrompter, type Prompter } from "../node/prompter.ts";
import { askWith } from "../node/terminal-questions.ts";
import type { AnyRunner } from "./any-runner.ts";
import { createRunId } from "./run-command.ts";
import { openHost, type RunHost } from "./runs/run-host.ts";
import { describeStore, repeatStoreOption, type StoreSpec } from "./store/store-spec.ts";
import { rememberTeam } from "./store/team-places.ts";

/** `troupe chat <file>` with its flags. */
export interface ChatCall {
  readonly file: string;
  readonly spec: StoreSpec;
  /** The conversation to go on with, or to begin under this name; a new one by default. */
  readonly sessionId: string | undefined;
  readonly isDev: boolean;
  /** Of a document: the model in the place of its own. */
  readonly modelId: string | undefined;
  /** Of a document: the module whose exports it may name. */
  readonly lender: string | undefined;
}

const help = "/reset starts over, /quit or Ctrl+D leaves, Ctrl+C stops the answer that is being given.";

/** A conversation at a terminal. */
interface Talk {
  readonly runner: AnyRunner;
  readonly host: RunHost;
  readonly sessionId: string;
  readonly session: Session<unknown>;
  readonly prompter: Prompter;
}

/**
 * Talks to the team of a module until the input ends: one session, a run per line, its questions asked in between. The session is kept in the
 * store: it can be gone on with, also with a run in it that was under way when its process died.
 *
 * A run that fails is reported and the conversation goes on.
 *
 * @throws ConfigError for a wrong file or store.
 */
export async function chatCommand(call: ChatCall): Promise<ExitCode> {
  const runner = await loadRunner(call.file, { modelId: call.modelId, lender: call.lender });
  const { spec, isDev } = call;
  // Under --dev every wait drops its frame and replays (C17), as after a restart.
  const host = await openHost({ spec, isDev });
  const prompter = createPrompter();
  const sessionId = call.sessionId ?? createRunId(new Date());
  const { runtime } = host;
  const talk: Talk = { runner, host, sessionId, session: runner.session(sessionId, { runtime }), prompter };
  try {
    if (spec.kind !== "memory")
      rememberTeam(runner.name, { path: call.file, modelId: call.modelId, lender: call.lender });
    process.stdout.write(
      `Talking to ${runner.name}. ${help}\n${spec.kind === "memory" ? "" : describePlace(talk, call)}`,
    );
    if (call.sessionId !== undefined) await takeUp(talk);
    for (;;) {
      const line = (await prompter.text("\nyou>"))?.trim();
      if (line === undefined || line === "/quit" || line === "/exit") return exitCodes.ok;
      await takeTurn(line, talk);
    }
  } finally {
    prompter.close();
    await host.close();
    await runner.close?.();
  }
}

function describePlace({ sessionId }: Talk, { file, spec }: ChatCall): string {
  const again = `troupe chat ${file} --session ${sessionId}${repeatStoreOption(spec)}`;
  return `Kept in ${describeStore(spec)}. To go on another time: ${again}\n`;
}

/** Says how far a conversation has come, and goes on with a run that is not over. */
async function takeUp(talk: Talk): Promise<void> {
  const { runner, host, sessionId: session, session: said } = talk;
  const count = (await said.messages()).length;
  if (count > 0) process.stdout.write(`${count} messages so far.\n`);
  const { runtime } = host;
  const status = ["running", "waiting", "paused"] as const;
  for (const { runId, status: stands } of await listRuns(runtime, { runner: runner.name, session, status })) {
    process.stdout.write("The last answer is not complete yet.\n");
    const start = (): Run<unknown> => runner.attach(runId, { runtime, session, onQuestion: answerWith(talk) });
    await show(start, async (run) => {
      if (stands === "paused") await run.handle.resume();
    });
  }
}

function answerWith({ prompter }: Talk): (question: Question) => Promise<unknown> {
  return (question) => askWith(prompter, question);
}

async function takeTurn(line: string, talk: Talk): Promise<void> {
  const { session } = talk;
  if (line === "") return;
  if (line === "/help") return void process.stdout.write(`${help}\n`);
  if (line === "/reset") {
    await session.reset();
    process.stdout.write("The conversation starts over.\n");
    return;
  }
  await show(() => session.run(line, { onQuestion: answerWith(talk) }));
}

/** Shows a run; one that fails is reported, and the conversation goes on. */
async function show(
  start: () => Run<unknown>,
  begin: (run: Run<unknown>) => Promise<void> = async () => {},
): Promise<void> {
  try {
    await withInterrupt(start, async (run) => {
      await begin(run);
      return await printRun(run);
    });
  } catch (error) {
    process.stderr.write(`${describeFailure(error, { isDebug: process.argv.includes("--debug") })}\n`);
  }
}
