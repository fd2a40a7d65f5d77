import { RunError, type Runner } from "@troupe/agentchat";
import { type InProcessRuntime, TroupeError } from "@troupe/core";
import { createOutsideParts } from "../outside/outside-parts.ts";
import type { OutsideClient } from "../outside/outside-client.ts";
import { teamScenario } from "../scenario/team-scenarios.ts";
import type { Assignment, ReportLine } from "./assignment.ts";

/** What a program in a worker works with. */
export interface WorkerParts {
  readonly runtime: InProcessRuntime;
  readonly client: OutsideClient;
  readonly report: (line: ReportLine) => void;
}

/** Runs a scenario's team, or goes on with it, and reports every durable event and the end. */
export async function runTeam(
  assignment: Extract<Assignment, { kind: "team" }>,
  { runtime, client, report }: WorkerParts,
): Promise<void> {
  const parts = createOutsideParts(client);
  const scenario = teamScenario(assignment.scenario);
  const team: Runner<unknown> = scenario.createTeam(parts);
  const { runId } = assignment;
  const onQuestion = (question: { readonly prompt: string }): Promise<unknown> => parts.answer(question.prompt);
  const run =
    assignment.entrance === "attach"
      ? team.attach(runId, { runtime, onQuestion })
      : team.run(scenario.task, { runtime, runId, onQuestion });
  const watched = watch(run.handle, report);
  try {
    const { messages, stopReason, text, usage } = await run;
    await watched;
    report({ kind: "finished", result: { messages, stopReason, text, usage } });
  } catch (error) {
    await watched.catch(() => {});
    report({ kind: "failed", ...describeError(error) });
  }
}

async function watch(run: ReturnType<Runner<unknown>["run"]>["handle"], report: WorkerParts["report"]): Promise<void> {
  for await (const event of run.events()) if (!event.isLive) report({ kind: "event", event });
}

function describeError(error: unknown): { readonly code: string; readonly message: string } {
  const cause: unknown = error instanceof RunError ? (error.cause ?? error) : error;
  if (TroupeError.isTroupeError(cause)) return { code: cause.code, message: cause.message };
  return { code: "none", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
