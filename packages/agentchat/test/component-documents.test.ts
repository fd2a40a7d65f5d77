import {
  agentChatComponents,
  AssistantAgent,
  type ChatMessage,
  CodeExecutorAgent,
  type ConditionDelta,
  DiGraphBuilder,
  FunctionalTermination,
  FunctionCallTermination,
  GraphFlow,
  HandoffTermination,
  MagenticOneGroupChat,
  MaxMessageTermination,
  MessageFilterAgent,
  type Participant,
  type PolicyDecision,
  RoundRobinGroupChat,
  Runner,
  SelectorGroupChat,
  SocietyOfMindAgent,
  SourceMatchTermination,
  StopMessageTermination,
  Swarm,
  type TerminationCondition,
  TextMentionTermination,
  TextMessageTermination,
  TimeoutTermination,
  TokenUsageTermination,
  UserProxyAgent,
} from "@troupe/agentchat";
import { ConfigError, createComponentRegistry } from "@troupe/core";
import {
  bufferedContext,
  headAndTailContext,
  jsonSchema,
  ListMemory,
  replayModel,
  staticWorkbench,
  tool,
  unboundedContext,
} from "@troupe/llm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { FakeExecutor } from "./support/fake-executor.ts";

const search = tool({
  name: "search",
  description: "Finds orders",
  input: jsonSchema<{ customer: string }>({ type: "object", properties: { customer: { type: "string" } } }),
  execute: ({ customer }) => `orders of ${customer}`,
});
const named = {
  enough: (delta: ConditionDelta) => delta.messages.length > 3,
  isRight: (message: ChatMessage) => message.text.includes("right"),
  first: () => "writer",
  allow: (): PolicyDecision => ({ kind: "allow" }),
  Verdict: z.object({ ok: z.boolean().refine((ok) => ok) }),
};
const executor = new FakeExecutor();
const standIns = [
  {
    provider: "autogen_ext.code_executors.docker.DockerCommandLineCodeExecutor",
    type: "code_executor",
    name: "sandbox",
    config: { image: "python" },
  },
];
const registry = createComponentRegistry({
  components: agentChatComponents({ tools: [search], executors: { sandbox: executor }, standIns }),
  named,
});

const says = (...answers: string[]): AssistantAgent =>
  new AssistantAgent({ name: "writer", model: replayModel({ answers }) });
const critic = (): AssistantAgent =>
  new AssistantAgent({ name: "critic", model: replayModel({ answers: ["No.", "APPROVE"] }) });

function failure(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

function graph(): GraphFlow<unknown> {
  const [start, left, right] = [says("a"), critic(), new UserProxyAgent({ name: "person" })];
  const builder = new DiGraphBuilder()
    .addNode(start)
    .addNode(left)
    .addNode(right, { activation: "any" })
    .addEdge(start, left, { condition: named.isRight })
    .addEdge(start, right, { condition: "left" })
    .addEdge(left, right, { activationCondition: "any" });
  return new GraphFlow({ participants: builder.getParticipants(), graph: builder.build(), maxTurns: 4 });
}

const everything = new AssistantAgent<unknown>({
  name: "clerk",
  model: replayModel({ answers: ["Done."] }),
  description: "Serves",
  systemMessage: null,
  tools: [search],
  workbench: [staticWorkbench([], { name: "desk" })],
  handoffs: [
    "critic",
    {
      target: "person",
      name: "ask",
      description: "Ask",
      message: "Asked.",
      context: "none",
      input: jsonSchema({ type: "object" }),
    },
  ],
  memory: new ListMemory({ items: ["tea"] }),
  memoryDeadlineMs: 500,
  maxToolIterations: 3,
  reflectOnToolUse: false,
  toolCallSummaryFormat: "{result}",
  stream: false,
  modelContext: bufferedContext({ size: 4 }),
  output: jsonSchema({ type: "object", properties: { ok: { type: "boolean" } } }),
  metadata: { desk: "7" },
  settings: {
    temperature: 0.2,
    stopSequences: ["END"],
    toolChoice: { toolName: "search" },
    providerOptions: { openai: { maxTokens: 3 } },
  },
  budget: { usd: 2, unpriced: "allow" },
  loops: { limit: 5 },
});

const participants = (): readonly Participant[] => [says("a"), critic()];
const components: readonly [string, object][] = [
  ["an assistant with every option", everything],
  [
    "an assistant with a named schema",
    new AssistantAgent({ name: "judge", model: replayModel({ answers: [] }), output: named.Verdict }),
  ],
  ["a person", new UserProxyAgent({ name: "person", prompt: "Well?", deadlineMs: 1000 })],
  [
    "round robin",
    new RoundRobinGroupChat({
      name: "desk",
      participants: participants(),
      maxTurns: 3,
      onError: "skip",
      budget: "unbounded",
      loops: "off",
    }),
  ],
  [
    "a nested team",
    new RoundRobinGroupChat({
      participants: [new Swarm({ name: "inner", participants: participants(), whenNoHandoff: "continue" }), everything],
    }),
  ],
  [
    "a selector",
    new SelectorGroupChat({
      participants: participants(),
      model: replayModel({ answers: ["writer"] }),
      selectorPrompt: "{roles} {participants}",
      fallback: "stop",
      selectorFunction: named.first,
      modelContext: headAndTailContext({ head: 1, tail: 1 }),
    }),
  ],
  ["a graph", graph()],
  [
    "a Magentic-One team",
    new MagenticOneGroupChat({
      participants: participants(),
      model: replayModel({ answers: [] }),
      maxReplans: 1,
      finalAnswerPrompt: "Answer.",
    }),
  ],
  [
    "a filter",
    new MessageFilterAgent({
      agent: says("a"),
      filter: [{ source: "user", position: "first", count: 1 }, { source: "critic" }],
    }),
  ],
  [
    "a society of mind",
    new SocietyOfMindAgent({
      name: "society",
      team: new RoundRobinGroupChat({ participants: participants(), maxTurns: 1 }),
      model: replayModel({ answers: [] }),
      instruction: "Join.",
      responsePrompt: "Sum up.",
    }),
  ],
  [
    "guards",
    new RoundRobinGroupChat({
      participants: participants(),
      stall: { afterMs: 5, ends: true },
      policy: { decide: named.allow, mode: "shadow" },
      shares: "last",
    }),
  ],
  [
    "a person's word before programs",
    new CodeExecutorAgent({
      name: "coder",
      executor,
      model: replayModel({ answers: [] }),
      approval: true,
      maxRetriesOnError: 2,
    }),
  ],
  ["messages", new MaxMessageTermination(3, { includeEvents: true })],
  ["a text", new TextMentionTermination("APPROVE", { sources: ["critic"], includeEvents: true })],
  ["tokens", new TokenUsageTermination({ total: 10, output: 5 })],
  ["time", new TimeoutTermination(1500)],
  ["a source", new SourceMatchTermination(["critic"])],
  ["a stop", new StopMessageTermination()],
  ["a handoff", new HandoffTermination("user")],
  ["a call", new FunctionCallTermination("search", { includeFailures: true })],
  ["plain texts", new TextMessageTermination()],
  ["a plain text", new TextMessageTermination("critic")],
  ["a function", new FunctionalTermination(named.enough)],
  [
    "all, any and not",
    new MaxMessageTermination(3).and(new StopMessageTermination().or(new TimeoutTermination(5))).not(),
  ],
];

describe("a component document", () => {
  it.each(components)("comes back as it was written: %s", (_, made) => {
    const written = registry.dump(made);
    const loaded = registry.load(JSON.stringify(written));
    expect(loaded.constructor).toBe(made.constructor);
    expect(registry.dump(loaded)).toEqual(written);
    expect(written.provider).toMatch(/^@troupe\/agentchat\/\w+$/);
  });

  it("of an agent as a tool comes back as it was written, in AutoGen's words too", () => {
    for (const made of [says("a").asTool(), says("a").asTool({ name: "ask", returns: "all", keepsMemory: true })]) {
      const written = registry.dump(made);
      expect(written.provider).toBe("@troupe/agentchat/asTool");
      expect(registry.dump(registry.load(JSON.stringify(written)))).toEqual(written);
      const foreign = registry.dump(made, { dialect: "autogen" });
      expect(foreign.provider).toMatch(/^autogen_agentchat\.tools\.(Agent|Team)Tool$/);
      expect(registry.dump(registry.load(foreign), { dialect: "autogen" })).toEqual(foreign);
    }
  });

  it("of something that only AutoGen has is what the program lends in its place", () => {
    const { provider, config } = standIns[0] ?? {};
    expect(registry.load({ provider, config: { image: "another" } })).toBe(executor);
    expect(registry.dump(executor, { dialect: "autogen" })).toMatchObject({ provider, config });
    expect(registry.dump(executor).config).toEqual({ name: "sandbox" });
  });

  it("covers what it was written from: a default that is not said is not written", () => {
    expect(registry.dump(says("a")).config).toEqual({
      name: "writer",
      model: expect.objectContaining({ config: { answers: ["a"] } }),
    });
  });

  it("runs", async () => {
    const made = new RoundRobinGroupChat({
      name: "desk",
      participants: [says("Tea is wet.", "Tea is hot."), critic()],
      termination: new TextMentionTermination("APPROVE"),
    });
    const loaded = registry.load(registry.dump(made));
    if (!(loaded instanceof Runner)) throw new Error("no team came out");
    const result = await loaded.run("A line about tea.");
    expect(result.messages.map((message) => message.text)).toEqual([
      "A line about tea.",
      "Tea is wet.",
      "No.",
      "Tea is hot.",
      "APPROVE",
    ]);
    expect(result.stopReason).toMatchObject({ kind: "condition", condition: "TextMentionTermination" });
  });

  it("is the same after a round trip, whatever it says", () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    const leaf = fc.oneof(
      fc.integer({ min: 1, max: 99 }).map((count): TerminationCondition => new MaxMessageTermination(count)),
      word.map((text): TerminationCondition => new TextMentionTermination(text)),
      fc
        .array(word, { minLength: 1, maxLength: 3 })
        .map((names): TerminationCondition => new SourceMatchTermination(names)),
    );
    const condition = fc.letrec<{ tree: TerminationCondition }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.tuple(tie("tree"), tie("tree")).map(([one, other]) => one.and(other)),
        fc.tuple(tie("tree"), tie("tree")).map(([one, other]) => one.or(other)),
        tie("tree").map((one) => one.not()),
      ),
    })).tree;
    const context = fc.constantFrom(unboundedContext(), bufferedContext({ size: 2 }), undefined);
    const agent = fc
      .record({
        name: word,
        answers: fc.array(fc.string(), { maxLength: 2 }),
        systemMessage: fc.option(fc.string()),
        context,
      })
      .map(
        ({ name, answers, systemMessage, context: modelContext }): Participant =>
          new AssistantAgent({ name, model: replayModel({ answers }), systemMessage, modelContext }),
      );
    const team = fc.letrec<{ tree: Participant }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        agent,
        fc
          .record({
            name: word,
            members: fc.uniqueArray(tie("tree"), { minLength: 1, maxLength: 3, selector: (one) => one.name }),
            termination: condition,
            isSwarm: fc.boolean(),
          })
          .map(({ name, members, termination, isSwarm }): Participant => {
            const options = { name, participants: members, termination };
            return isSwarm ? new Swarm(options) : new RoundRobinGroupChat(options);
          }),
      ),
    })).tree;
    fc.assert(
      fc.property(team, (made) => {
        const written = registry.dump(made);
        expect(registry.dump(registry.load(JSON.stringify(written)))).toEqual(written);
      }),
      { numRuns: 300 },
    );
  });
});

describe("what a document cannot say", () => {
  class Shouter extends AssistantAgent {}
  it.each([
    [
      "a schema of another library without a name",
      new AssistantAgent({ name: "a", model: replayModel({ answers: [] }), output: z.string() }),
      "config.output",
    ],
    ["a function without a name", new UserProxyAgent({ name: "a", prompt: () => "Well?" }), "config.prompt"],
    ["a condition of one's own without a name", new FunctionalTermination(() => true), "config.predicate"],
    [
      "a class of one's own",
      new RoundRobinGroupChat({ participants: [new Shouter({ name: "a", model: replayModel({ answers: [] }) })] }),
      "config.participants[0]",
    ],
    [
      "a secret in settings",
      new AssistantAgent({
        name: "a",
        model: replayModel({ answers: [] }),
        settings: { headers: { Authorization: "Bearer planted-canary" } },
      }),
      "config.settings.headers",
    ],
  ])("is refused with its place: %s", (_, made, path) => {
    const error = failure(() => registry.dump(made));
    expect(error).toMatchObject({ code: "config.not_dumpable", details: { path } });
    expect(`${error.message} ${error.remedy}`).not.toContain("canary");
  });

  it.each([
    ["a budget", new RoundRobinGroupChat({ participants: participants(), budget: { usd: 1 } }), "config.budget"],
    [
      "a negation",
      new RoundRobinGroupChat({ participants: participants(), termination: new StopMessageTermination().not() }),
      "config.termination_condition",
    ],
    ["sources of a text", new TextMentionTermination("x", { sources: ["a"] }), "config.sources"],
    ["a function at an edge", graph(), "config.graph.nodes[0].edges[0].condition"],
    [
      "a tool of ours",
      new AssistantAgent({ name: "a", model: replayModel({ answers: [] }), tools: [search] }),
      "config.workbench[0].config.tools[0].config",
    ],
  ])("is refused in AutoGen's words: %s", (_, made, path) => {
    expect(failure(() => registry.dump(made, { dialect: "autogen" }))).toMatchObject({
      code: "config.not_dumpable",
      details: { path },
    });
  });
});

it("names the field that is wrong, however deep", () => {
  const written = JSON.stringify(registry.dump(new RoundRobinGroupChat({ participants: participants() })));
  const broken = written.replace('"name":"critic"', '"name":"not a name"');
  expect(failure(() => registry.load(broken))).toMatchObject({
    code: "config.invalid_document",
    details: { path: "config.participants[1].config" },
  });
  const misplaced = written.replace(/"participants":\[/, '"participants":["writer",');
  expect(failure(() => registry.load(misplaced)).details).toEqual({ path: "config.participants[0]" });
});
