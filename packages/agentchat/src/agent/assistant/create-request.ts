import type { ModelMessage, ModelRequest, ToolDeclaration } from "@troupe/llm";
import type { AssistantWork } from "./assistant-work.ts";
import { fitToModel, toolsOfOthers } from "./fit-model.ts";

/** What one call of the model is about. */
export interface RequestParts {
  /** Null for none. */
  readonly systemMessage: string | null;
  /** As much of the conversation as the model should see. */
  readonly shown: readonly ModelMessage[];
  readonly declarations: readonly ToolDeclaration[];
  /** What the memories gave for this turn. */
  readonly recalled: string | undefined;
  readonly mayCallTools: boolean;
  /** Said last, for this call alone. */
  readonly nudge: string | undefined;
}

/** The request of one call: instructions, what is remembered, and what the model should see of the conversation. */
export function createRequest(work: AssistantWork, parts: RequestParts): Omit<ModelRequest, "signal"> {
  const own = parts.declarations;
  const declarations = own.length > 0 ? own : toolsOfOthers(parts.shown, work.inference.model);
  const mayCallTools = parts.mayCallTools && own.length > 0;
  return {
    ...work.settings,
    messages: createMessages(work, parts),
    // The tools stay where they must not be called: providers refuse a history of calls to tools they do not know.
    ...(declarations.length > 0 && { tools: declarations, ...(!mayCallTools && { toolChoice: "none" }) }),
  };
}

function createMessages(
  work: AssistantWork,
  { systemMessage, shown, recalled, nudge }: RequestParts,
): readonly ModelMessage[] {
  const { inference } = work;
  const system = [systemMessage ?? "", recalled ?? ""].filter((text) => text !== "").join("\n\n");
  const messages: ModelMessage[] = system === "" ? [] : [{ role: "system", content: system }];
  for (const message of fitToModel(shown, inference.model)) messages.push(message);
  if (nudge !== undefined) messages.push({ role: "user", name: "user", content: [{ kind: "text", text: nudge }] });
  return messages;
}
