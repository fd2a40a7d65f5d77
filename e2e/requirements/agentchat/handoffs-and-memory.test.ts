import {
  AssistantAgent,
  type AssistantAgentOptions,
  type ChatMessage,
  RoundRobinGroupChat,
  Swarm,
} from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { ListMemory, type ModelMessage, staticWorkbench } from "@troupe/llm";
import { reply, type Script, ScriptedModel, type ScriptedReply } from "@troupe/llm/testing";
import { expect } from "vitest";
import { z } from "zod";
import { verifies } from "../agentchat.ts";
import { assistant, eventsOf, simpleTool, thrownCode } from "./fixtures.ts";

interface Made {
  readonly agent: AssistantAgent;
  readonly model: ScriptedModel;
}

const add = simpleTool("add", () => 3);

function make(script: Script, options: Partial<AssistantAgentOptions> = {}): Made {
  const model = new ScriptedModel(script);
  return { agent: new AssistantAgent({ name: "a", model, tools: [add], ...options }), model };
}

async function lastOf(script: Script, options: Partial<AssistantAgentOptions>): Promise<ChatMessage | undefined> {
  return (await make(script, options).agent.run("go")).messages.at(-1);
}

verifies("chat-22", "an empty piece does no harm, and a piece of 10 kB is one event", async () => {
  const text = "x".repeat(10_240);
  const { agent } = make([
    reply.parts(
      [
        { kind: "text", text: "" },
        { kind: "text", text },
      ],
      { chunkSize: 20_000 },
    ),
  ]);
  const run = agent.run("go");
  const deltas = (await eventsOf(run)).flatMap((event) => (event.kind === "text-delta" ? [event.delta] : []));
  expect(deltas.filter((delta) => delta.length > 1_000)).toEqual([text]);
  expect((await run).text).toBe(text);
});

const Verdict = z.object({ approved: z.boolean() });

verifies("chat-25", "a format shows the data to people; models get JSON", async () => {
  const model = new ScriptedModel(['{"approved":true}']);
  const critic = new AssistantAgent({ name: "critic", model, output: Verdict, outputFormat: "Approved: {approved}" });
  const listener = new ScriptedModel(["ok"]);
  const writer = new AssistantAgent({ name: "writer", model: listener });
  const result = await new RoundRobinGroupChat({ participants: [critic, writer], maxTurns: 2 }).run("go");
  expect(result.messages[1]?.text).toBe("Approved: true");
  expect(JSON.stringify(listener.requests[0]?.messages)).toContain('{\\"approved\\":true}');
});

verifies("chat-28", "an image is a word for a model that cannot see", async () => {
  const model = new ScriptedModel(["ok"], { capabilities: { vision: false } });
  const content = [{ kind: "file" as const, mediaType: "image/png", data: "iVBORw0=" }];
  await new AssistantAgent({ name: "a", model }).run({ kind: "multi-modal", text: "a cat", content });
  expect(model.requests[0]?.messages.at(-1)?.content).toEqual([{ kind: "text", text: "[image]" }]);
});

verifies(
  "chat-39",
  "a format makes the summary; a function overrides it and sees whether the call failed",
  async () => {
    const bad = simpleTool("bad", () => Promise.reject(new Error("broken")));
    const script = [reply.toolCalls([{ name: "add" }, { name: "bad" }])];
    const options = {
      tools: [add, bad],
      maxToolIterations: 1,
      toolCallSummaryFormat: "{tool_name}({arguments})={result}",
    };
    expect((await lastOf(script, options))?.text).toBe("add({})=3\nbad({})=broken");
    const summarizeTools: AssistantAgentOptions["summarizeTools"] = (_call, { status }) =>
      status === "ok" ? "fine" : "oh";
    expect((await lastOf(script, { ...options, summarizeTools }))?.text).toBe("fine\noh");
    expect(thrownCode(() => make([], { toolCallSummaryFormat: "{name}" }))).toBe("config.invalid_option");
  },
);

verifies("chat-42", "each call reaches the workbench that lists it", async () => {
  const left = staticWorkbench([simpleTool("left", () => "from left")], { name: "l" });
  const right = staticWorkbench([simpleTool("right", () => "from right")], { name: "r" });
  const { agent, model } = make([reply.toolCalls([{ name: "right" }, { name: "left" }]), "done"], {
    workbench: [left, right],
  });
  await agent.run("go");
  expect(model.requests[1]?.messages.at(-1)?.content).toMatchObject([
    { toolName: "right", content: [{ text: "from right" }] },
    { toolName: "left", content: [{ text: "from left" }] },
  ]);
});

verifies("chat-45", "a handoff call gives request, execution and a handoff message", async () => {
  const { agent } = make([reply.toolCall("transfer_to_bob")], {
    handoffs: [{ target: "bob", message: "Bob, please." }],
  });
  const run = agent.run("go");
  const kinds = (await eventsOf(run)).filter((event) => !event.isLive).map((event) => event.kind);
  expect(kinds.slice(2)).toEqual([
    "model-called",
    "tool-call-requested",
    "tool-call-finished",
    "message",
    "run-finished",
  ]);
  expect((await run).messages.at(-1)).toMatchObject({ kind: "handoff", target: "bob", text: "Bob, please." });
});

verifies(
  "chat-46",
  "the calls beside a handoff are in its context, with their results, and the handoff is not",
  async () => {
    const script = [reply.toolCalls([{ name: "add" }, { name: "transfer_to_bob" }])];
    expect(await lastOf(script, { handoffs: ["bob"] })).toMatchObject({
      context: [
        { role: "assistant", content: [{ kind: "tool-call", toolName: "add" }] },
        { role: "tool", content: [{ toolName: "add", content: [{ kind: "json", value: 3 }] }] },
      ],
    });
  },
);

verifies("chat-47", "a thought beside a handoff alone is the one thing in its context", async () => {
  const script = [reply.toolCalls([{ name: "transfer_to_bob" }], { reasoning: "bob knows" })];
  const last = await lastOf(script, { handoffs: ["bob"] });
  expect(last).toMatchObject({ context: [{ role: "assistant", content: [{ kind: "text", text: "bob knows" }] }] });
  expect(last?.kind === "handoff" && last.context).toHaveLength(1);
});

verifies("chat-48", "of two handoffs the first counts, an event and the model are told", async () => {
  const script = [reply.toolCalls([{ name: "transfer_to_bob" }, { name: "transfer_to_eve" }])];
  const run = make(script, { handoffs: ["eve", "bob"] }).agent.run("go");
  const events = await eventsOf(run);
  expect((await run).messages.at(-1)).toMatchObject({ target: "bob" });
  expect(events).toContainEqual(
    expect.objectContaining({ kind: "note", name: "handoffs-ignored", data: { target: "bob", ignored: ["eve"] } }),
  );
});

verifies("chat-49", "a handoff ends the tool loop early", async () => {
  const { agent, model } = make([reply.toolCall("add"), reply.toolCall("transfer_to_bob"), "never"], {
    handoffs: ["bob"],
  });
  expect((await agent.run("go")).messages.at(-1)?.kind).toBe("handoff");
  expect(model.calls).toBe(2);
});

verifies("chat-50", "handoffs that cannot be told apart or made are rejected", () => {
  const code = (options: Partial<AssistantAgentOptions>): unknown => thrownCode(() => make([], options));
  expect(code({ handoffs: ["bob", "bob"] })).toBe("config.duplicate_name");
  expect(code({ handoffs: [{ target: "bob", name: "add" }] })).toBe("config.duplicate_name");
  expect(code({ handoffs: ["add"] })).toBe("config.duplicate_name");
  const model = new ScriptedModel([], { capabilities: { tools: false } });
  expect(code({ handoffs: ["bob"], model, tools: [] })).toBe("config.invalid_definition");
});

verifies(
  "chat-52",
  "a memory with something is an event, one without is none; what is no memory is rejected",
  async () => {
    const memory = [new ListMemory({ name: "empty" }), new ListMemory({ items: ["likes tea"] })];
    const events = await eventsOf(make(["ok"], { memory }).agent.run("go"));
    const queried = events.flatMap((event) => (event.kind === "memory-queried" ? [event] : []));
    expect(queried).toMatchObject([{ memory: "list", items: [{ content: { kind: "text", text: "likes tea" } }] }]);
    const stranger = { kind: "notes" } as unknown as ListMemory;
    expect(thrownCode(() => make([], { memory: stranger }))).toBe("config.invalid_option");
  },
);

verifies("chat-145", "memory is in each call once, and not in what is saved", async () => {
  await using runtime = new InProcessRuntime();
  const { agent, model } = make([reply.toolCall("add"), "ok", "ok"], {
    memory: new ListMemory({ items: ["likes tea"] }),
  });
  const session = agent.session("s", { runtime });
  await session.run("one");
  await session.run("two");
  const counts = model.requests.map(({ messages }) => JSON.stringify(messages).split("likes tea").length - 1);
  expect(counts).toEqual([1, 1, 1]);
  const { agents } = await session.snapshot();
  expect(JSON.stringify(agents)).toContain("two");
  expect(JSON.stringify(agents)).not.toContain("likes tea");
});

verifies(
  "chat-157",
  "an agent with an output schema works in teams, nested ones too, without registration",
  async () => {
    const critic = new AssistantAgent({
      name: "critic",
      model: new ScriptedModel(['{"approved":true}']),
      output: Verdict,
    });
    const inner = new RoundRobinGroupChat({ name: "inner", participants: [critic], maxTurns: 1 });
    const heard: (readonly ModelMessage[])[] = [];
    const writer = assistant("writer", ({ messages }) => {
      heard.push(messages);
      return "thanks";
    });
    const result = await new RoundRobinGroupChat({ participants: [inner, writer], maxTurns: 2 }).run("go");
    expect(result.messages.map(({ kind }) => kind)).toEqual(["text", "structured", "text"]);
    expect(JSON.stringify(heard[0])).toContain("approved");
  },
);

verifies("chat-W16", "a handoff with broken arguments is reported to the model and hands nothing over", async () => {
  const script = [reply.toolCalls([{ name: "transfer_to_bob", argumentsText: "{" }]), "I stay."];
  const { agent, model } = make(script, { handoffs: ["bob"] });
  expect((await agent.run("go")).messages.at(-1)).toMatchObject({ kind: "text", text: "I stay." });
  expect(model.requests[1]?.messages.at(-1)?.content).toMatchObject([{ status: "error", toolName: "transfer_to_bob" }]);
});

verifies("chat-W18", "the context of a handoff reaches its target's model alone", async () => {
  const first = assistant("first", ["ok"]);
  const script = [reply.toolCalls([{ name: "transfer_to_bob" }], { reasoning: "bob knows" })];
  const models = { bob: new ScriptedModel(["I do."]), eve: new ScriptedModel(["Hm."]) };
  const participants = [
    first,
    make(script, { handoffs: ["bob"] }).agent,
    ...(["bob", "eve"] as const).map((name) => new AssistantAgent({ name, model: models[name] })),
  ];
  await new RoundRobinGroupChat({ participants, maxTurns: 4 }).run("go");
  expect(JSON.stringify(models.bob.requests)).toContain("bob knows");
  expect(JSON.stringify(models.eve.requests)).not.toContain("bob knows");
});

verifies("chat-W64", "each answer about handoffs has one outcome, in a swarm too", async () => {
  const table: readonly [what: string, first: ScriptedReply, story: readonly string[]][] = [
    ["tool with handoff", reply.toolCalls([{ name: "add" }, { name: "transfer_to_bob" }]), ["a: handoff", "bob: text"]],
    [
      "two handoffs",
      reply.toolCalls([{ name: "transfer_to_eve" }, { name: "transfer_to_bob" }]),
      ["a: handoff", "eve: text"],
    ],
    ["unknown target", reply.toolCall("transfer_to_nobody"), ["a: text"]],
    [
      "text with handoff",
      reply.parts([
        { kind: "text", text: "Bob knows." },
        { kind: "scripted-tool-call", name: "transfer_to_bob" },
      ]),
      ["a: handoff", "bob: text"],
    ],
    ["none", reply.text("I know."), ["a: text"]],
  ];
  for (const [what, first, story] of table) {
    const { agent, model } = make([first, "Then I answer."], { handoffs: ["bob", "eve"] });
    const swarm = new Swarm({
      name: "desk",
      participants: [agent, assistant("bob", ["Done."]), assistant("eve", ["Done."])],
    });
    const { messages, stopReason } = await swarm.run("go");
    expect(
      messages.slice(1).map(({ source, kind }) => `${source}: ${kind}`),
      what,
    ).toEqual(story);
    expect(stopReason.kind, what).toBe("no-handoff");
    expect(model.calls, what).toBe(what === "unknown target" ? 2 : 1);
  }
  expect(thrownCode(() => make([], { handoffs: ["a"] }))).toBe("config.invalid_definition");
});

verifies("chat-W57", "an agent's metadata is on its messages", async () => {
  expect((await lastOf(["ok"], { metadata: { tenant: "acme" } }))?.metadata).toEqual({ tenant: "acme" });
});

verifies(
  "chat-W58",
  "tools of one name from two sources are an error that names them, before the model is asked",
  async () => {
    const { agent, model } = make(["never"], { workbench: staticWorkbench([simpleTool("add", () => 0)]) });
    await expect(agent.run("go")).rejects.toMatchObject({
      cause: { code: "config.duplicate_name", message: expect.stringContaining('"add"') },
    });
    expect(model.calls).toBe(0);
    const mute = new ScriptedModel([], { capabilities: { tools: false } });
    expect(thrownCode(() => make([], { model: mute, tools: [], workbench: staticWorkbench([]) }))).toBe(
      "config.invalid_definition",
    );
  },
);

verifies("chat-W66", "an empty answer is asked for once more; a second one is an error", async () => {
  const { agent, model } = make([
    reply.toolCalls([], { finishReason: "tool-calls" }),
    "Here.",
    reply.parts([]),
    reply.parts([]),
  ]);
  expect((await agent.run("go")).text).toBe("Here.");
  await expect(agent.run("go")).rejects.toMatchObject({ cause: { code: "model.empty_answer" } });
  expect(model.calls).toBe(4);
});
