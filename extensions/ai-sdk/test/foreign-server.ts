import { LLMock } from "@copilotkit/aimock";
import { model, type ModelId, type ModelOptions } from "@troupe/ai-sdk";
import type { ChatModel } from "@troupe/llm";

/** A provider, and how to reach the imitation of it. */
export interface Peer {
  readonly name: string;
  readonly provider: string;
  /** Model ids are `<family>-<scenario>`: the server tells scenarios apart by them. */
  readonly family: string;
  readonly path: string;
  readonly options?: ModelOptions;
}

/** Every API that the server imitates and we can speak. */
export const peers: readonly Peer[] = [
  { name: "openai responses", provider: "openai", family: "gpt-4.1", path: "/v1" },
  { name: "openai chat", provider: "openai", family: "gpt-4.1", path: "/v1", options: { api: "chat" } },
  { name: "azure responses", provider: "azure", family: "gpt-4.1", path: "/openai" },
  { name: "anthropic", provider: "anthropic", family: "claude-sonnet-4-5", path: "/v1" },
  { name: "google", provider: "google", family: "gemini-2.5-flash", path: "/v1beta" },
  { name: "mistral", provider: "mistral", family: "mistral-small", path: "/v1" },
  {
    name: "bedrock",
    provider: "bedrock",
    family: "anthropic.claude-sonnet-4-5",
    path: "",
    options: { settings: { region: "us-east-1" } },
  },
  { name: "ollama", provider: "ollama", family: "llama3.2", path: "/v1" },
  { name: "openai-compatible", provider: "openai-compatible", family: "own", path: "/v1" },
];

/** 30 tokens in and 12 out, in the words of each provider. */
const usage = {
  prompt_tokens: 30,
  completion_tokens: 12,
  input_tokens: 30,
  output_tokens: 12,
  promptTokenCount: 30,
  candidatesTokenCount: 12,
};

/** A server, not written by us, that speaks the protocols of the providers. */
export async function startForeignServer(): Promise<LLMock> {
  const server = new LLMock({ port: 0, host: "127.0.0.1", chunkSize: 6 });
  const call = (a: number, b: number) => ({ name: "add", arguments: JSON.stringify({ a, b }) });
  server.on({ model: /-text$/ }, { content: "The answer is 42.", usage });
  server.on({ model: /-tool-call$/ }, { toolCalls: [call(20, 22)] });
  server.on({ model: /-parallel-tool-calls$/ }, { toolCalls: [call(1, 2), call(3, 4)] });
  server.on(
    { model: /-failure$/ },
    { error: { message: "This request is not right.", type: "invalid_request_error" }, status: 400 },
  );
  server.on({ model: /-silence$/ }, { content: "Too late." }, { chaos: { latencyMs: 30_000 } });
  await server.start();
  return server;
}

/** A model of the peer, without retries and with a key that the server does not check. */
export function peerModel(
  { server, peer }: { readonly server: LLMock; readonly peer: Peer },
  scenario: string,
  options: ModelOptions = {},
): ChatModel {
  const id: ModelId = `${peer.provider as "openai"}:${peer.family}-${scenario}`;
  return model(id, {
    baseUrl: `${server.url}${peer.path}`,
    apiKey: "test-key",
    retry: false,
    ...peer.options,
    ...options,
  });
}

/** The address of what a `fetch` was asked for. */
export function urlOf(input: string | URL | Request): string {
  return input instanceof Request ? input.url : String(input);
}
