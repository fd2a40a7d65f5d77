import { type AssistantPart, type ChatModel, estimateOutputTokens, estimateTokens } from "@troupe/llm";
import type { ModelEvent, ModelRequest, ModelResult } from "@troupe/llm";
import { cannot } from "./columns.ts";
import { analyst, reviewer } from "./rules.ts";
import { readTalk } from "./talk.ts";

/**
 * A chat model made of rules, so that the demonstration needs no network and no key.
 *
 * It decides from nothing but the request: the description of a table, what others said, what programs printed, which tools there are.
 * It keeps no state and knows no table. Its token counts are estimates, marked as such.
 *
 * @throws ModelError `model.stand_in_cannot` for a role, a table or a state of the conversation it has no rule for.
 */
export function standInModel(): ChatModel {
  const abilities = { tools: true, parallelToolCalls: false, vision: false, structuredOutput: "none" } as const;
  return {
    kind: "chat-model",
    name: "stand-in:rules",
    capabilities: { ...abilities, streaming: true, contextWindow: null, multipleSystemMessages: true },
    generate: (request) => Promise.resolve(request).then(answer).catch(refuse),
    stream: streamAnswer,
  };
}

async function* streamAnswer(request: ModelRequest): AsyncGenerator<ModelEvent, void, undefined> {
  const result = await Promise.resolve(request).then(answer).catch(refuse);
  for (const part of result.content) {
    if (part.kind === "tool-call") yield { kind: "tool-call", call: part };
    if (part.kind !== "text") continue;
    for (const delta of part.text.split(/(?<=\s)/)) yield { kind: "text-delta", partId: "words", delta };
  }
  yield { kind: "finish", result };
}

function answer(request: ModelRequest): ModelResult {
  request.signal?.throwIfAborted();
  const system = request.messages.map((message) => (message.role === "system" ? message.content : "")).join("\n");
  const role = /you are the (analyst|reviewer)/i.exec(system)?.[1]?.toLowerCase();
  if (role === undefined) throw cannot("plays an analyst or a reviewer, and its instructions name neither");
  const { say, run } = (role === "analyst" ? analyst : reviewer)(readTalk(request));
  const content: AssistantPart[] = run === undefined ? [{ kind: "text", text: say }] : [toolCall(run, request)];
  const inputTokens = estimateTokens(request.messages, request.tools);
  const tokens = { inputTokens, outputTokens: estimateOutputTokens(content), cachedInputTokens: 0, reasoningTokens: 0 };
  return { content, finishReason: run === undefined ? "stop" : "tool-calls", usage: { ...tokens, estimated: true } };
}

/** Rules read what programs printed; figures they were not made for are refused by name. */
const refuse = (error: unknown): never => {
  throw error instanceof TypeError ? cannot("has no rule for the figures of this table") : error;
};

/** Calls the first tool whose schema has a property for a program. */
function toolCall(program: string, { tools = [], messages }: ModelRequest): AssistantPart {
  for (const { name, inputSchema } of tools) {
    const property = Object.keys(inputSchema["properties"] ?? {}).find((key) => /code|program|script/i.test(key));
    const call = { kind: "tool-call", callId: `call-${messages.length}`, toolName: name } as const;
    if (property !== undefined) return { ...call, arguments: JSON.stringify({ [property]: program }) };
  }
  throw cannot("needs a tool that runs a program, and there is none");
}
