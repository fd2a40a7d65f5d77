import { type ControlReason, encodeJson, type StepContext, type StepOutcome, TroupeError } from "@troupe/core";
import {
  runToolCall,
  type Tool,
  type ToolCallPart,
  type ToolOutcome,
  type ToolResultPart,
  toResultPart,
} from "@troupe/llm";
import { toolKey } from "../../budget/recorded-spending.ts";
import { oneCall } from "../../budget/run-ledger.ts";
import { CallTrail, type ToolCallRound } from "../../guard/call-trail.ts";
import { callsInLoop } from "../../guard/loop-guard.ts";
import { clearToolCall } from "../../guard/policy/clear-tool-call.ts";
import type { AgentTurn } from "../agent-turn.ts";
import { callRunner } from "./call-runner.ts";
import type { ToolRound } from "../chat-agent-context.ts";
import { endedOutcome } from "./ended-outcome.ts";
import { runnerBehind } from "./runner-tool.ts";

/** Below the runtime's grace for a stopped step (250 ms), so that the tool's own outcome is the one recorded. */
const toolGraceMs = 200;

/** What the step of a tool call records. */
type RecordedCall = ToolOutcome & { readonly durationMs: number };

/** How one call ended, with what that means for the turn. */
export interface CallEnd {
  readonly outcome: ToolOutcome;
  /** How often the tool ran, as far as anybody knows. */
  readonly executions: number;
  /** 0 when it did not run. */
  readonly durationMs: number;
  readonly stopped?: ControlReason;
  readonly refused?: Error;
}

/** One call with its place: models repeat call ids between answers, some within one. */
interface PlacedCall {
  readonly call: ToolCallPart;
  /** The answer that makes it, and its place there. */
  readonly place: string;
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
    calls.map((call, index) => finishCall(turn, { call, place: `${round}.${index}` }, tools)),
  );
  const results = ends.map((end) => end.result);
  const stopped = ends.find((end) => end.stopped !== undefined)?.stopped;
  const refused = ends.find((end) => end.refused !== undefined)?.refused;
  if (stopped !== undefined || refused !== undefined) return { results, stopped, refused };
  return { results, stopped, refused: await findLoop(turn, { calls, results }) };
}

/** The error to end the turn with when its calls go round in circles. */
async function findLoop(turn: AgentTurn, round: ToolCallRound): Promise<Error | undefined> {
  const { loops } = turn.resources;
  if (loops.limit === Number.POSITIVE_INFINITY) return undefined;
  const { isNew, cycle } = await turn.trail((history) => new CallTrail(history, loops)).add(round);
  if (isNew) turn.noteProgress();
  return cycle === undefined ? undefined : callsInLoop(turn.agentName, cycle, loops.limit);
}

interface FinishedCall extends CallEnd {
  readonly result: ToolResultPart;
}

function finishCall(turn: AgentTurn, { call, place }: PlacedCall, tools: readonly Tool[]): Promise<FinishedCall> {
  return turn.branch(place, async (branch) => {
    const tool = tools.find((candidate) => candidate.name === call.toolName);
    const end: CallEnd =
      tool === undefined ? notMade(unknownTool(call.toolName, tools)) : await runKnownTool(branch, call, tool);
    const result = toResultPart(call, end.outcome);
    const { executions, durationMs } = end;
    branch.report({ kind: "tool-call-finished", result, durationMs, ...(executions !== 1 && { executions }) });
    return { ...end, result };
  });
}

async function runKnownTool(turn: AgentTurn, asked: ToolCallPart, tool: Tool): Promise<CallEnd> {
  const clearance = await clearToolCall(turn, asked, tool);
  if (clearance.kind === "stopped")
    return { ...notMade(notRun("cancelled", clearance.reason)), stopped: clearance.reason };
  if (clearance.kind === "denied") return notMade(endedOutcome("denied", "tool.denied", clearance.why));
  const { isApproved, arguments: args } = clearance;
  const call = args === undefined ? asked : { ...asked, arguments: encodeJson(args, "the arguments") };
  const runner = runnerBehind(tool);
  if (runner !== undefined) return callRunner(turn, { call, tool, runner });
  const ending = await turn.selfTimedStep(
    `tool:${tool.name}`,
    (step) => runTool(turn, { call, tool, step, isApproved }),
    // The branch is the call's own: its step needs no other key.
    { idempotent: tool.idempotent, claim: oneCall },
  );
  return endOfStep(ending);
}

function endOfStep(ending: StepOutcome<RecordedCall>): CallEnd {
  const lost = ending.lost ?? 0;
  switch (ending.status) {
    case "done":
      return toEnd(ending.value, lost);
    case "failed":
      return failedStep(ending.error, lost);
    case "cancelled":
      return stoppedStep(ending, lost);
    case "unknown":
      return {
        outcome: notRun("unknown", ending.reason),
        executions: Math.max(1, lost),
        durationMs: 0,
        ...(ending.reason !== undefined && { stopped: ending.reason }),
      };
  }
}

function toEnd({ durationMs, ...outcome }: RecordedCall, lost: number): CallEnd {
  return { outcome, executions: lost + 1, durationMs };
}

function notMade(outcome: ToolOutcome): CallEnd {
  return { outcome, executions: 0, durationMs: 0 };
}

interface RunningTool {
  readonly call: ToolCallPart;
  readonly tool: Tool;
  readonly step: StepContext;
  readonly isApproved: boolean;
}

async function runTool(turn: AgentTurn, { call, tool, step, isApproved }: RunningTool): Promise<RecordedCall> {
  const { ledger, limiter } = turn.resources;
  const { clock } = turn.environment;
  const { callId } = call;
  ledger.reserveToolCall(step.lost, toolKey(turn.path, callId));
  const stopClock = turn.startWork(`tool:${tool.name}`, tool.timeoutMs * (tool.retries + 1));
  const startedAt = clock.monotonic();
  turn.report({ kind: "tool-started", call });
  try {
    const outcome = await runToolCall(tool, call.arguments, {
      signal: step.signal,
      callId,
      idempotencyKey: step.idempotencyKey,
      run: turn.run,
      progress: (value) => turn.report({ kind: "tool-progress", callId, value }),
      clock,
      limiter,
      graceMs: toolGraceMs,
      isApproved,
    });
    return { ...outcome, durationMs: Math.round(clock.monotonic() - startedAt) };
  } finally {
    stopClock();
  }
}

/** Only the budget throws inside a tool's step; anything else is a fault of ours that the model should not hide. */
function failedStep(error: Error, lost: number): CallEnd {
  const isBudget = TroupeError.isTroupeError(error) && error.code === "run.budget_exceeded";
  const durationMs = 0;
  if (isBudget)
    return { outcome: endedOutcome("denied", error.code, error.message), executions: lost, durationMs, refused: error };
  return { outcome: endedOutcome("error", "tool.failed", error.message), executions: lost + 1, durationMs };
}

function unknownTool(name: string, tools: readonly Tool[]): ToolOutcome {
  const known = tools.map((tool) => tool.name).join(", ");
  const text = `There is no tool "${name}". ${known === "" ? "You have no tools." : `You have: ${known}.`}`;
  return endedOutcome("error", "tool.not_found", text);
}

/** What a tool that was stopped says of itself, in words for the model; it may even have finished. */
function stoppedStep({ partial, reason }: StoppedStep, lost: number): CallEnd {
  const recorded: unknown = partial;
  if (!isRecorded(recorded))
    return { outcome: notRun("cancelled", reason), executions: lost, durationMs: 0, stopped: reason };
  const end = toEnd(recorded, lost);
  return { ...end, outcome: settledInTime(end.outcome, reason), stopped: reason };
}

type StoppedStep = Extract<StepOutcome<RecordedCall>, { readonly status: "cancelled" }>;

function settledInTime(outcome: ToolOutcome, reason: ControlReason): ToolOutcome {
  if (outcome.status === "unknown") return notRun("unknown", reason);
  return outcome.status === "cancelled" ? endedOutcome("cancelled", "tool.cancelled", stoppedWords(reason)) : outcome;
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
  return endedOutcome(status, `tool.${status}`, text);
}

/** What the step returned although it was stopped. */
function isRecorded(value: unknown): value is RecordedCall {
  return typeof value === "object" && value !== null && "status" in value && "durationMs" in value;
}
