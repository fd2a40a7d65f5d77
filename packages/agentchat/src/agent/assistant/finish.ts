import type { ChatModel, ToolCallPart, ToolResultPart } from "@troupe/llm";
import type { FinishTool } from "../../guard/finish-tool.ts";
import type { AgentReply } from "../../turn/role.ts";
import type { ToolSet } from "./tool-set.ts";

/** The tools with that which ends the run. A tool of the agent's own that is called `finish` hides it. */
export function withFinish(set: ToolSet, finish: FinishTool | undefined, model: ChatModel): ToolSet {
  if (finish === undefined || !model.capabilities.tools) return set;
  if (set.declarations.some(({ name }) => name === finish.tool.name)) return set;
  return {
    tools: [...set.tools, finish.tool],
    declarations: [...set.declarations, finish.tool.declaration],
  };
}

/** The calls of one answer with their results, and the tools that the model had. */
export interface FinishingRound {
  readonly calls: readonly ToolCallPart[];
  readonly results: readonly ToolResultPart[];
  readonly tools: ToolSet["tools"];
}

/** The reply of a turn in which the model has finished the task: the first call that went well counts. */
export function finishedBy(
  { calls, results, tools }: FinishingRound,
  finish: FinishTool | undefined,
): AgentReply | undefined {
  if (finish === undefined || !tools.includes(finish.tool)) return undefined;
  const index = calls.findIndex((call, at) => call.toolName === finish.tool.name && results[at]?.status === "ok");
  const call = calls[index];
  const data = call && finish.read(call);
  if (data === undefined) return undefined;
  return { message: { kind: "structured", text: JSON.stringify(data), data }, finished: { data } };
}
