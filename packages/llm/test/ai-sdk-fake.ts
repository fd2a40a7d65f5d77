import type { LanguageModelV4CallOptions, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { AiSdkModel, ChatModel, ModelEvent, ModelRequest } from "@troupe/llm";

/** The smallest request. */
export const ask: ModelRequest = { messages: [{ role: "user", content: [{ kind: "text", text: "Hi" }] }] };

/** What a fake model answers, at once and in pieces. */
export interface FakeAnswer {
  readonly parts?: readonly LanguageModelV4StreamPart[];
  readonly content?: readonly unknown[];
  readonly more?: Record<string, unknown>;
  readonly fail?: unknown;
  readonly hang?: boolean;
}

/** Token counts as v3 and v4 report them. */
export const usage = {
  inputTokens: { total: 10, noCache: 6, cacheRead: 4, cacheWrite: 0 },
  outputTokens: { total: 5, text: 3, reasoning: 2 },
};
/** The end of a stream that went well. */
export const finish: Extract<LanguageModelV4StreamPart, { type: "finish" }> = {
  type: "finish",
  usage,
  finishReason: { unified: "stop", raw: "stop" },
};

/** A model as a provider package would make it, with its calls on record. */
export function fake(
  answer: FakeAnswer,
  options: { version?: "v2" | "v3" | "v4"; provider?: string; modelId?: string } = {},
) {
  const calls: LanguageModelV4CallOptions[] = [];
  const state = { cancelled: false };
  const model: AiSdkModel & { calls: LanguageModelV4CallOptions[]; state: typeof state } = {
    specificationVersion: options.version ?? "v4",
    provider: options.provider ?? "lab.chat",
    modelId: options.modelId ?? "m1",
    calls,
    state,
    doGenerate: async (given: LanguageModelV4CallOptions) => {
      calls.push(given);
      if (answer.hang) return new Promise(() => {});
      if (answer.fail !== undefined) throw answer.fail;
      return {
        content: answer.content ?? [],
        finishReason: { unified: "stop", raw: "stop" },
        usage,
        warnings: [],
        ...answer.more,
      };
    },
    doStream: async (given: LanguageModelV4CallOptions) => {
      calls.push(given);
      if (answer.fail !== undefined) throw answer.fail;
      const parts = [...(answer.parts ?? [])];
      const stream = new ReadableStream({
        pull(controller) {
          const part = parts.shift();
          if (part !== undefined) controller.enqueue(part);
          else if (!answer.hang) controller.close();
        },
        cancel() {
          state.cancelled = true;
        },
      });
      return { stream };
    },
  };
  return model;
}

/** All events of one stream. */
export async function collect(model: ChatModel, request: ModelRequest = ask): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of model.stream(request)) events.push(event);
  return events;
}

/** The result in the last event. */
export const result = (events: readonly ModelEvent[]) => {
  const last = events.at(-1);
  if (last?.kind !== "finish") throw new Error("no finish event");
  return last.result;
};
