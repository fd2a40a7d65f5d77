import {
  type ChatModel,
  type CodeExecutor,
  jsonSchema,
  type ModelRequest,
  type ModelResult,
  type Tool,
  type ToolContext,
  tool,
} from "@troupe/llm";
import type { OutsideClient } from "./outside-client.ts";

/** What the agents of a scenario are made of: everything they do is done, and counted, outside. */
export interface OutsideParts {
  model(agent: string): ChatModel;
  tool(name: string, options?: { readonly idempotent?: boolean; readonly approval?: boolean }): Tool;
  executor(): CodeExecutor;
  /** One effect, for custom agents and stand-alone ones. */
  effect(call: {
    readonly tool: string;
    readonly callId: string;
    readonly idempotencyKey: string;
    readonly isIdempotent: boolean;
    readonly signal: AbortSignal;
  }): Promise<string>;
  answer(prompt: string): Promise<unknown>;
}

/** Makes the parts on top of a client. */
export function createOutsideParts(client: OutsideClient): OutsideParts {
  const effect: OutsideParts["effect"] = async ({ signal, ...call }) => {
    const reply = await client.ask({ kind: "effect", ...call }, signal);
    if (reply.kind !== "effect") throw new Error(`an effect was answered by ${reply.kind}`);
    return reply.value;
  };
  return {
    model: (agent) => new OutsideModel(agent, client),
    tool: (name, options) => createTool(name, { effect, ...options }),
    executor: () => createExecutor(effect),
    effect,
    answer: async (prompt) => {
      const reply = await client.ask({ kind: "answer", prompt });
      if (reply.kind !== "answer") throw new Error(`a question was answered by ${reply.kind}`);
      return reply.answer;
    },
  };
}

/** A model behind HTTP. The serial number of a call is kept with its result, so that the log says which calls it holds. */
class OutsideModel implements ChatModel {
  readonly kind = "chat-model";
  readonly name: string;
  readonly capabilities: ChatModel["capabilities"] = {
    tools: true,
    parallelToolCalls: true,
    vision: false,
    structuredOutput: "none",
    streaming: false,
    contextWindow: null,
    multipleSystemMessages: true,
  };
  readonly #agent: string;
  readonly #client: OutsideClient;

  constructor(agent: string, client: OutsideClient) {
    this.name = `outside:${agent}`;
    this.#agent = agent;
    this.#client = client;
  }

  async generate({ messages, signal }: ModelRequest): Promise<ModelResult> {
    const reply = await this.#client.ask({ kind: "model", agent: this.#agent, messages }, signal);
    if (reply.kind !== "said") throw new Error(`a model call was answered by ${reply.kind}`);
    const { said, serial } = reply;
    const content: ModelResult["content"] =
      "text" in said
        ? [{ kind: "text", text: said.text }]
        : said.calls.map(({ callId, tool: toolName }) => ({
            kind: "tool-call",
            callId,
            toolName,
            arguments: JSON.stringify(toolName === "crew" ? { task: "Do your part" } : { callId }),
          }));
    return {
      content,
      finishReason: "text" in said ? "stop" : "tool-calls",
      usage: { inputTokens: 10, outputTokens: 1, cachedInputTokens: 0, reasoningTokens: 0, estimated: false },
      providerMetadata: { outside: { serial } },
    };
  }

  // eslint-disable-next-line require-yield -- the interface wants a stream; this model has none
  async *stream(): AsyncGenerator<never> {
    throw new Error("this model does not stream");
  }
}

type Effect = OutsideParts["effect"];

function createTool(
  name: string,
  { effect, idempotent, approval }: { effect: Effect; idempotent?: boolean; approval?: boolean },
): Tool {
  return tool({
    name,
    description: `Does "${name}" outside`,
    input: jsonSchema<{ callId: string }>({
      type: "object",
      properties: { callId: { type: "string" } },
      required: ["callId"],
    }),
    idempotent,
    approval,
    execute: (_argument, { callId, idempotencyKey, signal }: ToolContext) =>
      effect({ tool: name, callId, idempotencyKey, isIdempotent: idempotent === true, signal }),
  });
}

/** Each block is the name of a call, and an effect of its own: executors get no key, so the name stands for it. */
function createExecutor(effect: Effect): CodeExecutor {
  const close = (): Promise<void> => Promise.resolve();
  return {
    kind: "code-executor",
    name: "outside",
    languages: ["outside"],
    execute: async (blocks, options = {}) => {
      const signal = options.signal ?? new AbortController().signal;
      const outputs: string[] = [];
      for (const { code } of blocks) {
        const callId = code.trim();
        const done = await effect({ tool: "code", callId, idempotencyKey: callId, isIdempotent: false, signal });
        outputs.push(`${done} ${callId}`);
      }
      return { exitCode: 0, output: outputs.join("\n"), truncated: false, durationMs: 1 };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
