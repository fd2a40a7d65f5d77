import { ConfigError } from "@troupe/core";
import type { ChatModel, ModelRequest, ModelResult, Usage } from "../model/chat-model.ts";
import type { JsonValue } from "../model/json.ts";
import type { ModelMessage, ToolCallPart, ToolResultPart } from "../model/model-message.ts";
import { sumUsage } from "../model/usage.ts";
import { toResultPart } from "../tool/run-tool-call.ts";
import type { Tool, ToolOutcome } from "../tool/tool.ts";
import { combineWorkbenches } from "./combine-workbenches.ts";
import { staticWorkbench } from "./static-workbench.ts";
import type { Workbench } from "./workbench.ts";

/** Options of `toolLoop`: what a model request takes, and the tools. */
export interface ToolLoopOptions extends Omit<ModelRequest, "tools"> {
  readonly model: ChatModel;
  /** Tools and workbenches; names must differ. */
  readonly tools: readonly (Tool | Workbench)[];
  /** Model calls at most; default 10. */
  readonly maxIterations?: number | undefined;
  /** Decides about a call of a tool that needs approval; without it such calls are denied. */
  readonly approve?: ((call: ToolCallPart) => Promise<boolean>) | undefined;
  /** Each message as soon as it is complete. */
  readonly onMessage?: ((message: ModelMessage) => void) | undefined;
  /** Each call when it has ended, well or not. */
  readonly onCall?: ((record: ToolCallRecord) => void) | undefined;
  /** Progress of streaming tools. */
  readonly onProgress?: ((call: ToolCallPart, value: JsonValue) => void) | undefined;
}

/** A call that has ended, for logs. */
export interface ToolCallRecord {
  readonly call: ToolCallPart;
  readonly outcome: ToolOutcome;
}

/** What a `toolLoop` made. */
export interface ToolLoopResult {
  /** Only the new messages; every tool call in them has its result. */
  readonly messages: readonly ModelMessage[];
  /** The last answer of the model. */
  readonly result: ModelResult;
  /** `max-iterations`: the model still wanted tools when the limit was reached; those calls were not run and say so. */
  readonly stopReason: "finished" | "max-iterations";
  readonly iterations: number;
  readonly usage: Usage;
}

/**
 * Calls a model, runs the tools it asks for, and calls it again until it answers without tools: what an agent does, without an agent.
 *
 * The calls of one answer run at the same time and their results keep its order; a call that fails is a result the model reads, and its
 * siblings go on. Reasoning stays in the messages.
 *
 * @throws The model's `ModelError`; the signal's own reason after an abort, when all tools have ended; ConfigError
 * `config.duplicate_name` for tools of one name, `config.invalid_option` for a limit below 1.
 */
export async function toolLoop(options: ToolLoopOptions): Promise<ToolLoopResult> {
  const {
    model,
    tools,
    maxIterations = 10,
    approve,
    onMessage,
    onCall,
    onProgress,
    messages: history,
    ...request
  } = options;
  assertIterations(maxIterations);
  const workbench = toWorkbench(tools);
  const runner: CallRunner = {
    workbench,
    signal: options.signal ?? new AbortController().signal,
    approve,
    onCall,
    onProgress,
  };
  const messages: ModelMessage[] = [];
  const usages: Usage[] = [];
  const add = (message: ModelMessage): void => {
    messages.push(message);
    onMessage?.(message);
  };
  for (let iterations = 1; ; iterations += 1) {
    const declarations = (await workbench.list({ signal: options.signal })).map((tool) => tool.declaration);
    const result = await model.generate({
      ...request,
      messages: [...history, ...messages],
      tools: declarations.length > 0 ? declarations : undefined,
    });
    usages.push(result.usage);
    add({ role: "assistant", content: result.content });
    const calls = result.content.filter((part) => part.kind === "tool-call");
    const isLast = iterations >= maxIterations;
    if (calls.length > 0) {
      const content = isLast ? calls.map(refuse) : await Promise.all(calls.map((call) => runCall(runner, call)));
      add({ role: "tool", content });
      options.signal?.throwIfAborted();
    }
    if (calls.length === 0 || isLast) {
      const stopReason = calls.length === 0 ? "finished" : "max-iterations";
      return { messages, result, stopReason, iterations, usage: sumUsage(usages) };
    }
  }
}

interface CallRunner extends Pick<ToolLoopOptions, "approve" | "onCall" | "onProgress"> {
  readonly workbench: Workbench;
  readonly signal: AbortSignal;
}

async function runCall(runner: CallRunner, call: ToolCallPart): Promise<ToolResultPart> {
  const run = (isApproved: boolean): Promise<ToolOutcome> =>
    runner.workbench.call(call.toolName, call.arguments, {
      signal: runner.signal,
      callId: call.callId,
      idempotencyKey: call.callId,
      progress: (value) => runner.onProgress?.(call, value),
      isApproved,
    });
  const first = await run(false);
  const mustAsk = first.failure?.code === "tool.not_approved" && runner.approve !== undefined;
  const outcome = mustAsk && (await runner.approve?.(call)) === true ? await run(true) : first;
  runner.onCall?.({ call, outcome });
  return toResultPart(call, outcome);
}

/** The closing result of a call that is not run because the loop ends. */
function refuse(call: ToolCallPart): ToolResultPart {
  const text = "The call was not run: the limit of model calls is reached.";
  return toResultPart(call, { status: "cancelled", content: [{ kind: "text", text }] });
}

function toWorkbench(tools: readonly (Tool | Workbench)[]): Workbench {
  const own = tools.filter((tool) => tool.kind === "tool");
  const others = tools.filter((tool) => tool.kind === "workbench");
  const first = staticWorkbench(own);
  return others.length === 0 ? first : combineWorkbenches([first, ...others]);
}

function assertIterations(maxIterations: number): void {
  if (maxIterations >= 1) return;
  throw new ConfigError("config.invalid_option", `maxIterations is ${maxIterations}`, {
    remedy: "Allow at least one model call.",
  });
}
