// The least program that is an agent, bundled for browsers: what a page loads of Troupe until it has an answer.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

/** A model the program brings along, one question. */
const minimalAgent = `import { AssistantAgent } from "troupe";
export const ask = async (model, question) => (await new AssistantAgent({ name: "clerk", model }).run(question)).text;
`;

/** Bytes, minified and gzipped, file by file. */
export interface MinimalBundle {
  /** Loaded until an agent with a `ChatModel` of the program's own has answered. */
  readonly ownModel: number;
  /** Loaded until one with a model of the AI SDK has answered; that model's own package is not counted. */
  readonly aiSdkModel: number;
  /** All that was written: also what this program never loads. */
  readonly everything: number;
}

interface BundledProgram {
  ask(model: unknown, question: string): Promise<string>;
}

/**
 * Bundles and runs the program, so that the bundle is known to work and what it loads late is counted exactly when it is loaded.
 *
 * @param folder Is written to; `troupe` must be installed there or above it.
 */
export async function bundleMinimalAgent(folder: string): Promise<MinimalBundle> {
  const outDir = join(folder, "bundle");
  mkdirSync(outDir, { recursive: true });
  const entry = join(folder, "minimal-agent.js");
  writeFileSync(entry, minimalAgent);
  await build({
    root: folder,
    configFile: false,
    logLevel: "error",
    // Not a library build: those keep white space and comments for the bundler that comes after.
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: {
        input: entry,
        // A page imports nothing from its entry: what its late files share with it may stay there.
        preserveEntrySignatures: "allow-extension",
        output: { entryFileNames: "agent.js", chunkFileNames: "[name].js" },
      },
    },
  });
  return measure(outDir);
}

async function measure(outDir: string): Promise<MinimalBundle> {
  const sizes = new Map(
    readdirSync(outDir)
      .filter((name) => name.endsWith(".js"))
      .map((name) => [pathToFileURL(join(outDir, name)).href, gzipSync(readFileSync(join(outDir, name))).byteLength]),
  );
  let loaded = 0;
  const hooks = registerHooks({
    load: (url, context, nextLoad) => {
      loaded += sizes.get(url) ?? 0;
      return nextLoad(url, context);
    },
  });
  try {
    const program = (await import(pathToFileURL(join(outDir, "agent.js")).href)) as BundledProgram;
    await check(program, ownModel);
    const own = loaded;
    await check(program, aiSdkModel);
    const aiSdk = loaded;
    // What is loaded late has to work, too.
    await check(program, callingModel());
    if (loaded === aiSdk)
      throw new Error("a call of a tool has loaded nothing: late-calls.ts is imported by what every agent needs");
    return { ownModel: own, aiSdkModel: aiSdk, everything: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
  } finally {
    hooks.deregister();
  }
}

async function check(program: BundledProgram, model: unknown): Promise<void> {
  const answer = await program.ask(model, "Who are you?");
  if (answer !== "bundled") throw new Error(`the bundled agent said "${answer}"`);
}

const usage = { inputTokens: 1, outputTokens: 1, cachedInputTokens: 0, reasoningTokens: 0, estimated: false };
const answer = { content: [{ kind: "text", text: "bundled" }], finishReason: "stop", usage };
const call = { kind: "tool-call", callId: "1", toolName: "nobody_has_it", arguments: "{}" };

const ownModel = {
  kind: "chat-model",
  name: "own:model",
  capabilities: {
    tools: true,
    parallelToolCalls: true,
    vision: true,
    structuredOutput: "none",
    streaming: true,
    contextWindow: null,
    multipleSystemMessages: true,
  },
  async *stream(): AsyncGenerator<unknown> {
    yield { kind: "finish", result: answer };
  },
};

/** Calls a tool before it answers. */
function callingModel(): unknown {
  let hasCalled = false;
  return {
    ...ownModel,
    async *stream(): AsyncGenerator<unknown> {
      const result = hasCalled ? answer : { content: [call], finishReason: "tool-calls", usage };
      hasCalled = true;
      yield { kind: "finish", result };
    },
  };
}

const aiSdkModel = {
  specificationVersion: "v3",
  provider: "bundle",
  modelId: "model",
  supportedUrls: {},
  doGenerate: () => Promise.reject(new Error("only streams")),
  doStream: () => {
    const parts = [
      { type: "stream-start", warnings: [] },
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", delta: "bundled" },
      { type: "text-end", id: "1" },
      {
        type: "finish",
        finishReason: { unified: "stop", raw: "stop" },
        usage: { inputTokens: { total: 1 }, outputTokens: { total: 1 } },
      },
    ];
    const stream = new ReadableStream({
      start: (controller) => {
        for (const part of parts) controller.enqueue(part);
        controller.close();
      },
    });
    return Promise.resolve({ stream });
  },
};
