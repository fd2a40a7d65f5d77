import { RunError, type Runner } from "@troupe/agentchat";
import { type InProcessRuntime, TroupeError } from "@troupe/core";
import { createOutsideParts } from "../outside/outside-parts.ts";
import type { OutsideClient } from "../outside/outside-client.ts";
import { teamScenario } from "../scenario/team-scenarios.ts";
import type { Assignment, ReportLine, Start } from "./assignment.ts";

/** What a program in a worker works with. */
export interface WorkerParts {
  readonly runtime: InProcessRuntime;
  readonly client: OutsideClient;
  readonly report: (line: ReportLine) => void;
}

/** Something a worker has prepared: a function that does it. */
export type Prepared = (start: Start) => Promise<void>;

/** Registers a scenario's team; then runs it, or goes on with it, and reports every durable event and the end. */
export async function prepareTeam(
  assignment: Extract<Assignment, { kind: "team" }>,
  { runtime, client, report }: WorkerParts,
): Promise<Prepared> {
  const parts = createOutsideParts(client);
  const scenario = teamScenario(assignment.scenario);
  const team: Runner<unknown> = scenario.createTeam(parts);
  const { runId, durability } = assignment;
  // Any use registers a team; this one makes nothing. Standing by, two processes have the team at once.
  await team.session(`${runId}-other-${process.pid}`, { runtime }).messages();
  const onQuestion = (question: { readonly prompt: string }): Promise<unknown> => parts.answer(question.prompt);
  return async ({ entrance }) => {
    if (entrance === "recover") await recover(runtime, report);
    const run =
      entrance === "run"
        ? team.run(scenario.task, { runtime, runId, durability, onQuestion })
        : team.attach(runId, { runtime, onQuestion });
    const watched = watch(run.handle, report);
    try {
      const { messages, stopReason, text, usage } = await run;
      await watched;
      report({ kind: "finished", result: { messages, stopReason, text, usage } });
    } catch (error) {
      await watched.catch(() => {});
      report({ kind: "failed", ...describeError(error) });
    }
  };
}

/** Takes over what nobody works on; whatever is blocked is a fault. */
export async function recover(runtime: InProcessRuntime, report: WorkerParts["report"]): Promise<void> {
  const { blocked } = await runtime.recover();
  for (const { cell, reason } of blocked) {
    // In a shared store others have cells of their own.
    if (reason !== "owned" && reason !== "no-definition")
      report({ kind: "fault", message: `"${cell}" is blocked: ${reason}` });
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
