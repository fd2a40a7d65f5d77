// An assistant writes programs, an executor runs every block of them in a sandbox and publishes what they print; it is over when there is no code.
import assert from "node:assert/strict";
import { extractCodeBlocks } from "@troupe/llm";
import {
  type ChatModel,
  type CodeExecutor,
  defineAgent,
  defineEvent,
  InProcessRuntime,
  topicId,
  typeSubscription,
} from "troupe";
import { wasmExecutor } from "troupe/node";
import { ScriptedModel } from "troupe/testing";
import { z } from "zod";
import { ask } from "./words.ts";

const Said = defineEvent("Said", z.object({ by: z.string(), text: z.string() }));

const assistant = (model: ChatModel) =>
  defineAgent({
    type: "assistant",
    state: () => ({}),
    lists: { heard: z.string() },
    handlers: (on) => [
      on.event(Said, async ({ by, text }, context) => {
        context.lists.heard.append(`${by}: ${text}`);
        const prompt = { system: "Write JavaScript in fences.", text: (await context.lists.heard.read()).join("\n") };
        const answer = await context.step("model", (step) => ask(model, prompt, step.signal), { idempotent: true });
        context.lists.heard.append(`assistant: ${answer}`);
        context.publish(Said({ by: "assistant", text: answer }), topicId("chat", context.id.key));
      }),
    ],
    subscriptions: [typeSubscription("chat")],
  });

const runner = (executor: CodeExecutor) =>
  defineAgent({
    type: "runner",
    state: () => ({}),
    handlers: (on) => [
      on.event(Said, async ({ by, text }, context) => {
        const blocks = extractCodeBlocks(text, executor.languages);
        if (by !== "assistant" || blocks.length === 0) return;
        const output = await context.step(
          "run",
          async ({ signal }) => (await executor.execute(blocks, { signal })).output,
        );
        context.publish(Said({ by: "runner", text: output }), topicId("chat", context.id.key));
      }),
    ],
    subscriptions: [typeSubscription("chat")],
  });

export async function writeAndRun(): Promise<string> {
  const model = new ScriptedModel([
    "```js\nconst yields = [35.4, 28.0];\nconsole.log(Math.max(...yields) - Math.min(...yields));\n```",
    "Rounded:\n```js\nconsole.log((7.399999999999999).toFixed(1));\n```",
    "The difference is 7.4 bushels.",
  ]);
  const said: string[] = [];
  const screen = defineAgent({
    type: "screen",
    state: () => ({}),
    handlers: (on) => [on.event(Said, ({ by, text }) => void said.push(`${by}: ${text.trim()}`))],
    subscriptions: [typeSubscription("chat")],
  });
  await using executor = wasmExecutor();
  const runtime = new InProcessRuntime();
  await runtime.register(assistant(model));
  await runtime.register(runner(executor));
  await runtime.register(screen);
  await runtime.publish(Said({ by: "user", text: "How far apart are the yields?" }), topicId("chat", "one"));
  await runtime.idle();
  await runtime.close();
  assert.deepEqual(
    said.filter((line) => line.startsWith("runner")),
    ["runner: 7.399999999999999", "runner: 7.4"],
  );
  assert.equal(said.at(-1), "assistant: The difference is 7.4 bushels.");
  return said.at(-1) ?? "";
}
