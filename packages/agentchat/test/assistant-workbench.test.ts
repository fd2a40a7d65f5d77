import { InProcessRuntime } from "@troupe/core";
import { ManualClock } from "@troupe/core/testing";
import { staticWorkbench, type ToolCallContext, type ToolOutcome, tool, type Workbench } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { AssistantAgent, type RunEvent, type RunHandle } from "../src/index.ts";
import { simpleTool } from "./support/simple-tool.ts";
import { Machine } from "./support/processes.ts";

async function eventsOf(run: RunHandle<unknown>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) events.push(event);
  return events;
}

/** A workbench that has other tools each time it is asked. */
class Changing implements Workbench {
  readonly kind = "workbench";
  readonly name = "changing";
  lists = 0;
  readonly calls: string[] = [];
  readonly #rounds: readonly (readonly string[])[];

  constructor(...rounds: readonly (readonly string[])[]) {
    this.#rounds = rounds;
  }

  list(): ReturnType<Workbench["list"]> {
    const names = this.#rounds[Math.min(this.lists, this.#rounds.length - 1)] ?? [];
    this.lists += 1;
    return staticWorkbench(names.map((name) => simpleTool(name, () => name))).list();
  }

  async call(toolName: string, _text: string, _context: ToolCallContext): Promise<ToolOutcome> {
    this.calls.push(toolName);
    return { status: "ok", content: [{ kind: "text", text: `did ${toolName}` }] };
  }

  async close(): Promise<void> {}
}

const toolNames = (model: ScriptedModel): readonly (readonly string[])[] =>
  model.requests.map((request) => (request.tools ?? []).map(({ name }) => name));

describe("workbenches of an assistant", () => {
  test("are asked for their tools before each call of the model, beside the agent's own", async () => {
    const workbench = new Changing(["early"], ["late"]);
    const model = new ScriptedModel([
      reply.toolCalls([{ name: "early" }, { name: "own" }]),
      reply.toolCall("late"),
      "done",
    ]);
    const tools = [simpleTool("own", () => "mine")];
    const result = await new AssistantAgent({ name: "a", model, tools, workbench, handoffs: ["b"] }).run("Go");
    expect(result.text).toBe("done");
    expect(toolNames(model)).toEqual([
      ["own", "early", "transfer_to_b"],
      ["own", "late", "transfer_to_b"],
      ["own", "late", "transfer_to_b"],
    ]);
    expect(workbench.calls).toEqual(["early", "late"]);
    expect(JSON.stringify(model.requests[1]?.messages)).toContain("did early");
  });

  test("two of them: each call reaches the one that lists it", async () => {
    const [left, right] = [
      new Changing(["l"]),
      { ...staticWorkbench([simpleTool("r", () => "right")]), name: "right" },
    ];
    const model = new ScriptedModel([reply.toolCalls([{ name: "r" }, { name: "l" }]), "done"]);
    const run = new AssistantAgent({ name: "a", model, workbench: [left, right] }).run("Go");
    const results = (await eventsOf(run)).flatMap((event) =>
      event.kind === "tool-call-finished" ? [event.result] : [],
    );
    expect(results).toHaveLength(2);
    expect(results).toContainEqual(
      expect.objectContaining({ toolName: "l", content: [{ kind: "text", text: "did l" }] }),
    );
    expect(results).toContainEqual(
      expect.objectContaining({ toolName: "r", content: [{ kind: "text", text: "right" }] }),
    );
  });

  test("two tools of one name fail the turn and are named", async () => {
    const model = new ScriptedModel(["never"]);
    const workbench = new Changing(["own"]);
    const agent = new AssistantAgent({ name: "a", model, tools: [simpleTool("own", () => 1)], workbench });
    await expect(agent.run("Go")).rejects.toMatchObject({
      agentPath: ["a"],
      cause: { code: "config.duplicate_name", message: expect.stringContaining('"own"') },
    });
    expect(model.calls).toBe(0);
  });

  test("a tool with the name of a handoff fails the turn as well", async () => {
    const agent = new AssistantAgent({
      name: "a",
      model: new ScriptedModel(["never"]),
      workbench: new Changing(["transfer_to_b"]),
      handoffs: ["b"],
    });
    await expect(agent.run("Go")).rejects.toMatchObject({ cause: { code: "config.duplicate_name" } });
  });

  test("one that does not answer fails the turn after a minute", async () => {
    const clock = new ManualClock();
    await using runtime = new InProcessRuntime({ clock });
    const asked = Promise.withResolvers<void>();
    const workbench: Workbench = {
      ...staticWorkbench([]),
      list: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    };
    const agent = new AssistantAgent({ name: "a", model: new ScriptedModel(["never"], { clock }), workbench });
    const failed = expect(agent.run("Go", { runtime })).rejects.toMatchObject({
      cause: { code: "state.step_timeout" },
    });
    await asked.promise;
    clock.advance(60_000);
    clock.advance(1_000);
    await failed;
  });

  test("one that cannot be asked fails the turn, and the agent can be run again", async () => {
    let isUp = false;
    const workbench: Workbench = {
      ...staticWorkbench([]),
      list: () => (isUp ? Promise.resolve([]) : Promise.reject(new Error("connection refused"))),
    };
    await using agent = new AssistantAgent({ name: "a", model: new ScriptedModel(["up again"]), workbench });
    await expect(agent.run("Go")).rejects.toMatchObject({ cause: { message: "connection refused" } });
    isUp = true;
    expect((await agent.run("Go")).text).toBe("up again");
  });

  test("that need a model with tools say so when the agent is made, and so do two of one name", () => {
    const without = new ScriptedModel([], { capabilities: { tools: false } });
    expect(() => new AssistantAgent({ name: "a", model: without, workbench: new Changing([]) })).toThrow(
      expect.objectContaining({ code: "config.invalid_definition" }),
    );
    const workbench = [new Changing([]), new Changing([])];
    expect(() => new AssistantAgent({ name: "a", model: new ScriptedModel([]), workbench })).toThrow(
      expect.objectContaining({ code: "config.duplicate_name" }),
    );
  });

  test("ask a person about a call that needs it", async () => {
    const rm = tool({ name: "rm", description: "rm", input: z.object({}), approval: true, execute: () => "gone" });
    const model = new ScriptedModel([reply.toolCall("rm"), "done"]);
    const agent = new AssistantAgent({ name: "a", model, workbench: staticWorkbench([rm]) });
    const asked: string[] = [];
    const onQuestion = ({ prompt }: { readonly prompt: string }): { approved: boolean } => {
      asked.push(prompt);
      return { approved: true };
    };
    await agent.run("Go", { onQuestion });
    expect(asked).toEqual(['May "a" call rm with {}?']);
    expect(JSON.stringify(model.requests[1]?.messages)).toContain("gone");
  });

  test("a turn that is run again after a crash sees the tools it saw", async () => {
    await using machine = new Machine();
    const workbench = new Changing(["early"], ["late"]);
    const model = new ScriptedModel((request) =>
      request.messages.some((message) => message.role === "tool") ? "done" : reply.toolCall("early"),
    );
    const makeAgent = (): AssistantAgent => new AssistantAgent({ name: "a", model, workbench, maxToolIterations: 1 });
    // The first process dies a write later each time, so that one of them dies between the answer and the call.
    for (let writes = 1; ; writes += 1) {
      const dying = machine.start();
      dying.kill(writes);
      workbench.lists = 0;
      workbench.calls.length = 0;
      const runId = `r${writes}`;
      void makeAgent().run("Go", { runtime: dying.runtime, runId }).handle;
      const isDead = await dying.settled();
      if (!isDead) break;
      const agent = makeAgent();
      const next = machine.start();
      await agent.register(next.runtime);
      await next.runtime.recover();
      const result = await agent.run("Go", { runtime: next.runtime, runId });
      expect(result.text, `after ${writes} writes`).toMatch(/did early|may or may not/);
      expect(workbench.calls.length).toBeLessThanOrEqual(1);
    }
  });
});
