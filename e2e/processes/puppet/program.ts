// A process that does what a test tells it, one command after the other: a program with a team, a store and nothing else.
import { RunError, type Run, type Runner, toEventStream } from "@troupe/agentchat";
import { InProcessRuntime, type Store, TroupeError } from "@troupe/core";
import { createOutsideClient, type OutsideClient } from "../../crash/outside/outside-client.ts";
import { createOutsideParts } from "../../crash/outside/outside-parts.ts";
import { teamScenario } from "../../crash/scenario/team-scenarios.ts";
import { openStore } from "../../crash/worker/open-store.ts";
import type { Answered, Command, Ordered, Outcome, ResultValue } from "./command.ts";

interface Opened {
  readonly store: Store;
  readonly runtime: InProcessRuntime;
  readonly team: Runner<unknown>;
  readonly client: OutsideClient;
  readonly task: string;
  readonly runId: string;
}

let opened: Opened | undefined;
let run: Run<unknown>["handle"] | undefined;

async function open(command: Extract<Command, { kind: "open" }>): Promise<Opened> {
  const store = await openStore(command.store);
  const quiet = (): void => {};
  const runtime = new InProcessRuntime({ store, logger: { debug: quiet, info: quiet, warn: quiet, error: quiet } });
  const client = createOutsideClient(command.outsideUrl, command);
  const scenario = teamScenario(command.scenario);
  const team = scenario.createTeam(createOutsideParts(client));
  return { store, runtime, client, team, task: scenario.task, runId: command.runId };
}

function theProgram(): Opened {
  if (opened === undefined) throw new Error("open first");
  return opened;
}

function theRun(): Run<unknown>["handle"] {
  if (run === undefined) throw new Error("run or attach first");
  return run;
}

async function carryOut(command: Command): Promise<unknown> {
  switch (command.kind) {
    case "open":
      opened = await open(command);
      return null;
    case "run": {
      const { team, task, runtime, runId } = theProgram();
      run = keep(team.run(task, { runtime, runId }));
      return null;
    }
    case "attach": {
      const { team, runtime, runId } = theProgram();
      run = keep(team.attach(runId, { runtime }));
      return null;
    }
    case "recover":
      return theProgram().runtime.recover();
    case "result":
      return describeResult(await theRun().result());
    case "pending":
      return theRun().pending();
    case "respond":
      await theRun().respond(command.questionId, command.answer);
      return null;
    case "events": {
      const events: unknown[] = [];
      for await (const event of theRun().events()) if (!event.isLive) events.push(event);
      return events;
    }
    case "stream":
      return readStream(command);
    case "close": {
      const { runtime, store, client } = theProgram();
      await runtime.close();
      await store.close();
      client.close();
      return null;
    }
  }
}

/** The handle of a run whose failure somebody asks for later. */
function keep({ handle }: Run<unknown>): Run<unknown>["handle"] {
  handle.result().catch(() => {});
  return handle;
}

function describeResult(result: Awaited<ReturnType<Run<unknown>["handle"]["result"]>>): ResultValue {
  return {
    stop: result.stopReason.kind,
    text: result.text,
    questions: result.questions,
    messages: result.messages.map(({ source, text }) => `${source}: ${text}`),
  };
}

async function readStream({ lastEventId, leaveAfter }: Extract<Command, { kind: "stream" }>): Promise<string> {
  const reader = toEventStream(theRun(), { lastEventId }).getReader();
  const decoder = new TextDecoder();
  let text = "";
  let count = 0;
  while (count < leaveAfter) {
    const step = await reader.read();
    if (step.done) break;
    const chunk = decoder.decode(step.value);
    if (chunk.startsWith("id: ")) count += 1;
    text += chunk;
  }
  await reader.cancel();
  return text;
}

async function outcomeOf(command: Command): Promise<Outcome> {
  try {
    return { status: "done", value: await carryOut(command) };
  } catch (error) {
    const cause: unknown = error instanceof RunError ? (error.cause ?? error) : error;
    const code = TroupeError.isTroupeError(cause) ? cause.code : "none";
    return { status: "failed", code, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on("message", ({ id, command }: Ordered) => {
  void outcomeOf(command).then((outcome) => {
    const answered: Answered = { id, outcome };
    // Told to close, the process has nothing left to do and ends by itself.
    process.send?.(answered, () => {
      if (command.kind === "close") process.disconnect();
    });
  });
});
process.once("disconnect", () => process.exit());
