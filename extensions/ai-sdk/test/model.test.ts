import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { model, parseModelId, providerNames } from "@troupe/ai-sdk";
import { ConfigError } from "@troupe/core";
import type { ModelRequest } from "@troupe/llm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { urlOf } from "./foreign-server.ts";

const ask: ModelRequest = { messages: [{ role: "user", content: [{ kind: "text", text: "Hi" }] }] };
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error("it succeeded")),
    (error: unknown) => error,
  );

describe("model ids", () => {
  it("are a provider and everything behind the first colon", () => {
    expect(parseModelId("openai:gpt-5-mini")).toEqual({
      id: "openai:gpt-5-mini",
      provider: "openai",
      modelId: "gpt-5-mini",
    });
    expect(parseModelId("ollama:llama3.2:3b").modelId).toBe("llama3.2:3b");
    expect(parseModelId("bedrock:anthropic.claude-sonnet-4-5-v1:0").modelId).toBe("anthropic.claude-sonnet-4-5-v1:0");
  });

  it.each(["", "gpt-5", "openai:", "openai: ", ":gpt-5", "OpenAI:gpt-5", "toString:x", "__proto__:x", "open ai:gpt"])(
    "are refused when they are %o, with the list of providers",
    (text) => {
      expect(() => parseModelId(text)).toThrow(ConfigError);
      try {
        parseModelId(text);
      } catch (error) {
        expect(error).toMatchObject({ code: "config.invalid_model" });
        for (const name of providerNames) expect((error as ConfigError).remedy).toContain(name);
      }
    },
  );

  it("are refused at once by model()", () => {
    // @ts-expect-error no such provider
    expect(() => model("acme:best")).toThrow(ConfigError);
  });
});

describe("a named model, before anything is loaded", () => {
  it("has its name and what is known of its family", () => {
    const known = model("openai:gpt-5-mini");
    expect(known.name).toBe("openai:gpt-5-mini");
    expect(known.capabilities).toMatchObject({ contextWindow: 400_000, structuredOutput: "native" });
    expect(model("ollama:own", { capabilities: { contextWindow: 8192 } }).capabilities).toMatchObject({
      contextWindow: 8192,
      tools: true,
    });
    expect(model("openai:gpt-5-mini", { capabilities: { vision: false } }).capabilities.vision).toBe(false);
  });

  it.each([
    ["openai:m", "OPENAI_API_KEY"],
    ["anthropic:m", "ANTHROPIC_API_KEY"],
    ["google:m", "GOOGLE_GENERATIVE_AI_API_KEY"],
    ["mistral:m", "MISTRAL_API_KEY"],
    ["azure:m", "AZURE_RESOURCE_NAME"],
    ["bedrock:m", "AWS_BEARER_TOKEN_BEDROCK"],
    ["openai-compatible:m", "OPENAI_COMPATIBLE_BASE_URL"],
  ] as const)("%s names the missing variable %s at its first call", async (id, variable) => {
    for (const env of [{}, { [variable]: "  " }]) {
      const error = await failureOf(model(id, { env }).generate(ask));
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ code: "config.missing_key" });
      expect((error as ConfigError).message).toContain(variable);
      expect((error as ConfigError).remedy).toContain(variable);
    }
    expect(await failureOf(model("azure:m", { env: { AZURE_RESOURCE_NAME: "r" } }).generate(ask))).toMatchObject({
      details: { variable: "AZURE_API_KEY" },
    });
  });

  it("reads the key when it is used, not when it is made", async () => {
    const env: Record<string, string> = {};
    const requests: string[] = [];
    const late = model("openai:m", {
      env,
      retry: false,
      api: "chat",
      fetch: async (_input, init) => {
        requests.push(new Headers(init?.headers).get("authorization") ?? "");
        return Response.json({
          id: "1",
          choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "Hello" } }],
        });
      },
    });
    expect(await failureOf(late.generate(ask))).toMatchObject({ code: "config.missing_key" });
    env["OPENAI_API_KEY"] = "late-key";
    expect((await late.generate(ask)).content).toMatchObject([{ text: "Hello" }]);
    expect(requests).toEqual(["Bearer late-key"]);
  });

  it.each([
    [{}, "http://127.0.0.1:11434/v1/chat/completions"],
    [{ OLLAMA_HOST: "0.0.0.0" }, "http://127.0.0.1:11434/v1/chat/completions"],
    [{ OLLAMA_HOST: "box:8080" }, "http://box:8080/v1/chat/completions"],
    [{ OLLAMA_HOST: "https://llm.test/" }, "https://llm.test/v1/chat/completions"],
  ])("ollama with %o asks %s, without a key", async (env, url) => {
    const asked: string[] = [];
    const local = model("ollama:own", {
      env,
      retry: false,
      fetch: async (input, init) => {
        asked.push(urlOf(input), String(new Headers(init?.headers).get("authorization")));
        return Response.json({
          id: "1",
          choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "Hello" } }],
        });
      },
    });
    await local.generate(ask);
    expect(asked).toEqual([url, "null"]);
  });
});

describe("provider packages", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "troupe-project-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const install = async (project: string, code: string, manifest: object = {}): Promise<string> => {
    const root = join(folder, project);
    const target = join(root, "node_modules", "@ai-sdk", "mistral");
    await mkdir(join(target, "lib"), { recursive: true });
    await writeFile(
      join(target, "package.json"),
      JSON.stringify({
        name: "@ai-sdk/mistral",
        version: "9.0.0",
        type: "module",
        exports: { ".": { types: "./x.d.ts", import: { default: "./lib/main.js" } } },
        ...manifest,
      }),
    );
    await writeFile(join(target, "lib", "main.js"), code);
    return root;
  };
  const own = `export const createMistral = (settings) => (modelId) => ({
    specificationVersion: "v3", provider: "mistral", modelId,
    doGenerate: async () => ({ content: [{ type: "text", text: settings.flavour + " " + modelId }], finishReason: { unified: "stop", raw: "stop" }, usage: {}, warnings: [] }),
    doStream: async () => ({}),
  });`;

  it("come from the caller's project first, with the caller's settings", async () => {
    const projectFolder = await install("own", own);
    const chat = model("mistral:small", { projectFolder, apiKey: "k", settings: { flavour: "own" } });
    expect((await chat.generate(ask)).content).toEqual([{ kind: "text", text: "own small" }]);
  });

  it("that are broken or too old say so and name the line to run", async () => {
    const old = await install("old", "export const somethingElse = 1;");
    const broken = await install("broken", "throw new Error('boom');");
    for (const [projectFolder, problem] of [
      [old, "exports none of createMistral"],
      [broken, "cannot be loaded"],
    ] as const) {
      const error = await failureOf(model("mistral:small", { projectFolder, apiKey: "k" }).generate(ask));
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ code: "config.missing_package" });
      expect((error as ConfigError).message).toContain(problem);
      expect((error as ConfigError).remedy).toContain("npm install @ai-sdk/mistral");
    }
  });

  it("that never finish loading do not hold up an abort", async () => {
    const projectFolder = await install("stuck", "await new Promise(() => {});");
    const chat = model("mistral:small", { projectFolder, apiKey: "k" });
    const controller = new AbortController();
    const failed = failureOf(chat.generate({ ...ask, signal: controller.signal }));
    controller.abort("enough");
    expect(await failed).toBe("enough");
  });

  it("are loaded once, however many calls start together", async () => {
    const projectFolder = await install(
      "counted",
      `globalThis.troupeLoads = []; ${own.replace("(modelId) => ({", "(modelId) => (globalThis.troupeLoads.push(modelId), {")}`,
    );
    const chat = model("mistral:small", { projectFolder, apiKey: "k", settings: { flavour: "x" } });
    await Promise.all([chat.generate(ask), chat.generate(ask), chat.generate(ask)]);
    expect(Reflect.get(globalThis, "troupeLoads")).toEqual(["small"]);
    Reflect.deleteProperty(globalThis, "troupeLoads");
  });
});
