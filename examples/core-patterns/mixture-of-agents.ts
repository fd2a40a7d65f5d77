// Layers of workers: each layer gets the task and the answers of the layer before. The key of a worker says where it stands.
import assert from "node:assert/strict";
import { type ChatModel, defineAgent, defineRequest, InProcessRuntime } from "troupe";
import { ScriptedModel } from "troupe/testing";
import { z } from "zod";
import { ask } from "./words.ts";

const answerSchema = z.object({ text: z.string() });
const WorkerTask = defineRequest(
  "WorkerTask",
  z.object({ task: z.string(), previous: z.array(z.string()) }),
  answerSchema,
);
const MixtureTask = defineRequest("MixtureTask", z.object({ task: z.string() }), answerSchema);

const instruct = (previous: readonly string[]): string =>
  previous.length === 0
    ? "Answer the question."
    : `Make one better answer of these: ${previous.map((text, index) => `[${index + 1}] ${text}`).join(" ")}`;

const defineWorker = (model: ChatModel) =>
  defineAgent({
    type: "worker",
    state: () => ({}),
    handlers: (on) => [
      on.request(WorkerTask, async ({ task, previous }, context) => {
        const prompt = { system: instruct(previous), text: `${context.id.key} ${task}` };
        return { text: await context.step("model", (step) => ask(model, prompt, step.signal), { idempotent: true }) };
      }),
    ],
  });

export async function mixAgents(): Promise<string> {
  const layers = 3;
  const width = 3;
  const asked: string[] = [];
  const model = new ScriptedModel(({ messages: [system, question] }) => {
    const [key = ""] = JSON.stringify(question?.content).match(/layer\d-\d|final/u) ?? [];
    const heard = JSON.stringify(system?.content).match(/\[\d+\]/gu)?.length ?? 0;
    asked.push(`${key}:${heard}`);
    return `${key} after ${heard} answers`;
  });
  const worker = defineWorker(model);
  const orchestrator = defineAgent({
    type: "orchestrator",
    state: () => ({}),
    handlers: (on) => [
      on.request(MixtureTask, async ({ task }, context) => {
        let previous: string[] = [];
        for (let layer = 0; layer < layers; layer += 1) {
          const message = WorkerTask({ task, previous });
          const sent = Array.from({ length: width }, (_, index) =>
            context.send(message, worker.id(`layer${layer}-${index}`)),
          );
          previous = (await Promise.all(sent)).map((answer) => answer.text);
        }
        const prompt = { system: instruct(previous), text: `final ${task}` };
        return { text: await context.step("final", (step) => ask(model, prompt, step.signal), { idempotent: true }) };
      }),
    ],
  });
  const runtime = new InProcessRuntime();
  await runtime.register(worker);
  await runtime.register(orchestrator);
  const { text } = await runtime.send(MixtureTask({ task: "Why is the sky blue?" }), orchestrator.id("one"));
  await runtime.close();
  assert.equal(asked.length, layers * width + 1);
  assert.ok(asked.filter((entry) => entry.startsWith("layer0")).every((entry) => entry.endsWith(":0")));
  assert.ok(asked.filter((entry) => entry.startsWith("layer2")).every((entry) => entry.endsWith(":3")));
  return text;
}
