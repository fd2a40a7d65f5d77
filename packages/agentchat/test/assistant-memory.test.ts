import { ManualClock } from "@troupe/core/testing";
import { InProcessRuntime } from "@troupe/core";
import {
  combineWorkbenches,
  ListMemory,
  type Memory,
  type ModelMessage,
  staticWorkbench,
  type Workbench,
} from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  AssistantAgent,
  type AssistantAgentOptions,
  defineContext,
  type RunEvent,
  type RunHandle,
} from "../src/index.ts";
import { Machine } from "./support/processes.ts";
import { simpleTool } from "./support/simple-tool.ts";

async function eventsOf(run: RunHandle<unknown>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) events.push(event);
  return events;
}

function remembering(memory: AssistantAgentOptions["memory"], model: ScriptedModel): AssistantAgent {
  const tools = [simpleTool("look", () => "seen")];
  return new AssistantAgent({ name: "a", model, memory, tools, systemMessage: "Be kind." });
}

const systemOf = (messages: readonly ModelMessage[] | undefined): unknown => messages?.[0]?.content;
const tea = "Be kind.\n\nWhat is remembered and may help here:\n1. likes tea";

/** A memory that is asked and says what it is told. */
function fakeMemory(name: string, query: Memory["query"]): Memory {
  const nothing = (): Promise<void> => Promise.resolve();
  return { kind: "memory", name, add: nothing, clear: nothing, close: nothing, query };
}

describe("N4: memories", () => {
  test("are in each call of the model once, and never in the conversation", async () => {
    const model = new ScriptedModel([reply.toolCall("look"), "Tea?", "More tea?"]);
    const memory = new ListMemory({ items: ["likes tea"] });
    await using agent = remembering(memory, model);
    const session = agent.session("s");
    const run = session.run("Offer something");
    const events = await eventsOf(run);
    expect(events.filter((event) => event.kind === "memory-queried")).toMatchObject([
      { memory: "list", items: [{ content: { kind: "text", text: "likes tea" } }], path: ["a"] },
    ]);
    await memory.clear();
    const later = await eventsOf(session.run("Again"));
    expect(later.some((event) => event.kind === "memory-queried")).toBe(false);
    expect(model.requests.map((request) => systemOf(request.messages))).toEqual([tea, tea, "Be kind."]);
    expect(JSON.stringify(model.requests[2]?.messages)).not.toContain("likes tea");
  });

  test("are asked in order, with what is new, once in a turn", async () => {
    const asked: string[] = [];
    const memories = ["first", "second"].map((name) =>
      fakeMemory(name, async (query) => {
        asked.push(`${name}: ${query}`);
        return [{ content: { kind: "text", text: `from ${name}` } }];
      }),
    );
    const model = new ScriptedModel([reply.toolCall("look"), "ok", "ok", "ok"]);
    await using agent = remembering(memories, model);
    const session = agent.session("s");
    await session.run([
      { kind: "text", text: "one" },
      { kind: "text", text: "two" },
    ]);
    await session.run("three");
    await session.run();
    expect(asked).toEqual([
      "first: one\ntwo",
      "second: one\ntwo",
      "first: three",
      "second: three",
      "first: three",
      "second: three",
    ]);
    expect(systemOf(model.requests[0]?.messages)).toMatch(/1\. from first\n2\. from second$/);
  });

  test("read on whose behalf they are asked, and so do workbenches", async () => {
    const tenant = defineContext("tenant", z.object({ id: z.string() }));
    const facts = fakeMemory("facts", async (_query, { run } = {}) => [
      { content: { kind: "text", text: `fact of ${tenant.read({ run }).id}` } },
    ]);
    const listed: string[] = [];
    const tools = staticWorkbench([simpleTool("open", () => "opened")]);
    const workbench: Workbench = {
      ...tools,
      list: (options) => {
        listed.push(tenant.read({ run: options?.run }).id);
        return tools.list();
      },
      call: async (_name, _text, { run }) => ({
        status: "ok",
        content: [{ kind: "text", text: `opened for ${tenant.read({ run }).id}` }],
      }),
    };
    const model = new ScriptedModel(({ messages }) =>
      messages.at(-1)?.role === "tool" ? JSON.stringify(messages) : reply.toolCall("open"),
    );
    const agent = new AssistantAgent({ name: "a", model, memory: facts, workbench: combineWorkbenches([workbench]) });
    const texts = await Promise.all(
      ["ada", "bob"].map(async (id) => (await agent.run("Go", { context: tenant.of({ id }) })).text),
    );
    for (const [index, id] of ["ada", "bob"].entries()) {
      expect(texts[index]).toContain(`fact of ${id}`);
      expect(texts[index]).toContain(`opened for ${id}`);
    }
    expect(new Set(listed)).toEqual(new Set(["ada", "bob"]));
  });

  test("that fail are an event, and the agent goes on with the others", async () => {
    const broken = fakeMemory("broken", () => Promise.reject(new Error("index is gone")));
    const model = new ScriptedModel(["ok"]);
    const run = remembering([broken, new ListMemory({ items: ["likes tea"] })], model).run("Go");
    const events = await eventsOf(run);
    expect(events.filter((event) => event.kind === "memory-failed")).toMatchObject([
      { memory: "broken", message: "index is gone" },
    ]);
    expect((await run).text).toBe("ok");
    expect(systemOf(model.requests[0]?.messages)).toBe(tea);
  });

  test("that take too long are left out", async () => {
    const clock = new ManualClock();
    await using runtime = new InProcessRuntime({ clock });
    const asked = Promise.withResolvers<AbortSignal | undefined>();
    const slow = fakeMemory("slow", (_query, options) => {
      asked.resolve(options?.signal);
      return new Promise(() => {});
    });
    const model = new ScriptedModel(["ok"], { clock });
    const agent = new AssistantAgent({ name: "a", model, memory: slow, memoryDeadlineMs: 50 });
    const run = agent.run("Go", { runtime });
    const signal = await asked.promise;
    clock.advance(50);
    expect(signal?.aborted).toBe(true);
    clock.advance(1_000);
    expect((await run).text).toBe("ok");
    expect((await eventsOf(run)).find((event) => event.kind === "memory-failed")).toMatchObject({ memory: "slow" });
  });

  test("that are asked when the run is cancelled are left", async () => {
    const asked = Promise.withResolvers<void>();
    const slow = fakeMemory("slow", (_query, options) => {
      asked.resolve();
      return new Promise((_resolve, reject) => {
        options?.signal?.addEventListener("abort", () => reject(new Error("stopped")));
      });
    });
    const model = new ScriptedModel(["never"]);
    const run = remembering(slow, model).run("Go");
    await asked.promise;
    await run.cancel();
    expect((await run).stopReason.kind).toBe("cancelled");
    expect(model.calls).toBe(0);
  });

  test("are asked once although the turn is run again after a crash, wherever it comes", async () => {
    await using machine = new Machine();
    const makeAgent = (asked: { count: number }): AssistantAgent => {
      const memory = fakeMemory("counting", async () => {
        asked.count += 1;
        return [{ content: { kind: "text", text: `answer ${asked.count}` } }];
      });
      // Says what it was shown, so that a second answer of the memory would show.
      const model = new ScriptedModel(({ messages }) =>
        messages.at(-1)?.role === "tool" ? String(systemOf(messages)).slice(-8) : reply.toolCall("look"),
      );
      return remembering(memory, model);
    };
    let recorded = 0;
    let writes = 1;
    for (; ; writes += 1) {
      const asked = { count: 0 };
      const dying = machine.start();
      dying.kill(writes);
      const runId = `r${writes}`;
      void makeAgent(asked).run("Go", { runtime: dying.runtime, runId }).handle;
      if (!(await dying.settled())) break;
      const next = machine.start();
      const agent = makeAgent(asked);
      await agent.register(next.runtime);
      await next.runtime.recover();
      const run = agent.run("Go", { runtime: next.runtime, runId });
      const { text } = await run;
      const queried = (await eventsOf(run)).filter((event) => event.kind === "memory-queried");
      expect(queried, `after ${writes} writes`).toHaveLength(1);
      expect(JSON.stringify(queried), `after ${writes} writes`).toContain(text);
      if (asked.count === 1) recorded += 1;
    }
    expect(writes).toBeGreaterThan(4);
    expect(recorded).toBeGreaterThan(0);
  });

  test("of one name, or what is no memory, are refused when the agent is made", () => {
    const model = new ScriptedModel([]);
    expect(() => remembering([new ListMemory(), new ListMemory()], model)).toThrow(
      expect.objectContaining({ code: "config.duplicate_name" }),
    );
    const stranger: unknown = { query: () => [] };
    expect(() => remembering(stranger as Memory, model)).toThrow(
      expect.objectContaining({ code: "config.invalid_option" }),
    );
    expect(() => new AssistantAgent({ name: "a", model, memoryDeadlineMs: 0 })).toThrow(
      expect.objectContaining({ code: "config.invalid_option" }),
    );
  });
});
