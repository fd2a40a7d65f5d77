import type { ModelMessage } from "@troupe/llm";
import { reply, type Script, ScriptedModel, type ScriptedModelOptions } from "@troupe/llm/testing";
import { describe, expect, test } from "vitest";
import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  MaxMessageTermination,
  type PolicyFunction,
  RoundRobinGroupChat,
  type RunEvent,
  type RunHandle,
  SocietyOfMindAgent,
  type SocietyOfMindAgentOptions,
  UserProxyAgent,
} from "../src/index.ts";
import { Machine } from "./support/processes.ts";
import { simpleTool } from "./support/simple-tool.ts";

/** Says which turn of its session it takes, and what it has heard. */
class Echo extends BaseChatAgent<{ turns: number }> {
  constructor(name: string) {
    super({ name, state: () => ({ turns: 0 }) });
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext<{ turns: number }>) {
    context.state.turns += 1;
    return this.reply(`${this.name}${context.state.turns}(${messages.map((message) => message.text).join(" + ")})`);
  }
}

interface Made {
  readonly agent: SocietyOfMindAgent;
  readonly model: ScriptedModel;
}

const pair = (): RoundRobinGroupChat =>
  new RoundRobinGroupChat({ name: "crew", participants: [new Echo("a"), new Echo("b")], maxTurns: 2 });

function make(
  script: Script,
  options: Partial<SocietyOfMindAgentOptions> & { readonly modelOptions?: ScriptedModelOptions } = {},
): Made {
  const { modelOptions, ...more } = options;
  const model = new ScriptedModel(script, modelOptions);
  return { agent: new SocietyOfMindAgent({ name: "mind", team: pair(), model, ...more }), model };
}

async function eventsOf(run: RunHandle<unknown>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) events.push(event);
  return events;
}

const linesOf = (messages: readonly ModelMessage[] | undefined): readonly string[] =>
  (messages ?? []).map(({ role, content }) => {
    const first = typeof content === "string" ? content : content[0];
    const text = typeof first === "string" ? first : first?.kind === "text" ? first.text : "";
    return `${role}: ${text}`;
  });

const saying = { instruction: "They said:", responsePrompt: "Answer." };

describe("a society of mind", () => {
  test("answers with what a model makes of what its team said, and nobody else hears the team", async () => {
    const { agent, model } = make(["The answer."], saying);
    const listener = new Echo("listener");
    const result = await new RoundRobinGroupChat({ participants: [agent, listener], maxTurns: 2 }).run("go");
    expect(result.messages.map(({ source, text }) => `${source}: ${text}`)).toEqual([
      "user: go",
      "mind: The answer.",
      "listener: listener1(go + The answer.)",
    ]);
    expect(linesOf(model.requests[0]?.messages)).toEqual([
      "user: go",
      "system: They said:",
      "user: a1(go)",
      "user: b1(go + a1(go))",
      "system: Answer.",
    ]);
  });

  test("shows what its team says as it happens, below its own path, and the task once", async () => {
    const events = await eventsOf(make(["The answer."]).agent.run("go"));
    const said = events.flatMap((event) =>
      event.kind === "message" ? [[event.path.join("/"), event.message.text]] : [],
    );
    expect(said).toEqual([
      ["", "go"],
      ["mind/^crew/a", "a1(go)"],
      ["mind/^crew/b", "b1(go + a1(go))"],
      ["mind", "The answer."],
    ]);
    const shown = events.map((event) => (event.kind === "text-delta" ? event.delta : "")).join("");
    expect(shown).toBe("The answer.");
  });

  test("goes on in a session: the team where it was, the agent with what it was asked and answered", async () => {
    const { agent, model } = make(["One.", "Two.", "Three.", "Four."], saying);
    await using _ = agent;
    const session = agent.session("s");
    await session.run("first");
    const second = await session.run("second");
    expect(second.messages.map(({ text }) => text)).toEqual(["second", "Two."]);
    expect(linesOf(model.requests[1]?.messages)).toEqual([
      "user: first",
      "assistant: One.",
      "user: second",
      "system: They said:",
      "user: a2(b1(first + a1(first)) + second)",
      "user: b2(second + a2(b1(first + a1(first)) + second))",
      "system: Answer.",
    ]);
    expect((await session.run()).text).toBe("Three.");
    await agent.session("other").run("first");
    expect(linesOf(model.requests[3]?.messages)[2]).toBe("user: a1(first)");
  });

  test("is saved with its team, and goes on elsewhere", async () => {
    const first = make(["One."], saying).agent;
    await using _first = first;
    await first.session("s").run("first");
    const saved = await first.session("s").snapshot();
    expect(Object.keys(saved.agents)).toEqual(["", "mind", "mind/^crew", "mind/^crew/a", "mind/^crew/b"]);
    const { agent, model } = make(["Two."], saying);
    await using _second = agent;
    await agent.session("s").restore(structuredClone(saved));
    expect((await agent.session("s").run("second")).text).toBe("Two.");
    expect(linesOf(model.requests[0]?.messages).slice(0, 3)).toEqual([
      "user: first",
      "assistant: One.",
      "user: second",
    ]);
    expect(linesOf(model.requests[0]?.messages)[4]).toMatch(/^user: a2/);
    await agent.session("s").reset();
  });

  test("says that there is no response when the team says nothing", async () => {
    const team = new RoundRobinGroupChat({
      name: "crew",
      participants: [new Echo("a")],
      termination: new MaxMessageTermination(1),
    });
    const { agent, model } = make([], { team });
    expect((await agent.run("go")).text).toBe("No response.");
    expect(model.calls).toBe(0);
  });

  test("speaks as a user to a model that takes one system message only", async () => {
    const modelOptions = { capabilities: { multipleSystemMessages: false } };
    const { agent, model } = make(["ok"], { ...saying, modelOptions });
    await agent.run("go");
    expect(linesOf(model.requests[0]?.messages).filter((line) => line.startsWith("system"))).toEqual([]);
    expect(linesOf(model.requests[0]?.messages).at(-1)).toBe("user: Answer.");
  });

  test("counts what its team costs, and ends when the budget does", async () => {
    const inner = new AssistantAgent({ name: "writer", model: new ScriptedModel(() => reply.text("words")) });
    const team = new RoundRobinGroupChat({ name: "crew", participants: [inner], maxTurns: 3 });
    const { agent } = make(["ok"], { team });
    const result = await agent.run("go");
    expect(result.usage.total.calls).toBe(4);
    expect(Object.keys(result.usage.byAgent).sort((left, right) => left.localeCompare(right))).toEqual([
      "mind",
      "writer",
    ]);
    const stopped = await agent.run("go", { budget: { modelCalls: 2 } });
    expect(stopped.stopReason.kind).toBe("budget");
    expect(stopped.messages.map(({ text }) => text)).toEqual(["go"]);
  });

  test("fails with its team, and works again", async () => {
    let isBroken = true;
    const model = new ScriptedModel(() => (isBroken ? reply.failure(new Error("no model")) : "words"));
    const inner = new AssistantAgent({ name: "writer", model });
    const team = new RoundRobinGroupChat({ name: "crew", participants: [inner], maxTurns: 1 });
    const { agent } = make(["ok"], { team });
    await using _ = agent;
    await expect(agent.run("go")).rejects.toMatchObject({ agentPath: ["mind", "^crew", "writer"] });
    isBroken = false;
    expect((await agent.run("go")).text).toBe("ok");
  });

  test("is cancelled with its team, and the session goes on", async () => {
    const started = Promise.withResolvers<void>();
    const hanging = new ScriptedModel(({ messages }) => {
      started.resolve();
      return messages.length > 2 ? "words" : reply.hang();
    });
    const inner = new AssistantAgent({ name: "writer", model: hanging });
    const team = new RoundRobinGroupChat({ name: "crew", participants: [inner], maxTurns: 1 });
    const { agent } = make(["ok"], { team });
    await using _ = agent;
    const run = agent.session("s").run("go");
    await started.promise;
    await run.cancel();
    expect((await run).stopReason.kind).toBe("cancelled");
    expect((await agent.session("s").run("again")).text).toBe("ok");
  });

  test("is interrupted with its team, which hears what was said", async () => {
    const started = Promise.withResolvers<void>();
    const hanging = new ScriptedModel((request) => {
      started.resolve();
      return linesOf(request.messages).some((line) => line.includes("Be brief.")) ? "brief words" : reply.hang();
    });
    const inner = new AssistantAgent({ name: "writer", model: hanging });
    const team = new RoundRobinGroupChat({ name: "crew", participants: [inner], maxTurns: 1 });
    const { agent, model } = make(["The answer."], { team });
    const run = agent.run("go");
    await started.promise;
    await run.interrupt("Be brief.", { at: "now" });
    const result = await run;
    expect(result.messages.map(({ text }) => text)).toEqual(["go", "Be brief.", "The answer."]);
    expect(linesOf(model.requests[0]?.messages)).toContain("user: brief words");
  });

  test("takes part in a society, and a person may sit in it", async () => {
    const inside = new SocietyOfMindAgent({
      name: "inside",
      model: new ScriptedModel(["from inside"]),
      team: new RoundRobinGroupChat({
        name: "table",
        participants: [new UserProxyAgent({ name: "ada" })],
        maxTurns: 1,
      }),
    });
    const team = new RoundRobinGroupChat({ name: "crew", participants: [inside, new Echo("b")], maxTurns: 2 });
    const { agent, model } = make(["The answer."], { team });
    const result = await agent.run("go", { onQuestion: () => "coffee" });
    expect(result.messages.map(({ text }) => text)).toEqual(["go", "The answer."]);
    expect(JSON.stringify(model.requests[0]?.messages)).toContain("from inside");
    expect(JSON.stringify(model.requests[0]?.messages)).not.toContain("coffee");
  });

  test("is guarded with its team: a policy of the agent holds for calls within", async () => {
    const pay = simpleTool("pay", () => "paid");
    const hands = new ScriptedModel([reply.toolCall("pay"), "It was not allowed."]);
    const inner = new AssistantAgent({ name: "payer", model: hands, tools: [pay] });
    const team = new RoundRobinGroupChat({ name: "crew", participants: [inner], maxTurns: 1 });
    const asked: string[] = [];
    const policy: PolicyFunction = ({ name }) => {
      asked.push(name);
      return { kind: "deny", reason: "Nobody pays." };
    };
    const { agent, model } = make(["No."], { team, policy });
    await agent.run("Pay.");
    expect(asked).toEqual(["pay"]);
    expect(JSON.stringify(hands.requests[1]?.messages)).toContain("Nobody pays.");
    expect(JSON.stringify(model.requests[0]?.messages)).toContain("It was not allowed.");
  });

  test("goes on after a crash, wherever it comes", async () => {
    await using machine = new Machine();
    const makeAgent = (): SocietyOfMindAgent => make(() => "The answer.").agent;
    let writes = 1;
    for (; ; writes += 1) {
      const dying = machine.start();
      dying.kill(writes);
      const runId = `r${writes}`;
      void makeAgent().run("go", { runtime: dying.runtime, runId }).handle;
      if (!(await dying.settled())) break;
      const next = machine.start();
      const agent = makeAgent();
      await agent.register(next.runtime);
      await next.runtime.recover();
      const result = await agent.run("go", { runtime: next.runtime, runId });
      expect(
        result.messages.map(({ text }) => text),
        `after ${writes} writes`,
      ).toEqual(["go", "The answer."]);
    }
    expect(writes).toBeGreaterThan(8);
  });
});
