import assert from "node:assert/strict";
import {
  type ChatModel,
  type ModelEvent,
  type ModelRequest,
  type ModelResult,
  estimateOutputTokens,
  estimateTokens,
  resultText,
} from "@troupe/llm";

/** A model that answers with the last words it was given, backwards. */
class MirrorModel implements ChatModel {
  readonly kind = "chat-model";
  readonly name = "mirror:one";
  readonly capabilities = {
    tools: false,
    parallelToolCalls: false,
    vision: false,
    structuredOutput: "none",
    streaming: true,
    contextWindow: 4096,
    multipleSystemMessages: true,
  } as const;

  async generate(request: ModelRequest): Promise<ModelResult> {
    request.signal?.throwIfAborted();
    const last = request.messages.at(-1);
    const spoken = last?.role === "user" ? last.content.map((part) => (part.kind === "text" ? part.text : "")) : [];
    const content = [{ kind: "text", text: spoken.join("").split("").reverse().join("") }] as const;
    const inputTokens = estimateTokens(request.messages);
    const outputTokens = estimateOutputTokens(content);
    return {
      content,
      finishReason: "stop",
      usage: { inputTokens, outputTokens, cachedInputTokens: 0, reasoningTokens: 0, estimated: true },
    };
  }

  async *stream(request: ModelRequest): AsyncGenerator<ModelEvent> {
    const result = await this.generate(request);
    yield { kind: "text-delta", partId: "0", delta: resultText(result) };
    yield { kind: "finish", result };
  }
}

const model: ChatModel = new MirrorModel();
const result = await model.generate({ messages: [{ role: "user", content: [{ kind: "text", text: "live" }] }] });
assert.equal(resultText(result), "evil");
