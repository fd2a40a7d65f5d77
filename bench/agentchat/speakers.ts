import { type AgentReply, BaseChatAgent, type ChatMessage } from "@troupe/agentchat";
import type { ChatModel, ModelCapabilities, ModelEvent, ModelRequest, ModelResult } from "@troupe/llm";

/** Says a word and a number each turn, so that nobody goes round in circles: what is left is the framework. */
export class Speaker extends BaseChatAgent {
  readonly #onTurn: () => void;
  readonly #said = { times: 0 };

  constructor(name: string, onTurn: () => void = () => {}) {
    super({ name });
    this.#onTurn = onTurn;
  }

  // oxlint-disable-next-line require-yield -- it has nothing to tell on the way
  async *onMessages(_messages: readonly ChatMessage[]): AsyncGenerator<never, AgentReply> {
    this.#onTurn();
    this.#said.times += 1;
    return this.reply(`hello ${this.#said.times}`);
  }
}

const capabilities: ModelCapabilities = {
  tools: true,
  parallelToolCalls: true,
  vision: false,
  structuredOutput: "none",
  streaming: true,
  contextWindow: null,
  multipleSystemMessages: true,
};

/** The answer of a model in words. */
export function textResult(text: string): ModelResult {
  const usage = { inputTokens: 10, outputTokens: 5, cachedInputTokens: 0, reasoningTokens: 0, estimated: false };
  return { content: [{ kind: "text", text }], finishReason: "stop", usage };
}

/** A model that costs nothing: `answer` is asked for each call, `stream` is told its deltas before the answer. */
export function plainModel(
  answer: (request: ModelRequest) => ModelResult | Promise<ModelResult>,
  deltas: (signal: AbortSignal | undefined) => Iterable<string> | AsyncIterable<string> = () => [],
): ChatModel {
  return {
    kind: "chat-model",
    name: "bench:model",
    capabilities,
    generate: async (request) => answer(request),
    async *stream(request): AsyncGenerator<ModelEvent, void, undefined> {
      for await (const delta of deltas(request.signal)) {
        request.signal?.throwIfAborted();
        yield { kind: "text-delta", partId: "text", delta };
      }
      yield { kind: "finish", result: await answer(request) };
    },
  };
}

/** A model that calls `add` in its first answers to a request, each in a message of its own, then says "done"; it serves any number of runs at once. */
export function addingModel(calls: number): ChatModel {
  return plainModel(({ messages }) => {
    const made = (messages.length - 1) / 2;
    if (made === calls) return textResult("done");
    const call = {
      kind: "tool-call",
      callId: `call-${made + 1}`,
      toolName: "add",
      arguments: JSON.stringify({ a: made + 1, b: 1 }),
    } as const;
    return { ...textResult(""), content: [call], finishReason: "tool-calls" };
  });
}
