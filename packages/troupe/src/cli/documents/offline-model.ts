import {
  type ChatModel,
  estimateTextTokens,
  estimateTokens,
  type ModelEvent,
  type ModelRequest,
  type ModelResult,
} from "@troupe/llm";

/** No language model: it repeats what it last read, so that the course of a team can be seen without a key. */
export function offlineModel(): ChatModel {
  const generate = async (request: ModelRequest): Promise<ModelResult> => {
    request.signal?.throwIfAborted();
    const words = `[offline model] ${lastWords(request)}`;
    return {
      content: [{ kind: "text", text: words }],
      finishReason: "stop",
      usage: {
        inputTokens: estimateTokens(request.messages, request.tools),
        outputTokens: estimateTextTokens(words),
        cachedInputTokens: 0,
        reasoningTokens: 0,
        estimated: true,
      },
    };
  };
  return {
    kind: "chat-model",
    name: "offline:echo",
    capabilities: {
      tools: true,
      parallelToolCalls: false,
      vision: false,
      structuredOutput: "none",
      streaming: true,
      contextWindow: null,
      multipleSystemMessages: true,
    },
    generate,
    stream: async function* (request): AsyncGenerator<ModelEvent, void, undefined> {
      const result = await generate(request);
      for (const part of result.content)
        if (part.kind === "text") yield { kind: "text-delta", partId: "words", delta: part.text };
      yield { kind: "finish", result };
    },
  };
}

/** The last text that somebody said to the model, without what an offline model put before it. */
function lastWords({ messages }: ModelRequest): string {
  const texts = messages.flatMap((message) =>
    message.role === "user" ? message.content.flatMap((part) => (part.kind === "text" ? [part.text] : [])) : [],
  );
  return (texts.at(-1) ?? "").replaceAll("[offline model] ", "");
}
