import { type Clock, createSystemRandom, type RandomSource, systemClock, ToolError, TroupeError } from "@troupe/core";
import type { ToolResultPart } from "../model/model-message.ts";
import { type AttemptEnd, runAttempt } from "./attempt.ts";
import { cutResult } from "./cut-result.ts";
import { isToolContent, renderResult } from "./render-result.ts";
import type { ParsedArguments, Tool, ToolContext, ToolOutcome } from "./tool.ts";
import type { ToolLimiter } from "./tool-limiter.ts";

/** What a call gets besides its arguments: the context for the tool, and the ports and decisions for its limits. */
export interface ToolCallContext extends ToolContext {
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Spreads retries; default: the system's generator. */
  readonly random?: RandomSource | undefined;
  /** Holds `concurrency` over the calls of a run; without it that limit is not held. */
  readonly limiter?: ToolLimiter | undefined;
  /** Milliseconds a tool gets to stop after an abort before its effect counts as `unknown`; default 250. */
  readonly graceMs?: number | undefined;
  /** True when whoever had to approve this call did; a tool with `approval` is denied without. */
  readonly isApproved?: boolean | undefined;
}

/** Milliseconds before the first retry, doubled for each further one, with full jitter, and their limit. */
const firstBackoffMs = 100;
const maxBackoffMs = 10_000;

/**
 * Runs one call of a tool, from the model's text to the outcome the model reads.
 *
 * Parses and checks the arguments, asks for approval, holds the limits, retries, checks and renders the result. It never rejects: a
 * fault of the model or the tool is an outcome with `status: "error"`, an abort one with `cancelled`, or with `unknown` when the tool did
 * not stop in time and may have taken effect. A tool that finished although it was told to stop is `ok`: that is what happened.
 * A timed-out attempt whose effect is unknown is repeated only when the tool is `idempotent`.
 */
export async function runToolCall(tool: Tool, argumentsText: string, context: ToolCallContext): Promise<ToolOutcome> {
  if (context.signal.aborted) return cancelled(context.signal.reason);
  if (tool.callInWorkbench !== undefined) return await tool.callInWorkbench(argumentsText, context);
  const prepared = prepare(tool, argumentsText);
  if (prepared.kind === "invalid") return failed("tool.invalid_arguments", prepared.problem);
  if (prepared.needsApproval && context.isApproved !== true) return denied(tool.name);
  const outcome = await runLimited(tool, prepared, context);
  return { ...outcome, content: cutResult(outcome.content, tool.maxResultBytes) };
}

/** An approval rule is the author's code, and so is a schema's refinement: both may throw. */
function prepare(tool: Tool, argumentsText: string): ParsedArguments {
  try {
    return tool.parseArguments(argumentsText);
  } catch (error) {
    return { kind: "invalid", problem: `The arguments could not be checked: ${describeError(error)}` };
  }
}

type Prepared = Extract<ParsedArguments, { kind: "valid" }>;

async function runLimited(tool: Tool, prepared: Prepared, context: ToolCallContext): Promise<ToolOutcome> {
  if (context.limiter === undefined) return runWithRetries(tool, prepared, context);
  let leave: () => void;
  try {
    leave = await context.limiter.enter(tool, context.signal);
  } catch (reason) {
    return cancelled(reason);
  }
  try {
    return await runWithRetries(tool, prepared, context);
  } finally {
    leave();
  }
}

async function runWithRetries(tool: Tool, prepared: Prepared, context: ToolCallContext): Promise<ToolOutcome> {
  const clock = context.clock ?? systemClock;
  const options = { toolName: tool.name, timeoutMs: tool.timeoutMs, graceMs: context.graceMs ?? 250, clock };
  for (let attempt = 0; ; attempt += 1) {
    const end = await runAttempt((inner) => prepared.run(inner), context, options);
    const outcome = toOutcome(tool, end, context.signal);
    const canRepeat = outcome.status === "error" || (outcome.status === "unknown" && tool.idempotent);
    if (!canRepeat || attempt >= tool.retries || context.signal.aborted || end.kind === "returned") return outcome;
    const backoffMs =
      Math.min(maxBackoffMs, firstBackoffMs * 2 ** attempt) * (context.random ?? createSystemRandom()).next();
    if (!(await pause(clock, backoffMs, context.signal))) return outcome;
  }
}

/** False when the signal aborted before the time was over. */
function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      timer.cancel();
      resolve(false);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal.removeEventListener("abort", onAbort);
      resolve(true);
    });
    timer.keepAlive?.(true);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

function toOutcome(tool: Tool, end: AttemptEnd, signal: AbortSignal): ToolOutcome {
  switch (end.kind) {
    case "returned":
      return toResult(tool, end.value);
    case "threw":
      return signal.aborted ? cancelled(signal.reason) : failed(codeOf(end.error), describeError(end.error));
    case "abandoned":
      return abandoned(end.reason);
  }
}

function toResult(tool: Tool, value: unknown): ToolOutcome {
  try {
    const checked = tool.checkResult(value);
    if (checked.kind === "invalid") return failed("tool.invalid_result", `The tool is broken. ${checked.problem}`);
    const content = renderResult(value);
    if (!isToolContent(value) || value.status === "ok") return { status: "ok", content };
    return { status: "error", content, failure: { code: "tool.failed", message: textOf(content) } };
  } catch (error) {
    return failed(codeOf(error), describeError(error));
  }
}

function cancelled(reason: unknown): ToolOutcome {
  return ended("cancelled", { code: "tool.cancelled", message: `The call was cancelled: ${describeError(reason)}` });
}

function abandoned(reason: unknown): ToolOutcome {
  const message = `The call was stopped before it answered, and may or may not have taken effect: ${describeError(reason)}`;
  return ended("unknown", { code: codeOf(reason) === "tool.timeout" ? "tool.timeout" : "tool.unknown", message });
}

function denied(toolName: string): ToolOutcome {
  const message = `Tool "${toolName}" needs a person's approval, and nobody approved this call.`;
  return ended("denied", { code: "tool.not_approved", message });
}

function failed(code: string, message: string): ToolOutcome {
  return ended("error", { code, message });
}

function ended(
  status: "error" | "cancelled" | "unknown" | "denied",
  failure: { readonly code: string; readonly message: string },
): ToolOutcome {
  return { status, content: [{ kind: "text", text: failure.message }], failure };
}

function codeOf(error: unknown): string {
  return TroupeError.isTroupeError(error) ? error.code : "tool.failed";
}

/** What a model reads about an error: messages of it and of what it gathers, and the remedy; never a stack. */
function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    const parts = error.errors.map((inner) => describeError(inner));
    return error.message === "" ? parts.join("; ") : `${error.message}: ${parts.join("; ")}`;
  }
  if (error instanceof ToolError) return `${error.message}. ${error.remedy}`;
  if (error instanceof Error) return error.message === "" ? error.name : error.message;
  return typeof error === "string" ? error : `a thrown ${error === null ? "null" : typeof error}`;
}

function textOf(content: ToolOutcome["content"]): string {
  return content.map((part) => (part.kind === "text" ? part.text : `[${part.kind}]`)).join("\n");
}

/** The message part that answers a call: its one result (invariant I1). */
export function toResultPart(
  call: { readonly callId: string; readonly toolName: string },
  outcome: ToolOutcome,
): ToolResultPart {
  return {
    kind: "tool-result",
    callId: call.callId,
    toolName: call.toolName,
    status: outcome.status,
    content: outcome.content,
  };
}
