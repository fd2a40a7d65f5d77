import { historyRules, type ModelMessage, type ModelRequest, normalize, tool } from "@troupe/llm";
import { historyValidators, reply, type Script, ScriptedModel, type ScriptedReply } from "@troupe/llm/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  AssistantAgent,
  type AssistantAgentOptions,
  type ChatMessage,
  type PolicyFunction,
  type RunEvent,
  type RunHandle,
  Swarm,
} from "../src/index.ts";

const calls: string[] = [];
const add = tool({
  name: "add",
  description: "Adds",
  input: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => {
    calls.push("add");
    return a + b;
  },
});

interface Made {
  readonly agent: AssistantAgent;
  readonly model: ScriptedModel;
}

function triage(script: Script, options: Partial<AssistantAgentOptions> = {}): Made {
  const model = new ScriptedModel(script);
  const agent = new AssistantAgent({
    name: "triage",
    model,
    tools: [add],
    handoffs: ["billing", { target: "support", message: "Support, please help." }],
    ...options,
  });
  return { agent, model };
}

async function eventsOf(run: RunHandle<unknown>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) events.push(event);
  return events;
}

const lastOf = (messages: readonly ChatMessage[]): ChatMessage | undefined => messages.at(-1);
const toolResults = (messages: readonly ModelMessage[]) =>
  messages.flatMap((message) => (message.role === "tool" ? message.content : []));

/** The ids of all calls, and of all results, in the last request: I1 wants them equal. */
function idsOf(messages: readonly ModelMessage[]): { readonly called: string[]; readonly answered: string[] } {
  const called = messages.flatMap((message) =>
    message.role === "assistant"
      ? message.content.flatMap((part) => (part.kind === "tool-call" ? [part.callId] : []))
      : [],
  );
  return { called, answered: toolResults(messages).map((result) => result.callId) };
}

describe("N3: the handoff table", () => {
  test("a handoff alone: the message is the one declared, and the turn is over", async () => {
    const { agent, model } = triage([reply.toolCall("transfer_to_support")]);
    const result = await agent.run("My router is dead");
    expect(lastOf(result.messages)).toMatchObject({
      kind: "handoff",
      source: "triage",
      target: "support",
      text: "Support, please help.",
    });
    expect(lastOf(result.messages)).not.toHaveProperty("context");
    expect(model.calls).toBe(1);
  });

  test("a tool beside a handoff: the tool runs, and the target gets the call with its result, but not the handoff", async () => {
    calls.length = 0;
    const script = [
      reply.toolCalls([{ name: "transfer_to_billing" }, { name: "add", arguments: { a: 1, b: 2 } }], {
        reasoning: "sum first",
      }),
    ];
    const last = lastOf((await triage(script).agent.run("Go")).messages);
    expect(calls).toEqual(["add"]);
    expect(last).toMatchObject({ kind: "handoff", target: "billing", text: '"billing" takes over from here.' });
    const context = last?.kind === "handoff" ? (last.context ?? []) : [];
    expect(context).toMatchObject([
      { role: "assistant", name: "triage", content: [{ kind: "text", text: "sum first" }, { toolName: "add" }] },
      { role: "tool", content: [{ toolName: "add", status: "ok", content: [{ kind: "json", value: 3 }] }] },
    ]);
    const { called, answered } = idsOf(context);
    expect(called).toHaveLength(1);
    expect(answered).toEqual(called);
  });

  test("two handoffs: the first counts, the other is told so, and an event names it", async () => {
    const script = [reply.toolCalls([{ name: "transfer_to_support" }, { name: "transfer_to_billing" }]), "Back again."];
    const { agent, model } = triage(script);
    await using _ = agent;
    const session = agent.session("s");
    const run = session.run("Go");
    const events = await eventsOf(run);
    expect(lastOf((await run).messages)).toMatchObject({ kind: "handoff", target: "support" });
    expect(events.find((event) => event.kind === "note")).toMatchObject({
      name: "handoffs-ignored",
      data: { target: "support", ignored: ["billing"] },
    });
    await session.run("And now?");
    const results = toolResults(model.requests[1]?.messages ?? []);
    expect(results.map(({ status }) => status)).toEqual(["ok", "error"]);
    expect(results[1]?.content).toEqual([
      { kind: "text", text: 'Not handed over to "billing": an answer can hand over once, and "support" came first.' },
    ]);
    const { called, answered } = idsOf(model.requests[1]?.messages ?? []);
    expect(answered).toEqual(called);
  });

  test("two handoffs to the same agent are one", async () => {
    const run = triage([reply.toolCalls([{ name: "transfer_to_support" }, { name: "transfer_to_support" }])]).agent.run(
      "Go",
    );
    expect((await eventsOf(run)).some((event) => event.kind === "note")).toBe(false);
    expect(lastOf((await run).messages)).toMatchObject({ kind: "handoff", target: "support" });
  });

  test("an unknown handoff: the model reads what there is and goes on", async () => {
    const { agent, model } = triage([reply.toolCall("transfer_to_nobody"), "Then I answer myself."]);
    const result = await agent.run("Go");
    expect(result.text).toBe("Then I answer myself.");
    const [unknown] = toolResults(model.requests[1]?.messages ?? []);
    expect(unknown).toMatchObject({ status: "error", toolName: "transfer_to_nobody" });
    expect(JSON.stringify(unknown?.content)).toContain("transfer_to_support");
  });

  test("a handoff to oneself is refused when the agent is made", () => {
    expect(() => triage([], { handoffs: ["triage"] })).toThrow(
      expect.objectContaining({ code: "config.invalid_definition", message: '"triage" has a handoff to itself' }),
    );
  });

  test("words beside a handoff are a thought that the target reads", async () => {
    const run = triage([
      reply.parts([
        { kind: "text", text: "Billing knows better." },
        { kind: "scripted-tool-call", name: "transfer_to_billing" },
      ]),
    ]).agent.run("Go");
    const thoughts = (await eventsOf(run)).flatMap((event) => (event.kind === "thought" ? [event.text] : []));
    expect(thoughts).toEqual(["Billing knows better."]);
    expect(lastOf((await run).messages)).toMatchObject({
      kind: "handoff",
      text: '"billing" takes over from here.',
      context: [{ role: "assistant", content: [{ kind: "text", text: "Billing knows better." }] }],
    });
  });

  test("no handoff: the words are the answer", async () => {
    expect(lastOf((await triage(["I can do that."]).agent.run("Go")).messages)).toMatchObject({
      kind: "text",
      text: "I can do that.",
    });
  });

  test("broken arguments: nobody is handed over to, the model reads why and may try again", async () => {
    const { agent, model } = triage([
      reply.toolCalls([{ name: "transfer_to_support", argumentsText: "{broken" }]),
      reply.toolCall("transfer_to_support", { reason: "dead router" }),
    ]);
    const result = await agent.run("Go");
    expect(lastOf(result.messages)).toMatchObject({
      kind: "handoff",
      target: "support",
      text: "Support, please help.",
    });
    const [broken] = toolResults(model.requests[1]?.messages ?? []);
    expect(broken).toMatchObject({ status: "error", content: [{ text: expect.stringContaining("not valid JSON") }] });
  });

  test("broken arguments of the first leave the word to the second", async () => {
    const { agent } = triage([
      reply.toolCalls([
        { name: "transfer_to_support", argumentsText: "[" },
        { name: "transfer_to_billing", argumentsText: "" },
      ]),
    ]);
    expect(lastOf((await agent.run("Go")).messages)).toMatchObject({ target: "billing" });
  });
});

describe("N3: handoffs and policies", () => {
  test("one that is denied keeps the word with the agent, which is told", async () => {
    const policy: PolicyFunction = ({ name }) =>
      name === "transfer_to_support" ? { kind: "deny", reason: "Support is closed." } : { kind: "allow" };
    const { agent, model } = triage([reply.toolCall("transfer_to_support"), "Support is closed, sorry."], { policy });
    expect(lastOf((await agent.run("Go")).messages)).toMatchObject({ kind: "text", text: "Support is closed, sorry." });
    expect(toolResults(model.requests[1]?.messages ?? [])).toMatchObject([
      { status: "denied", content: [{ text: expect.stringContaining("Support is closed.") }] },
    ]);
  });

  test("what a policy rewrites is what everybody hears", async () => {
    const policy: PolicyFunction = () => ({ kind: "rewrite", arguments: { reason: "[redacted]" } });
    const handoffs = [{ target: "manager", message: "Yours.", input: z.object({ reason: z.string() }) }];
    const { agent } = triage([reply.toolCall("transfer_to_manager", { reason: "secret" })], { policy, handoffs });
    expect(lastOf((await agent.run("Go")).messages)?.text).toBe('Yours.\n{"reason":"[redacted]"}');
  });
});

describe("what a handoff carries", () => {
  test("the rounds before it are part of what the target sees", async () => {
    const { agent } = triage([reply.toolCall("add", { a: 1, b: 1 }), reply.toolCall("transfer_to_billing")]);
    const last = lastOf((await agent.run("Go")).messages);
    expect(last?.kind === "handoff" && idsOf(last.context ?? []).answered).toHaveLength(1);
  });

  test("nothing, or what a function chooses", async () => {
    const script = [reply.toolCalls([{ name: "add", arguments: { a: 1, b: 1 } }, { name: "transfer_to_billing" }])];
    const none = await triage(script, { handoffs: [{ target: "billing", context: "none" }] }).agent.run("Go");
    expect(lastOf(none.messages)).not.toHaveProperty("context");
    const context = (conversation: readonly ModelMessage[]) =>
      conversation.filter((message) => message.role === "user");
    const chosen = await triage(script, { handoffs: [{ target: "billing", context }] }).agent.run("Go");
    expect(lastOf(chosen.messages)).toMatchObject({ context: [{ role: "user", content: [{ text: "Go" }] }] });
  });

  test("what the model must say with it, checked and added to the message", async () => {
    const { agent, model } = triage(
      [reply.toolCall("escalate", { reason: 7 }), reply.toolCall("escalate", { reason: "angry" })],
      {
        handoffs: [
          { target: "manager", name: "escalate", input: z.object({ reason: z.string() }), message: "Over to you." },
        ],
      },
    );
    expect(lastOf((await agent.run("Go")).messages)).toMatchObject({
      target: "manager",
      text: 'Over to you.\n{"reason":"angry"}',
    });
    expect(model.requests[0]?.tools?.map(({ name }) => name)).toEqual(["add", "escalate"]);
  });

  test("only the target's model is shown the context", async () => {
    const context: readonly ModelMessage[] = [
      { role: "assistant", content: [{ kind: "text", text: "secret thought" }] },
    ];
    const message = { kind: "handoff" as const, source: "triage", target: "billing", text: "Yours.", context };
    for (const [name, sees] of [
      ["billing", true],
      ["other", false],
    ] as const) {
      const model = new ScriptedModel(["ok"]);
      await new AssistantAgent({ name, model, systemMessage: null }).run(message);
      const texts = JSON.stringify(model.requests[0]?.messages);
      expect(texts.includes("secret thought")).toBe(sees);
      expect(texts).toContain("Yours.");
    }
  });
});

describe("a target without tools", () => {
  const script = [reply.toolCalls([{ name: "add", arguments: { a: 1, b: 2 } }, { name: "transfer_to_billing" }])];

  async function requestOf(model: ScriptedModel): Promise<ModelRequest | undefined> {
    const participants = [triage(script).agent, new AssistantAgent({ name: "billing", model, systemMessage: null })];
    await new Swarm({ name: "desk", participants }).run("Go");
    return model.requests[0];
  }

  test("is shown the calls, and that their tools are not its own", async () => {
    const request = await requestOf(new ScriptedModel(["Three."]));
    expect(request?.messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "user"]);
    expect(request).toMatchObject({ tools: [{ name: "add" }], toolChoice: "none" });
  });

  test("is told of the calls in words when its model knows nothing of tools", async () => {
    const request = await requestOf(new ScriptedModel(["Three."], { capabilities: { tools: false } }));
    expect(request).not.toHaveProperty("tools");
    expect(request?.messages.map(({ content }) => content)).toMatchObject([
      [{ text: "Go" }],
      [{ text: 'I call add with {"a":1,"b":2}.' }],
      [{ text: "add answered: 3" }],
      [{ text: '"billing" takes over from here.' }],
    ]);
  });
});

// Demand 13: the table, for the transcripts of every provider.
describe("I1: whatever the model does with handoffs, its history and the target's are valid", () => {
  const thinking = { reasoning: "hm" };
  const answers: readonly [what: string, answer: ScriptedReply][] = [
    ["a handoff", reply.toolCall("transfer_to_billing", {}, thinking)],
    [
      "a tool and a handoff",
      reply.toolCalls([{ name: "add", arguments: { a: 1, b: 2 } }, { name: "transfer_to_billing" }], thinking),
    ],
    [
      "a handoff and a broken tool call",
      reply.toolCalls([{ name: "transfer_to_billing" }, { name: "add", argumentsText: "{" }]),
    ],
    ["two handoffs", reply.toolCalls([{ name: "transfer_to_support" }, { name: "transfer_to_billing" }])],
    [
      "calls of one id",
      reply.toolCalls([
        { name: "add", callId: "x", arguments: { a: 1, b: 1 } },
        { name: "transfer_to_billing", callId: "x" },
      ]),
    ],
    ["an unknown handoff", reply.toolCall("transfer_to_nobody")],
    ["broken arguments", reply.toolCalls([{ name: "transfer_to_billing", argumentsText: "[" }])],
    [
      "words and a handoff",
      reply.parts(
        [
          { kind: "text", text: "Well." },
          { kind: "scripted-tool-call", name: "transfer_to_billing" },
        ],
        thinking,
      ),
    ],
    ["no handoff", reply.text("I stay.", thinking)],
  ];
  const providers = ["openai-chat", "openai-responses", "anthropic", "google", "mistral"] as const;

  test.each(answers)("%s", async (_what, answer) => {
    const seen: (readonly ModelMessage[])[] = [];
    const watch = (once: ScriptedReply): ScriptedModel =>
      new ScriptedModel(({ messages }, { index }) => {
        seen.push(messages);
        return index === 0 ? once : "Done.";
      });
    const first = triage([], { model: watch(answer), maxToolIterations: 3 }).agent;
    const others = ["billing", "support"].map(
      (name) => new AssistantAgent({ name, model: watch(reply.text("Done.")), tools: [add] }),
    );
    await using desk = new Swarm({ name: "desk", participants: [first, ...others] });
    const session = desk.session("s");
    await session.run("One");
    await session.run({ kind: "handoff", source: "user", target: "triage", text: "Two" });
    expect(seen.length).toBeGreaterThanOrEqual(2);
    for (const history of seen) expect(idsOf(history).answered).toEqual(idsOf(history).called);
    for (const provider of providers) {
      for (const history of seen) {
        const sent = normalize(history, historyRules[provider]);
        expect(historyValidators[provider](sent), `${provider}: ${JSON.stringify(sent)}`).toEqual([]);
      }
    }
  });
});

describe("definitions that are refused", () => {
  const model = new ScriptedModel([]);
  test.each([
    ["two of one name", { handoffs: ["a", "A"] }, "config.duplicate_name"],
    ["the name of a tool", { handoffs: [{ target: "b", name: "add" }] }, "config.duplicate_name"],
    ["a target that is a tool's name", { handoffs: ["add"] }, "config.duplicate_name"],
    ["a name that no provider accepts", { handoffs: ["société"] }, "config.invalid_definition"],
    [
      "a model without tools",
      { handoffs: ["b"], tools: [], model: new ScriptedModel([], { capabilities: { tools: false } }) },
      "config.invalid_definition",
    ],
  ])("%s", (_what, options, code) => {
    expect(() => new AssistantAgent({ name: "triage", model, tools: [add], ...options })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test("the targets are there to be read", () => {
    expect(triage([]).agent.handoffTargets).toEqual(["billing", "support"]);
  });
});
