import { type ControlReason, type JsonValue, type StepContext, TroupeError } from "@troupe/core";
import {
  runToolCall,
  type Tool,
  type ToolCallPart,
  type ToolOutcome,
  type ToolResultPart,
  toResultPart,
} from "@troupe/llm";
import type { AgentTurn } from "./agent-turn.ts";
import { askApproval } from "./ask-approval.ts";
import type { ToolRound } from "./chat-agent-context.ts";

/** Below the runtime's grace for a stopped step (250 ms), so that the tool's own outcome is the one recorded. */
const toolGraceMs = 200;

/** How one call ended, with what that means for the turn. */
interface CallEnd {
  readonly outcome: ToolOutcome;
  readonly stopped?: ControlReason;
  readonly refused?: Error;
}

/** One call with the key of its step. Models repeat call ids between answers, some within one. */
interface KeyedCall {
  readonly call: ToolCallPart;
  readonly key: string;
}

/**
 * Runs the calls of one model answer side by side. Whatever happens, each call gets exactly one result, in the order of the calls (I1):
 * an unknown tool, broken arguments and a tool that throws are results the model can read; siblings go on.
 */
export async function callTools(
  turn: AgentTurn,
  calls: readonly ToolCallPart[],
  tools: readonly Tool[],
): Promise<ToolRound> {
  turn.report({ kind: "tool-call-requested", calls });
  const round = turn.nextRound();
  const ends = await Promise.all(
    calls.map((call, index) => finishCall(turn, { call, key: `${round}.${index}:${call.callId}` }, tools)),
  );
  return {
    results: ends.map((end) => end.result),
    stopped: ends.find((end) => end.stopped !== undefined)?.stopped,
    refused: ends.find((end) => end.refused !== undefined)?.refused,
  };
}

interface FinishedCall extends CallEnd {
  readonly result: ToolResultPart;
}

function finishCall(turn: AgentTurn, keyed: KeyedCall, tools: readonly Tool[]): Promise<FinishedCall> {
  const { call, key } = keyed;
  return turn.branch(key, async (branch) => {
    const { clock } = branch.environment;
    const startedAt = clock.monotonic();
    const tool = tools.find((candidate) => candidate.name === call.toolName);
    const end =
      tool === undefined ? { outcome: unknownTool(call.toolName, tools) } : await runKnownTool(branch, keyed, tool);
    const result = toResultPart(call, end.outcome);
    branch.report({ kind: "tool-call-finished", result, durationMs: Math.round(clock.monotonic() - startedAt) });
    return { ...end, result };
  });
}

async function runKnownTool(turn: AgentTurn, { call, key }: KeyedCall, tool: Tool): Promise<CallEnd> {
  const approval = await askApproval(turn, call, tool);
  if (approval.kind === "stopped") return { outcome: notRun("cancelled", approval.reason), stopped: approval.reason };
  if (approval.kind === "denied") return { outcome: ended("denied", "tool.denied", approval.why) };
  const isApproved = approval.kind === "approved";
  const outcome = await turn.stepOutcome(
    `tool:${tool.name}`,
    (step) => runTool(turn, { call, tool, step, isApproved }),
    {
      key,
      idempotent: tool.idempotent,
    },
  );
  switch (outcome.status) {
    case "done":
      return { outcome: outcome.value };
    case "failed":
      return failedStep(outcome.error);
    case "cancelled":
      return {
        outcome: settledInTime(outcome.partial, outcome.reason),
        stopped: outcome.reason,
      };
    case "unknown":
      return {
        outcome: notRun("unknown", outcome.reason),
        ...(outcome.reason !== undefined && { stopped: outcome.reason }),
      };
  }
}

interface RunningTool {
  readonly call: ToolCallPart;
  readonly tool: Tool;
  readonly step: StepContext;
  readonly isApproved: boolean;
}

async function runTool(turn: AgentTurn, { call, tool, step, isApproved }: RunningTool): Promise<ToolOutcome> {
  const { ledger, limiter } = turn.resources;
  const settle = ledger.reserveToolCall();
  turn.report({ kind: "tool-started", call });
  const { callId } = call;
  try {
    return await runToolCall(tool, call.arguments, {
      signal: step.signal,
      callId,
      idempotencyKey: step.idempotencyKey,
      progress: (value) => turn.report({ kind: "tool-progress", callId, value }),
      clock: turn.environment.clock,
      limiter,
      graceMs: toolGraceMs,
      isApproved,
    });
  } finally {
    settle();
  }
}

/** Only the budget throws inside a tool's step; anything else is a fault of ours that the model should not hide. */
function failedStep(error: Error): CallEnd {
  const isBudget = TroupeError.isTroupeError(error) && error.code === "run.budget_exceeded";
  const outcome = ended(isBudget ? "denied" : "error", isBudget ? "run.budget_exceeded" : "tool.failed", error.message);
  return isBudget ? { outcome, refused: error } : { outcome };
}

function unknownTool(name: string, tools: readonly Tool[]): ToolOutcome {
  const known = tools.map((tool) => tool.name).join(", ");
  const text = `There is no tool "${name}". ${known === "" ? "You have no tools." : `You have: ${known}.`}`;
  return ended("error", "tool.not_found", text);
}

/** What a tool that was stopped says of itself, in words for the model; it may even have finished. */
function settledInTime(partial: JsonValue | undefined, reason: ControlReason): ToolOutcome {
  if (!isOutcome(partial)) return notRun("cancelled", reason);
  if (partial.status === "unknown") return notRun("unknown", reason);
  return partial.status === "cancelled" ? ended("cancelled", "tool.cancelled", stoppedWords(reason)) : partial;
}

/** A tool that heard the signal has stopped in order: what it did until then nobody knows but the tool. */
function stoppedWords({ kind }: ControlReason): string {
  return `The call was stopped (${kind}) while it ran. What it had done by then may have taken effect.`;
}

function notRun(status: "cancelled" | "unknown", reason: ControlReason | undefined): ToolOutcome {
  const text =
    status === "cancelled"
      ? `The call was cancelled (${reason?.kind ?? "cancel"}) before it ran.`
      : "The call was stopped before it answered, and may or may not have taken effect.";
  return ended(status, `tool.${status}`, text);
}

function ended(status: Exclude<ToolOutcome["status"], "ok">, code: string, message: string): ToolOutcome {
  return { status, content: [{ kind: "text", text: message }], failure: { code, message } };
}

function isOutcome(value: JsonValue | undefined | ToolOutcome): value is ToolOutcome {
  return typeof value === "object" && value !== null && "status" in value && "content" in value;
}
