import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { model, modelComponent } from "@troupe/ai-sdk";
import { ConfigError, createComponentRegistry } from "@troupe/core";
import { type ChatModel, isChatModel, type ModelRequest } from "@troupe/llm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ask: ModelRequest = { messages: [{ role: "user", content: [{ kind: "text", text: "Hi" }] }] };
const environment = { MY_KEY: "canary-key", OPENAI_API_KEY: "usual-key" };
const registry = createComponentRegistry({ components: [modelComponent({ environment })] });

interface Seen {
  readonly path: string;
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const seen: Seen[] = [];
let server: Server;
let url = "";
beforeAll(async () => {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body: unknown = JSON.parse(await text(request));
    const fields = typeof body === "object" && body !== null ? { ...body } : {};
    seen.push({ path: request.url ?? "", key: request.headers.authorization ?? "", body: fields });
    response.setHeader("content-type", "application/json");
    const message = { role: "assistant", content: "Hello." };
    response.end(
      JSON.stringify({
        id: "1",
        object: "chat.completion",
        created: 1,
        model: "m",
        choices: [{ index: 0, message, finish_reason: "stop" }],
      }),
    );
  };
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}/v1` : "";
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

function loadModel(document: unknown, from = registry): ChatModel {
  const made = from.load(document);
  if (!isChatModel(made)) throw new Error("no model came out");
  return made;
}

function failure(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const autogen = (
  config: Record<string, unknown>,
  name = "openai.OpenAIChatCompletionClient",
): Record<string, unknown> => ({
  provider: `autogen_ext.models.${name}`,
  config,
});

describe("a model in a document", () => {
  it.each([
    ["an id", model("openai:gpt-5-mini")],
    [
      "everything",
      model("openai:gpt-5-mini", {
        baseUrl: "https://proxy.example/v1",
        apiKey: { $env: "MY_KEY" },
        headers: { "x-team": "desk" },
        timeouts: { totalMs: 5000 },
        retry: false,
        capabilities: { vision: false, contextWindow: 1000 },
        api: "chat",
        settings: { organization: "org" },
        defaults: {
          temperature: 0.2,
          stopSequences: ["END"],
          providerOptions: { openai: { user: "u", maxTokens: 1 } },
        },
      }),
    ],
  ])("comes back as it was written: %s", (_, made) => {
    const written = registry.dump(made);
    expect(written).toMatchObject({
      provider: "@troupe/ai-sdk/model",
      component_type: "model",
      config: { id: "openai:gpt-5-mini" },
    });
    expect(registry.dump(registry.load(JSON.stringify(written)))).toEqual(written);
  });

  it("sends the key of its variable and its settings, and what a call says before them", async () => {
    const made = loadModel({
      provider: "@troupe/ai-sdk/model",
      config: {
        id: "openai:gpt-4o",
        api: "chat",
        baseUrl: url,
        apiKey: { $env: "MY_KEY" },
        defaults: { temperature: 0.2, maxOutputTokens: 9, providerOptions: { openai: { user: "ada" } } },
      },
    });
    const result = await made.generate({ ...ask, temperature: 0.7, maxOutputTokens: undefined });
    expect(result.content).toEqual([expect.objectContaining({ kind: "text", text: "Hello." })]);
    expect(seen.at(-1)).toMatchObject({
      path: "/v1/chat/completions",
      key: "Bearer canary-key",
      body: { temperature: 0.7, max_tokens: 9, user: "ada" },
    });
  });

  it("reaches no variable that the program did not lend", async () => {
    process.env["UNLENT_KEY"] = "canary-unlent";
    try {
      const made = loadModel({
        provider: "@troupe/ai-sdk/model",
        config: { id: "openai:gpt-4o", baseUrl: url, apiKey: { $env: "UNLENT_KEY" } },
      });
      await expect(made.generate(ask)).rejects.toMatchObject({
        code: "config.missing_key",
        details: { variable: "UNLENT_KEY" },
      });
    } finally {
      delete process.env["UNLENT_KEY"];
    }
  });

  it.each([
    ["no id", { id: "gpt-5" }, "config.id"],
    ["a key in plain text", { id: "openai:gpt-5", apiKey: "canary-plain" }, "config.apiKey"],
    ["a password in the address", { id: "openai:gpt-5", baseUrl: "https://ada:canary@host" }, "config.baseUrl"],
    ["a key among the headers", { id: "openai:gpt-5", headers: { Authorization: "canary" } }, "config.headers"],
    ["a key among the settings", { id: "openai:gpt-5", settings: { accessToken: "canary" } }, "config.settings"],
  ])("is refused with its place: %s", (_, config, path) => {
    const error = failure(() => registry.load({ provider: "@troupe/ai-sdk/model", config }));
    expect([error.details?.["path"], error.message]).toEqual([path, expect.not.stringContaining("canary")]);
  });

  it.each([
    ["a key", { apiKey: "canary-plain" }, "config.apiKey"],
    ["a function", { fetch: globalThis.fetch }, "config.fetch"],
    ["a key among the headers", { headers: { "x-api-key": "canary" } }, "config.headers"],
  ])("is not written with %s", (_, options, path) => {
    const error = failure(() => registry.dump(model("openai:gpt-5", options)));
    expect([error.code, error.details?.["path"]]).toEqual(["config.not_dumpable", path]);
    expect(`${error.message} ${error.remedy}`).not.toContain("canary");
  });
});

describe("a model client of AutoGen's", () => {
  it.each([
    ["an OpenAI model", { model: "gpt-4o-mini", temperature: 0.2, max_tokens: 300 }],
    ["a Gemini model", { model: "gemini-2.5-flash" }],
    ["a Claude model", { model: "claude-sonnet-4-5", top_p: 0.5 }],
    [
      "a model of a server",
      {
        model: "llama-3.3",
        base_url: "http://127.0.0.1:9/v1",
        seed: 7,
        stop: ["END"],
        user: "ada",
        parallel_tool_calls: false,
        reasoning_effort: "low",
        logit_bias: { "50256": -100 },
        default_headers: { "x-team": "desk" },
        timeout: 12.5,
        max_retries: 4,
        organization: "org",
        model_info: {
          vision: false,
          function_calling: true,
          json_output: true,
          family: "unknown",
          structured_output: false,
        },
      },
    ],
  ])("comes back in its own words: %s", (_, config) => {
    const made = registry.load(autogen(config));
    expect(registry.dump(made, { dialect: "autogen" })).toMatchObject({
      provider: "autogen_ext.models.openai.OpenAIChatCompletionClient",
      component_type: "model",
      config,
    });
    expect(Object.keys(registry.dump(made, { dialect: "autogen" }).config).sort()).toEqual(Object.keys(config).sort());
    const written = registry.dump(made);
    expect(registry.dump(registry.load(written))).toEqual(written);
  });

  it.each([
    [
      "stars stand for the usual key",
      autogen({ model: "gpt-4o", api_key: "**********", base_url: "URL" }),
      "usual-key",
      "/v1/chat/completions",
    ],
    [
      "a reference may stand where a key would",
      autogen({ model: "gpt-4o", api_key: { $env: "MY_KEY" }, base_url: "URL" }),
      "canary-key",
      "/v1/chat/completions",
    ],
    [
      "the short names",
      { provider: "openai_chat_completion_client", config: { model: "gpt-4o", base_url: "URL" } },
      "usual-key",
      "/v1/chat/completions",
    ],
  ])("is called as AutoGen would: %s", async (...[, document, key, path]) => {
    const made = loadModel(JSON.stringify(document).replace('"URL"', JSON.stringify(url)));
    await made.generate(ask);
    expect(seen.at(-1)).toMatchObject({ key: `Bearer ${key}`, path, body: { model: "gpt-4o" } });
  });

  it.each([
    [
      "Azure",
      autogen(
        {
          model: "gpt-4o",
          azure_endpoint: "https://one.example/",
          azure_deployment: "four",
          api_version: "2024-06-01",
        },
        "openai.AzureOpenAIChatCompletionClient",
      ),
      "azure:four",
    ],
    [
      "Anthropic",
      autogen({ model: "claude-sonnet-4-5", max_tokens: 5 }, "anthropic.AnthropicChatCompletionClient"),
      "anthropic:claude-sonnet-4-5",
    ],
    [
      "Ollama",
      autogen({ model: "llama3.2:3b", host: "http://127.0.0.1:11434" }, "ollama.OllamaChatCompletionClient"),
      "ollama:llama3.2:3b",
    ],
  ])("has a counterpart here: %s", (_, document, id) => {
    expect(registry.dump(registry.load(document)).config).toMatchObject({ id });
  });

  it.each([
    ["a key in plain text", { model: "gpt-4o", api_key: "canary-plain" }, "config.api_key"],
    ["a setting that we do not have", { model: "gpt-4o", frequency_penalty: 0.5 }, "config.frequency_penalty"],
    ["a field of a newer version", { model: "gpt-4o", quantum: true }, "config.quantum"],
  ])("is refused with its place: %s", (_, config, path) => {
    const error = failure(() => registry.load(autogen(config)));
    expect([error.details?.["path"], error.message]).toEqual([path, expect.not.stringContaining("canary")]);
  });

  it.each([
    ["a key that it cannot refer to", model("openai:gpt-4o", { apiKey: { $env: "MY_KEY" } }), "config.api_key"],
    ["another provider", model("mistral:mistral-small"), "config.model"],
    ["a setting of ours", model("openai:gpt-4o", { settings: { project: "p" } }), "config.project"],
  ])("is not written with %s", (_, made, path) => {
    const error = failure(() => registry.dump(made, { dialect: "autogen" }));
    expect([error.code, error.details?.["path"]]).toEqual(["config.not_dumpable", path]);
  });
});
