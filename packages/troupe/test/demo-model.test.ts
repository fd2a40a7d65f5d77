import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChatCompletionRequest, LLMock } from "@copilotkit/aimock";
import type { ModelMessage, ModelRequest } from "@troupe/llm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { standInModel } from "../src/demo/stand-in/stand-in-model.ts";
import { troupe } from "./run-command-line.ts";

// A foreign server that speaks OpenAI's protocol. Behind it the stand-in answers, so that the words are known; the way there and back
// (command, provider package, HTTP, streaming, tool calls) is that of a real model.
const server = new LLMock({ port: 0, host: "127.0.0.1" });
const scratch = mkdtempSync(join(tmpdir(), "troupe-demo-model-"));
const seenModels = new Set<string>();

const textOf = (content: unknown): string => (typeof content === "string" ? content : JSON.stringify(content ?? ""));

function toMessage(message: ChatCompletionRequest["messages"][number]): ModelMessage {
  const text = textOf(message.content);
  if (message.role === "system") return { role: "system", content: text };
  if (message.role === "user") return { role: "user", content: [{ kind: "text", text }] };
  if (message.role === "assistant")
    return { role: "assistant", content: text === '""' ? [] : [{ kind: "text", text }] };
  const result = {
    kind: "tool-result",
    callId: "",
    toolName: "",
    status: "ok",
    content: [{ kind: "text", text }],
  } as const;
  return { role: "tool", content: [result] };
}

async function answer(asked: ChatCompletionRequest): Promise<object> {
  seenModels.add(asked.model);
  const tools = (asked.tools ?? []).map((tool) => ({
    name: tool.function.name,
    description: "",
    inputSchema: (tool.function.parameters ?? {}) as NonNullable<ModelRequest["tools"]>[number]["inputSchema"],
  }));
  const { content } = await standInModel().generate({ messages: asked.messages.map(toMessage), tools });
  const [part] = content;
  if (part?.kind === "tool-call") return { toolCalls: [{ name: part.toolName, arguments: part.arguments }] };
  return { content: part?.kind === "text" ? part.text : "" };
}

beforeAll(async () => {
  server.on({}, (request) => answer(request));
  await server.start();
});
afterAll(async () => {
  await server.stop();
  rmSync(scratch, { recursive: true, force: true });
});

test("--model asks the model that was named, over its own protocol, and says so", async () => {
  const environment = { OPENAI_API_KEY: "sk-secret", OPENAI_BASE_URL: `${server.url}/v1` };
  const out = join(scratch, "openai");
  const outcome = await troupe(["demo", "--model", "openai:gpt-5-mini", "--out", out], { environment });
  expect({ exitCode: outcome.exitCode, stderr: outcome.stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect([...seenModels]).toEqual(["gpt-5-mini"]);
  expect(outcome.stdout.split("\n")[0]).toContain("openai:gpt-5-mini");
  expect(outcome.stdout).not.toContain("Stand-in");
  expect(outcome.stdout).toMatch(/What stood in\n {2}nothing +the words are those of openai:gpt-5-mini/);
  expect(outcome.stdout).toMatch(/^ {2}cost +\d+\.\d{4} USD$/m);
  expect(outcome.stdout).not.toContain("sk-secret");
  expect(outcome.stdout).not.toContain("npx troupe demo --model");
  expect(readFileSync(join(out, "report.md"), "utf8")).toContain("In site Morris the mean rises");
}, 60_000);
