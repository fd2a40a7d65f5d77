import { ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, test } from "vitest";
import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  MessageFilterAgent,
  RoundRobinGroupChat,
  type SourceFilter,
  UserProxyAgent,
} from "../src/index.ts";

/** Says what it has heard, and how often it was asked. */
class Echo extends BaseChatAgent<{ turns: number }> {
  constructor(name: string) {
    super({ name, state: () => ({ turns: 0 }) });
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext<{ turns: number }>) {
    context.state.turns += 1;
    return this.reply(`${context.state.turns}: ${messages.map((message) => message.text).join(" ")}`);
  }
}

const task = [
  { kind: "text" as const, source: "user", text: "u1" },
  { kind: "text" as const, source: "system", text: "s1" },
  { kind: "text" as const, source: "user", text: "u2" },
  { kind: "text" as const, source: "system", text: "s2" },
  { kind: "text" as const, source: "user", text: "u3" },
];

async function heard(filter: readonly SourceFilter[]): Promise<string> {
  return (await new MessageFilterAgent({ agent: new Echo("echo"), filter }).run(task)).text;
}

describe("a message filter", () => {
  test("lets through what an entry takes, in the order in which it was said", async () => {
    expect(
      await heard([
        { source: "user", position: "last", count: 2 },
        { source: "system", position: "first", count: 1 },
      ]),
    ).toBe("1: s1 u2 u3");
    expect(await heard([{ source: "system" }, { source: "user", position: "first", count: 9 }])).toBe(
      "1: u1 s1 u2 s2 u3",
    );
  });

  test("lets nothing through without an entry, and a message once with two", async () => {
    expect(await heard([])).toBe("1: ");
    expect(await heard([{ source: "user" }, { source: "user", position: "last", count: 1 }])).toBe("1: u1 u2 u3");
  });

  test("looks at what is new since the agent's last turn, and keeps the agent's state", async () => {
    const agent = new MessageFilterAgent({
      agent: new Echo("echo"),
      name: "deaf",
      filter: [{ source: "user" }, { source: "b", position: "last", count: 1 }],
    });
    const team = new RoundRobinGroupChat({ participants: [new Echo("b"), agent], maxTurns: 4 });
    const { messages } = await team.run("go");
    const said = messages.map(({ source, text }) => `${source}/${text}`);
    expect(said).toEqual(["user/go", "b/1: go", "deaf/1: go 1: go", "b/2: 1: go 1: go", "deaf/2: 2: 1: go 1: go"]);
  });

  test("is saved and restored with the agent within", async () => {
    const make = () => new MessageFilterAgent({ agent: new Echo("echo"), filter: [{ source: "user" }] });
    await using first = make();
    await using second = make();
    await first.session("s").run("one");
    const saved = await first.session("s").snapshot();
    await second.session("s").restore(saved);
    expect((await second.session("s").run("two")).text).toBe("2: two");
  });

  test("stands for the agent within: what is handed over to it arrives there", async () => {
    const model = new ScriptedModel(["ok"]);
    const inner = new AssistantAgent({ name: "inner", model });
    const agent = new MessageFilterAgent({ agent: inner, name: "desk", filter: [{ source: "triage" }] });
    const context = [{ role: "assistant" as const, content: [{ kind: "text" as const, text: "a thought" }] }];
    await agent.run({ kind: "handoff", source: "triage", target: "desk", text: "Yours.", context });
    expect(JSON.stringify(model.requests[0]?.messages)).toContain("a thought");

    const person = new MessageFilterAgent({
      agent: new UserProxyAgent({ name: "ada" }),
      name: "user",
      filter: [{ source: "triage" }],
    });
    const back = await person.run(
      { kind: "handoff", source: "triage", target: "user", text: "Yours." },
      { onQuestion: () => "done" },
    );
    expect(back.messages.at(-1)).toMatchObject({ kind: "handoff", source: "user", target: "triage" });
  });

  test.each([
    ["a count of 0", { source: "user", position: "last", count: 0 }],
    ["a position without a count", { source: "user", position: "last" }],
    ["a count without a position", { source: "user", count: 1 }],
    ["no source", { source: "" }],
  ])("refuses %s when it is made", (_what, entry) => {
    const filter = [entry as SourceFilter];
    expect(() => new MessageFilterAgent({ agent: new Echo("echo"), filter })).toThrow(
      expect.objectContaining({ code: "config.invalid_option" }),
    );
  });

  test("is for agents", () => {
    const team = new RoundRobinGroupChat({ participants: [new Echo("a")] });
    expect(() => new MessageFilterAgent({ agent: team, name: "t", filter: [] })).toThrow(
      expect.objectContaining({ code: "config.invalid_definition" }),
    );
  });
});
