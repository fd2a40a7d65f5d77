import {
  AssistantAgent,
  BaseChatAgent,
  type ChatMessage,
  type GroupChatOptions,
  MaxMessageTermination,
  RoundRobinGroupChat,
  type RunResult,
  Swarm,
  UserProxyAgent,
} from "@troupe/agentchat";
import { InProcessRuntime, MemoryStore } from "@troupe/core";
import { jsonSchema, type Tool, tool } from "@troupe/llm";
import { reply, type Script, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { Machine } from "./support/processes.ts";

const anything = jsonSchema<Record<string, unknown>>({ type: "object" });

function look(execute: (args: Record<string, unknown>) => unknown = () => "nothing"): Tool {
  return tool({ name: "look", description: "Looks", input: anything, idempotent: true, execute });
}

function caller(script: Script, options: { readonly tools?: Tool[]; readonly maxToolIterations?: number } = {}) {
  const { tools = [look()], maxToolIterations = 100 } = options;
  return new AssistantAgent({ name: "a", model: new ScriptedModel(script), tools, maxToolIterations });
}

const talker = (name: string, ...words: string[]): AssistantAgent =>
  new AssistantAgent({
    name,
    model: new ScriptedModel((_request, { index }) => words[index % words.length] ?? ""),
  });

function team(participants: GroupChatOptions["participants"], options: Partial<GroupChatOptions> = {}) {
  return new RoundRobinGroupChat({ participants, maxTurns: 40, ...options });
}

const toolCalls = (result: RunResult<unknown>): number => result.usage.total.calls;

describe("calls that repeat", () => {
  it("L1: stop at the third time with the cycle named, and leave a valid history", async () => {
    const model = new ScriptedModel(() => reply.toolCall("look", { at: "the door" }));
    await using agent = new AssistantAgent({ name: "a", model, tools: [look()], maxToolIterations: 100 });
    const result = await agent.run("go");
    expect(result.stopReason).toMatchObject({
      kind: "loop",
      detail: '"a" made the same calls 3 times in a row, with the same results: look({"at":"the door"})',
    });
    expect(toolCalls(result)).toBe(3);
    const session = agent.session("s");
    expect((await session.run("go")).stopReason.kind).toBe("loop");
    await session.run("again");
    const history = model.requests.at(-1)?.messages ?? [];
    const asked = history.flatMap(({ role, content }) =>
      role === "assistant" && typeof content !== "string" ? content.filter((part) => part.kind === "tool-call") : [],
    );
    const answered = history.flatMap(({ role, content }) => (role === "tool" ? content : []));
    expect(answered).toHaveLength(asked.length);
  });

  it("L1: are told apart by their arguments and results, in whatever order the keys come", async () => {
    const shuffled = [
      '{"a":1,"b":[2,{"c":3,"d":4}]}',
      '{"b":[2,{"d":4,"c":3}],"a":1}',
      '{ "b":[2, {"c":3,"d":4}], "a":1.0 }',
    ];
    const same = await caller((_request, { index }) =>
      reply.toolCalls([{ name: "look", arguments: shuffled[index % 3] ?? "" }]),
    ).run("go");
    expect(same.stopReason.kind).toBe("loop");
    expect(toolCalls(same)).toBe(3);
    const rising = caller((_request, { index }) =>
      index < 60 ? reply.toolCall("look", { at: index }) : reply.text("sixty doors"),
    );
    expect((await rising.run("go")).text).toBe("sixty doors");
    let count = 0;
    const polling = caller((_request, { index }) => (index < 60 ? reply.toolCall("look") : reply.text("done")), {
      tools: [look(() => (count += 1))],
    });
    expect((await polling.run("go")).text).toBe("done");
  });

  it("L1: stop as a sequence that repeats, and not when something new comes in between", async () => {
    const doors = ["x", "y", "z"];
    const cycle = await caller((_request, { index }) => reply.toolCall("look", { at: doors[index % 3] ?? "" })).run(
      "go",
    );
    expect(toolCalls(cycle)).toBe(9);
    expect(cycle.stopReason.detail).toMatch(/look\(.*\), then look\(.*\), then look\(.*\)$/);
    const mixed = caller((_request, { index }) =>
      index > 30 ? reply.text("done") : reply.toolCall("look", { at: index % 2 === 0 ? "the door" : index }),
    );
    expect((await mixed.run("go")).text).toBe("done");
    // Equal calls in one answer are one round.
    const wide = caller((_request, { index }) =>
      index > 1 ? reply.text("done") : reply.toolCalls(Array.from({ length: 5 }, () => ({ name: "look" }))),
    );
    expect((await wide.run("go")).text).toBe("done");
  });

  it("L2: count across turns, nested teams and processes", async () => {
    const agent = (): AssistantAgent => caller(() => reply.toolCall("look"), { maxToolIterations: 1 });
    const chatter = (): AssistantAgent =>
      new AssistantAgent({ name: "c", model: new ScriptedModel((_request, { index }) => `word ${index}`) });
    const inner = (): RoundRobinGroupChat => team([agent(), chatter()], { name: "inner", maxTurns: 2 });
    const flat = await team([agent(), chatter()]).run("go");
    expect(flat.stopReason.kind).toBe("loop");
    expect(flat.messages.filter(({ source }) => source === "a")).toHaveLength(2);
    const nested = await team([inner()], { name: "outer" }).run("go");
    expect(nested.stopReason).toMatchObject({ kind: "loop", detail: flat.stopReason.detail });
    for (let afterWrites = 1; afterWrites <= 30; afterWrites += 1) {
      await using machine = new Machine();
      const first = machine.start();
      first.kill(afterWrites);
      const define = (): RoundRobinGroupChat => team([inner()], { name: "outer" });
      define()
        .run("go", { runtime: first.runtime, runId: "r" })
        .handle.result()
        .catch(() => {});
      await first.settled();
      const resumed = await define().run("go", { runtime: machine.start().runtime, runId: "r" });
      expect(resumed.stopReason).toMatchObject({ kind: "loop", detail: flat.stopReason.detail });
      expect(resumed.messages.filter(({ source }) => source === "a")).toHaveLength(2);
    }
  });

  it("L3: may repeat when a person has spoken in between", async () => {
    const agent = caller(() => reply.toolCall("look"), { maxToolIterations: 1 });
    const result = await team([agent, new UserProxyAgent({ name: "ada" })], { maxTurns: 12 }).run("go", {
      onQuestion: () => "look again",
    });
    expect(result.stopReason.kind).toBe("max-turns");
    const chat = agent.session("s");
    for (let turn = 0; turn < 5; turn += 1) expect((await chat.run("look")).stopReason.kind).toBe("finished");
  });
});

describe("messages that repeat", () => {
  it("are a loop between agents at the third time, with the cycle named", async () => {
    const result = await team([talker("a", "After you."), talker("b", "No, after you.")]).run("go");
    expect(result.stopReason).toMatchObject({
      kind: "loop",
      detail: 'The same was said 3 times in a row: "a": After you. | "b": No, after you.',
    });
    expect(result.messages).toHaveLength(7);
    const longer = await team([talker("a", "1", "2"), talker("b", "x"), talker("c", "y")]).run("go");
    expect(longer.messages).toHaveLength(1 + 3 * 6);
  });

  it("are found in a team above, and end the whole run from within", async () => {
    const pair = (name: string): RoundRobinGroupChat =>
      team([talker(`${name}1`, "x"), talker(`${name}2`, "y")], { name, maxTurns: 2 });
    const across = await team([pair("left"), pair("right")]).run("go");
    expect(across.stopReason.kind).toBe("loop");
    expect(across.messages).toHaveLength(1 + 3 * 4);
    const within = await team([
      team([talker("a", "x"), talker("b", "y")], { name: "inner" }),
      talker("c", "never"),
    ]).run("go");
    expect(within.stopReason.kind).toBe("loop");
    expect(within.messages.map(({ source }) => source)).not.toContain("c");
  });

  it("are found in delegation: handoffs that go round, a tool that is an agent, and what loops inside one", async () => {
    const passer = (name: string, target: string): AssistantAgent =>
      new AssistantAgent({
        name,
        model: new ScriptedModel(() => reply.toolCall(`transfer_to_${target}`)),
        handoffs: [target],
      });
    const round = new Swarm({ name: "round", participants: [passer("a", "b"), passer("b", "a")], maxTurns: 40 });
    const passed = await round.run("go");
    expect(passed.stopReason.kind).toBe("loop");
    expect(passed.messages.length).toBeLessThan(9);
    const helper = talker("helper", "I do not know.");
    const chief = new AssistantAgent({
      name: "chief",
      model: new ScriptedModel(() => reply.toolCall("helper", { task: "Find out." })),
      tools: [helper.asTool()],
      maxToolIterations: 100,
    });
    const delegated = await chief.run("go");
    expect(delegated.stopReason).toMatchObject({ kind: "loop", detail: expect.stringContaining('"chief"') });
    const lost = caller(() => reply.toolCall("look"));
    const asker = new AssistantAgent({
      name: "asker",
      model: new ScriptedModel((_request, { index }) => reply.toolCall("a", { task: `Try ${index}.` })),
      tools: [lost.asTool()],
      maxToolIterations: 100,
    });
    const within = await asker.run("go");
    expect(within.stopReason).toMatchObject({
      kind: "loop",
      detail: expect.stringContaining('"a" made the same calls'),
    });
  });

  it("are none when tools do something new, when a person takes part, or when one agent talks to itself", async () => {
    let seen = 0;
    const worker = new AssistantAgent({
      name: "w",
      model: new ScriptedModel((_request, { index }) =>
        index % 2 === 1 ? reply.toolCall("look") : reply.text("Done."),
      ),
      tools: [look(() => (seen += 1))],
    });
    const working = await team([worker, talker("b", "Next.")], { maxTurns: 20 }).run("go");
    expect(working.stopReason.kind).toBe("max-turns");
    const asking = team([talker("a", "Shall I go on?"), new UserProxyAgent({ name: "ada" })], { maxTurns: 20 });
    expect((await asking.run("go", { onQuestion: () => "yes" })).stopReason.kind).toBe("max-turns");
    expect((await team([talker("a", "x")], { maxTurns: 20 }).run("go")).stopReason.kind).toBe("max-turns");
    const steered = team([talker("a", "x"), talker("b", "y")], { maxTurns: 4 });
    const chat = steered.session("s");
    for (let turn = 0; turn < 4; turn += 1) expect((await chat.run("go on")).stopReason.kind).toBe("max-turns");
  });

  it("are counted in a run that goes on after a crash", async () => {
    const store = new MemoryStore({ isDurable: true });
    const define = (): RoundRobinGroupChat =>
      team([talker("a", "x"), talker("b", "y"), new Once("c")], { name: "talk", loops: { limit: 2 } });
    const first = new InProcessRuntime({ store });
    const rest = await define().run("go", { runtime: first, runId: "r" });
    await first.close();
    await using second = new InProcessRuntime({ store });
    const run = define().attach("r", { runtime: second });
    await run.respond(rest.questions[0]?.id ?? "", "go on");
    expect((await run).stopReason.kind).toBe("loop");
    expect((await run).messages.map(({ text }) => text).join(" ")).toBe("go x y c x y c x y");
  });
});

/** Asks a person in its first turn, and says the same in all. */
class Once extends BaseChatAgent<{ turns: number }> {
  constructor(name: string) {
    super({ name, state: () => ({ turns: 0 }) });
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(_: readonly ChatMessage[], context: Parameters<BaseChatAgent<{ turns: number }>["onMessages"]>[1]) {
    context.state.turns += 1;
    if (context.state.turns === 1) await context.ask({ prompt: "?", schema: jsonSchema<string>({ type: "string" }) });
    return this.reply(this.name);
  }
}

describe("the limit", () => {
  it("is the run's before the team's; off looks at nothing; nonsense is refused", async () => {
    const pair = (): RoundRobinGroupChat =>
      team([talker("a", "x"), talker("b", "y")], { loops: { limit: 2 }, termination: new MaxMessageTermination(20) });
    expect((await pair().run("go")).messages).toHaveLength(5);
    expect((await pair().run("go", { loops: { limit: 5 } })).messages).toHaveLength(11);
    expect((await pair().run("go", { loops: "off" })).messages).toHaveLength(20);
    const endless = caller((_request, { index }) => (index > 40 ? "done" : reply.toolCall("look")));
    expect((await endless.run("go", { loops: "off" })).text).toBe("done");
    for (const limit of [0, 1, 2.5, Number.NaN])
      await expect(pair().run("go", { loops: { limit } })).rejects.toMatchObject({ code: "config.invalid_option" });
  });
});
