import { InProcessRuntime, MemoryStore } from "@troupe/core";
import { type ModelRequest, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { AssistantAgent, RoundRobinGroupChat, type Runner, SelectorGroupChat } from "../src/index.ts";

const runs = 1000;
const canary = /canary-\d{4}-[a-z]+/gu;
const canaryOf = (index: number): string =>
  `canary-${String(index).padStart(4, "0")}-${"abcdefghij"[index % 10] ?? "x"}`;

/** The canaries in anything that can be written as JSON. */
function canariesIn(value: unknown): ReadonlySet<string> {
  return new Set(JSON.stringify(value).match(canary) ?? []);
}

/** One definition with everything that could mix runs up: a selector, a team within, a tool, an agent as a tool. */
function define(requests: ModelRequest[]): SelectorGroupChat {
  const model = (name: string, answer: (request: ModelRequest) => ReturnType<typeof reply.text>): ScriptedModel =>
    new ScriptedModel(
      (request) => {
        requests.push(request);
        return answer(request);
      },
      { name: `scripted:${name}`, keepRequests: 1 },
    );
  const secretOf = ({ messages }: ModelRequest): string => [...canariesIn(messages)][0] ?? "none";
  const echo = tool({
    name: "echo",
    description: "Says it again",
    input: z.object({ secret: z.string() }),
    execute: async ({ secret }) => {
      await new Promise((resolve) => setImmediate(resolve));
      return `heard ${secret}`;
    },
  });
  const helper = new AssistantAgent({
    name: "helper",
    description: "Helps",
    model: model("helper", (request) => reply.text(`I help with ${secretOf(request)}`)),
  });
  const clerk = new AssistantAgent({
    name: "clerk",
    model: model("clerk", (request) => {
      if (request.messages.at(-1)?.role === "tool") return reply.text(`done with ${secretOf(request)}`);
      const secret = secretOf(request);
      return reply.toolCalls([
        { name: "echo", arguments: { secret } },
        { name: "helper", arguments: { task: secret } },
      ]);
    }),
    tools: [echo, helper.asTool()],
  });
  const writer = new AssistantAgent({
    name: "writer",
    model: model("writer", (request) => reply.text(`about ${secretOf(request)}`)),
  });
  const participants: readonly Runner<unknown>[] = [
    new RoundRobinGroupChat({ name: "desk", participants: [clerk, writer], maxTurns: 2 }),
    new AssistantAgent({
      name: "auditor",
      model: model("auditor", (request) => reply.text(`seen ${secretOf(request)}`)),
    }),
    new AssistantAgent({ name: "reader", model: model("reader", () => reply.text("unused")) }),
  ];
  const chooser = model("chooser", ({ messages }) =>
    reply.text(JSON.stringify(messages).includes("about canary") ? "auditor" : "desk"),
  );
  return new SelectorGroupChat({ name: "office", participants, model: chooser, maxTurns: 2 });
}

test("I8: of 1,000 runs of one definition at once, none shows in the messages, requests, events or store rows of another", async () => {
  const requests: ModelRequest[] = [];
  const team = define(requests);
  const store = new MemoryStore({ isDurable: true });
  const runtime = new InProcessRuntime({ store });
  const seen = await Promise.all(
    Array.from({ length: runs }, async (_, index) => {
      const secret = canaryOf(index);
      const run = team.run(`Work on ${secret}`, { runtime, runId: `run-${index}` });
      const events: unknown[] = [];
      for await (const event of run) events.push(event);
      const result = await run;
      return { secret, events, result };
    }),
  );
  for (const { secret, events, result } of seen) {
    expect([...canariesIn(result.messages)]).toEqual([secret]);
    expect([...canariesIn(events)]).toEqual([secret]);
    expect(result.text).toBe(`seen ${secret}`);
  }
  // Every request belongs to one run: it holds one canary, or none yet.
  expect(requests.length).toBeGreaterThan(5 * runs);
  expect(requests.filter(({ messages }) => canariesIn(messages).size !== 1)).toEqual([]);
  const rows = store.runs({});
  expect(rows).toHaveLength(runs);
  for (const { cell, runId } of rows) {
    const secret = canaryOf(Number(runId.slice("run-".length)));
    expect([...canariesIn(store.read(cell))]).toEqual([secret]);
  }
  await runtime.close();
}, 200_000);
