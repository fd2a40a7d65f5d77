import { reply, type Script, ScriptedModel, type ScriptedModelOptions } from "@troupe/llm/testing";
import { toolContent } from "@troupe/llm";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  AssistantAgent,
  type AssistantAgentOptions,
  type ChatMessage,
  type RunEvent,
  type RunHandle,
} from "../src/index.ts";
import { simpleTool } from "./support/simple-tool.ts";

interface Made {
  readonly agent: AssistantAgent;
  readonly model: ScriptedModel;
}

const tools = [
  simpleTool("one", () => "first"),
  simpleTool("two", () => ({ n: 2 })),
  simpleTool("bad", () => {
    throw new Error("broken");
  }),
];

function make(script: Script, options: Partial<AssistantAgentOptions> = {}, model: ScriptedModelOptions = {}): Made {
  const scripted = new ScriptedModel(script, model);
  return { agent: new AssistantAgent({ name: "a", model: scripted, tools, ...options }), model: scripted };
}

async function eventsOf(run: RunHandle<unknown>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) events.push(event);
  return events;
}

const lastOf = (messages: readonly ChatMessage[]): ChatMessage | undefined => messages.at(-1);

describe("the summary of an agent whose rounds are used up", () => {
  test("covers all rounds of the turn, and no other turn", async () => {
    const script = [
      reply.toolCall("one"),
      reply.toolCalls([{ name: "two" }, { name: "bad" }]),
      reply.toolCall("one"),
      reply.toolCall("one"),
    ];
    const { agent } = make(script, { maxToolIterations: 2 });
    await using _ = agent;
    const session = agent.session("s");
    const summary = lastOf((await session.run("Go")).messages);
    expect(summary).toMatchObject({
      kind: "tool-summary",
      text: 'first\n{"n":2}\nbroken',
      calls: [{ toolName: "one" }, { toolName: "two" }, { toolName: "bad" }],
      results: [{ status: "ok" }, { status: "ok" }, { status: "error" }],
    });
    expect((await session.run("Again")).text).toBe("first\nfirst");
  });

  test("follows a format, which a function overrides", async () => {
    const script = [reply.toolCalls([{ name: "one", arguments: {} }, { name: "bad" }])];
    const toolCallSummaryFormat = "{tool_name}({arguments}) = {result} [{is_error}]";
    const options = { maxToolIterations: 1, toolCallSummaryFormat };
    expect((await make(script, options).agent.run("Go")).text).toBe("one({}) = first [false]\nbad({}) = broken [true]");
    const summarizeTools: AssistantAgentOptions["summarizeTools"] = (call, result) =>
      `${call.toolName}: ${result.status}`;
    expect((await make(script, { ...options, summarizeTools }).agent.run("Go")).text).toBe("one: ok\nbad: error");
  });

  test("leaves handoffs out that nobody could carry out", async () => {
    const script = [reply.toolCalls([{ name: "one" }, { name: "transfer_to_b", argumentsText: "{" }])];
    const { agent } = make(script, { maxToolIterations: 1, handoffs: ["b"] });
    expect(lastOf((await agent.run("Go")).messages)).toMatchObject({ kind: "tool-summary", text: "first" });
  });

  test("a format that cannot be filled in is refused when the agent is made", () => {
    for (const toolCallSummaryFormat of ["{resutl}", "{result", "100%}"]) {
      expect(() => make([], { toolCallSummaryFormat })).toThrow(
        expect.objectContaining({
          code: "config.invalid_option",
          message: expect.stringContaining("toolCallSummaryFormat"),
        }),
      );
    }
  });
});

const Weather = z.object({ city: z.string(), degrees: z.number() });
const oslo = '{"city":"Oslo","degrees":-3}';

describe("an answer that is data", () => {
  const outputFormat = "{degrees} degrees in {city}";

  test("is shown to people by the format, also after a reflection, and to models as JSON", async () => {
    const script = [reply.toolCall("one"), oslo, oslo];
    const model = new ScriptedModel(script);
    const options = { name: "a", model, tools, output: Weather, outputFormat, maxToolIterations: 1 };
    await using agent = new AssistantAgent(options);
    const session = agent.session("s");
    for (const task of ["Go", "And now?"]) {
      const result = await session.run(task);
      expect(lastOf(result.messages)).toMatchObject({ kind: "structured", data: { city: "Oslo", degrees: -3 } });
      expect(result.text).toBe("-3 degrees in Oslo");
      expect(result.output.degrees).toBe(-3);
    }
    const listener = new ScriptedModel(["ok"]);
    const [message] = (await session.messages()).filter(({ kind }) => kind === "structured");
    if (message === undefined) throw new Error("no structured message");
    await new AssistantAgent({ name: "b", model: listener }).run(message);
    expect(listener.requests[0]?.messages.at(-1)?.content).toEqual([{ kind: "text", text: oslo }]);
  });

  test("without a format is shown as the model wrote it", async () => {
    const agent = new AssistantAgent({ name: "a", model: new ScriptedModel([oslo]), output: Weather });
    expect((await agent.run("Go")).text).toBe(oslo);
  });

  test("a format with a name that the schema does not have, or without a schema, is refused", () => {
    const model = new ScriptedModel([]);
    const invalid = expect.objectContaining({ code: "config.invalid_option" });
    expect(() => new AssistantAgent({ name: "a", model, output: Weather, outputFormat: "{town}" })).toThrow(invalid);
    expect(() => new AssistantAgent({ name: "a", model, outputFormat })).toThrow(invalid);
  });
});

describe("an empty answer", () => {
  test("is asked for once more, and what was said about it is not kept", async () => {
    const { agent, model } = make([reply.parts([]), "Here.", "And here."]);
    await using _ = agent;
    const session = agent.session("s");
    const run = session.run("Go");
    const events = await eventsOf(run);
    expect((await run).text).toBe("Here.");
    expect(events.find((event) => event.kind === "note")).toMatchObject({ name: "empty-answer" });
    expect(JSON.stringify(model.requests[1]?.messages)).toContain("Your answer was empty");
    await session.run("More");
    expect(model.requests[2]?.messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
    expect(JSON.stringify(model.requests[2]?.messages)).not.toContain("Your answer was empty");
  });

  test.each([
    ["nothing", reply.parts([]), "system message"],
    ["blanks", reply.text(" \n "), "system message"],
    ["a list of no tool calls", reply.toolCalls([], { finishReason: "tool-calls" }), "system message"],
    ["thoughts alone, cut off", reply.parts([], { reasoning: "hm", finishReason: "length" }), "maxOutputTokens"],
  ])("twice is an error that says what to do: %s", async (_what, empty, remedy) => {
    const { agent, model } = make([empty, empty]);
    await expect(agent.run("Go")).rejects.toMatchObject({
      cause: { code: "model.empty_answer", remedy: expect.stringContaining(remedy) },
    });
    expect(model.calls).toBe(2);
  });

  test("after tools is asked for as well", async () => {
    const { agent } = make([reply.toolCall("one"), reply.text(""), "Now."]);
    expect((await agent.run("Go")).text).toBe("Now.");
  });
});

describe("N1: a model that calls tools where it must not", () => {
  test("is asked once more for words, and its call never enters the conversation", async () => {
    const script = [reply.toolCall("one"), reply.toolCall("two"), "One is first.", "Bye."];
    const { agent, model } = make(script, { maxToolIterations: 1, reflectOnToolUse: true });
    await using _ = agent;
    const session = agent.session("s");
    expect((await session.run("Go")).text).toBe("One is first.");
    await session.run("Thanks");
    expect(JSON.stringify(model.requests[3]?.messages)).not.toContain('"two"');
  });

  test("may say something beside it", async () => {
    const words = reply.parts([
      { kind: "text", text: "One." },
      { kind: "scripted-tool-call", name: "two" },
    ]);
    const { agent } = make([reply.toolCall("one"), words], { maxToolIterations: 1, reflectOnToolUse: true });
    expect((await agent.run("Go")).text).toBe("One.");
  });
});

describe("metadata of an agent", () => {
  const metadata = { tenant: "acme" };

  test("is on whatever it says, and no model sees it", async () => {
    const scripts = [["words"], [reply.toolCall("one")], [reply.toolCall("transfer_to_b")]];
    const kinds: unknown[] = [];
    for (const script of scripts) {
      const { agent, model } = make(script, { metadata, maxToolIterations: 1, handoffs: ["b"] });
      const last = lastOf((await agent.run("Go")).messages);
      kinds.push(last?.kind);
      expect(last?.metadata).toEqual(metadata);
      expect(JSON.stringify(model.requests)).not.toContain("acme");
    }
    expect(kinds).toEqual(["text", "tool-summary", "handoff"]);
    expect(lastOf((await make(["words"]).agent.run("Go")).messages)).not.toHaveProperty("metadata");
  });
});

describe("a model that cannot see", () => {
  const picture = { kind: "file" as const, mediaType: "image/png", data: "iVBORw0=" };
  const task = {
    kind: "multi-modal" as const,
    text: "What is it?",
    content: [{ kind: "text" as const, text: "What is it?" }, picture],
  };
  const look = simpleTool("look", () => toolContent([{ kind: "text", text: "see" }, picture]));

  test("reads [image] where images are, in messages and in results", async () => {
    const script = [reply.toolCall("look"), "A cat."];
    const { agent, model } = make(script, { tools: [look] }, { capabilities: { vision: false } });
    await agent.run(task);
    expect(model.requests[1]?.messages).toMatchObject([
      { role: "system" },
      { content: [{ text: "What is it?" }, { kind: "text", text: "[image]" }] },
      { role: "assistant" },
      { content: [{ content: [{ text: "see" }, { kind: "text", text: "[image]" }] }] },
    ]);
    expect(JSON.stringify(model.requests)).not.toContain(picture.data);
  });

  test("keeps them for one that can", async () => {
    const { agent, model } = make(["A cat."]);
    await agent.run(task);
    expect(model.requests[0]?.messages.at(-1)?.content).toContainEqual(picture);
  });
});
