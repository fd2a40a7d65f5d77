import { everyCapability } from "../model/every-capability.ts";
import { keepOptions, ModelError } from "@troupe/core";
import type { ChatModel, ModelCapabilities, ModelEvent, ModelRequest, ModelResult } from "../model/chat-model.ts";
import { estimateOutputTokens, estimateTokens } from "../model/estimate-tokens.ts";
import type { AssistantPart } from "../model/model-message.ts";

/** A recorded answer: words, or parts. */
export type ReplayAnswer = string | readonly AssistantPart[];

/** What a replaying model is made of. */
export interface ReplayModelOptions {
  /** Handed out in the order of calls. */
  readonly answers: readonly ReplayAnswer[];
  /** Laid over the default: everything a model can do, window unknown. */
  readonly capabilities?: Partial<ModelCapabilities> | undefined;
}

/**
 * A model that answers from a list, whatever it is asked: to look at a team without a key, and for documents that carry their answers.
 * Tests have more with `ScriptedModel`.
 *
 * It owns its place in the list, which lives in the process: each object answers each of its answers once.
 */
export function replayModel(options: ReplayModelOptions): ChatModel {
  let calls = 0;
  const generate = async (request: ModelRequest): Promise<ModelResult> => {
    request.signal?.throwIfAborted();
    const answer = options.answers[calls];
    if (answer === undefined) throw exhausted(options.answers.length);
    calls += 1;
    return toResult(request, typeof answer === "string" ? [{ kind: "text", text: answer }] : answer);
  };
  const model: ChatModel = {
    kind: "chat-model",
    name: "replay:list",
    capabilities: { ...everyCapability, ...options.capabilities },
    generate,
    stream: async function* (request): AsyncGenerator<ModelEvent, void, undefined> {
      const result = await generate(request);
      for (const part of result.content) yield* partEvents(part);
      yield { kind: "finish", result };
    },
  };
  return keepOptions(model, "@troupe/llm/replayModel", options);
}

function toResult(request: ModelRequest, content: readonly AssistantPart[]): ModelResult {
  return {
    content,
    finishReason: content.some((part) => part.kind === "tool-call") ? "tool-calls" : "stop",
    usage: {
      inputTokens: estimateTokens(request.messages, request.tools),
      outputTokens: estimateOutputTokens(content),
      cachedInputTokens: 0,
      reasoningTokens: 0,
      estimated: true,
    },
  };
}

function* partEvents(part: AssistantPart): Generator<ModelEvent> {
  if (part.kind === "tool-call") yield { kind: "tool-call", call: part };
  if (part.kind !== "text" && part.kind !== "reasoning") return;
  const kind = part.kind === "text" ? "text-delta" : "reasoning-delta";
  for (const delta of part.text.split(/(?<=\s)/)) yield { kind, partId: part.kind, delta };
}

function exhausted(count: number): ModelError {
  return new ModelError("model.script_exhausted", `The ${count} answers of the replaying model are used up.`, {
    remedy: "Add answers, or use a model that thinks.",
    details: { answers: count },
  });
}
