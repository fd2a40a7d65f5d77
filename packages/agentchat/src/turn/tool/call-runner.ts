import { type ControlReason, TeamError, TroupeError } from "@troupe/core";
import type { Tool, ToolCallPart, ToolOutcome } from "@troupe/llm";
import { toolKey } from "../../budget/recorded-spending.ts";
import { oneCall } from "../../budget/run-ledger.ts";
import { completeMessage } from "../../message/chat-message.ts";
import type { AgentTurn } from "../agent-turn.ts";
import type { CallEnd } from "./call-tools.ts";
import type { TurnEnd } from "../protocol.ts";
import { endedOutcome } from "./ended-outcome.ts";
import { describeAnswer, type RunnerBehind, taskOf } from "./runner-tool.ts";

/** Runs the agent or the team behind a tool: an actor with a path of its own, whose steps, events and costs are the run's. */
export async function callRunner(
  turn: AgentTurn,
  { call, tool, runner }: { readonly call: ToolCallPart; readonly tool: Tool; readonly runner: RunnerBehind },
): Promise<CallEnd> {
  const parsed = tool.parseArguments(call.arguments);
  if (parsed.kind === "invalid")
    return { outcome: endedOutcome("error", "tool.invalid_arguments", parsed.problem), ...notMade };
  const reserved = await reserve(turn, call, tool);
  if (reserved !== undefined) return reserved;
  const startedAt = turn.now();
  const task = completeMessage({ kind: "text", text: taskOf(parsed.value) }, { id: turn.newId(), source: "user" });
  const { end, messages } = await turn.runInner(tool.name, [task], { keepsMemory: runner.keepsMemory });
  const made = { executions: 1, durationMs: Math.max(0, turn.now() - startedAt) };
  if (end.status !== "ok") return { ...endOfRunner(end), ...made };
  const text = describeAnswer(messages, runner.returns);
  return { outcome: { status: "ok", content: [{ kind: "text", text }] }, ...made };
}

const notMade = { executions: 0, durationMs: 0 } as const;

/** It is a tool call like any other to the budget. */
async function reserve(turn: AgentTurn, call: ToolCallPart, tool: Tool): Promise<CallEnd | undefined> {
  const { ledger } = turn.resources;
  const ending = await turn.stepOutcome(
    `tool:${tool.name}`,
    (step) => {
      ledger.reserveToolCall(step.lost, toolKey(turn.path, call.callId));
      return null;
    },
    { idempotent: true, claim: oneCall },
  );
  if (ending.status === "done") return undefined;
  if (ending.status === "failed") {
    const { error } = ending;
    return { outcome: denied(error.message), ...notMade, ...(isGuard(error) && { refused: error }) };
  }
  return { outcome: stoppedOutcome(), ...notMade, ...(ending.reason !== undefined && { stopped: ending.reason }) };
}

function endOfRunner(
  end: Exclude<TurnEnd, { readonly status: "ok" }>,
): Pick<CallEnd, "outcome" | "stopped" | "refused"> {
  switch (end.status) {
    case "cancelled":
    case "interrupted": {
      const stopped: ControlReason = { kind: end.status === "cancelled" ? "cancel" : "interrupt", detail: end.detail };
      return { outcome: stoppedOutcome(), stopped };
    }
    case "limited": {
      const code = end.stop === "loop" ? "run.loop" : "run.budget_exceeded";
      return { outcome: denied(end.detail), refused: new TeamError(code, end.detail, seeBudget) };
    }
    case "error":
      return { outcome: endedOutcome("error", "tool.failed", end.error.message) };
  }
}

const seeBudget = { remedy: "Raise the limit, or go on in the same session with a new run." } as const;

function isGuard(error: Error): boolean {
  return TroupeError.isTroupeError(error) && error.code === "run.budget_exceeded";
}

function denied(message: string): ToolOutcome {
  return endedOutcome("denied", "run.budget_exceeded", message);
}

function stoppedOutcome(): ToolOutcome {
  const message = "It was stopped before it had an answer. What it had done by then may have taken effect.";
  return endedOutcome("cancelled", "tool.cancelled", message);
}
