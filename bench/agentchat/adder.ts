import { AssistantAgent } from "@troupe/agentchat";
import { type AiSdkModel, type ChatModel, jsonSchema, tool } from "@troupe/llm";

/** An agent with one tool that may be called very often. */
export function createAdder(calls: number, model: AiSdkModel | ChatModel): AssistantAgent {
  const input = jsonSchema<{ readonly a: number; readonly b: number }>({
    type: "object",
    properties: { a: { type: "number" }, b: { type: "number" } },
    required: ["a", "b"],
    additionalProperties: false,
  });
  const add = tool({ name: "add", description: "Adds two numbers", input, execute: ({ a, b }) => ({ sum: a + b }) });
  return new AssistantAgent({
    name: "adder",
    model,
    tools: [add],
    maxToolIterations: calls + 1,
    budget: "unbounded",
    systemMessage: null,
    stream: false,
  });
}
