import type { ModelMessage, ModelRequest, ToolDeclaration } from "@troupe/llm";
import type { AssistantWork } from "./assistant-work.ts";
import { type FittedConversation, toolsOfOthers } from "./fit-model.ts";

/** What one call of the model is about. */
export interface RequestParts {
  /** Instructions and what the memories gave; undefined for none. */
  readonly system: ModelMessage | undefined;
  /** As much of the conversation as the model should see. */
  readonly shown: readonly ModelMessage[];
  readonly fitted: FittedConversation;
  readonly declarations: readonly ToolDeclaration[];
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
    messages: createMessages(parts),
    // The tools stay where they must not be called: providers refuse a history of calls to tools they do not know.
    ...(declarations.length > 0 && { tools: declarations, ...(!mayCallTools && { toolChoice: "none" }) }),
  };
}

/** A list of its own: the conversation grows while a model may still read its request. */
function createMessages({ system, shown, fitted, nudge }: RequestParts): readonly ModelMessage[] {
  const conversation = fitted.of(shown);
  const before: readonly ModelMessage[] = system === undefined ? [] : [system];
  const after = nudge === undefined ? [] : [nudgeMessage(nudge)];
  // Five times as fast as spreading into a literal: the list is long, and copied for each call.
  return before.concat(conversation, after);
}

function nudgeMessage(text: string): ModelMessage {
  return { role: "user", name: "user", content: [{ kind: "text", text }] };
}
