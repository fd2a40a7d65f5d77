import {
  agentChatComponents,
  AssistantAgent,
  type ChatMessage,
  CodeExecutorAgent,
  defineContext,
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
  SelectorGroupChat,
  SocietyOfMindAgent,
  SourceMatchTermination,
  StopMessageTermination,
  Swarm,
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
} from "@troupe/llm";
import { z } from "zod";
import { FakeExecutor } from "./fake-executor.ts";

export const search = tool({
  name: "search",
  description: "Finds orders",
  input: jsonSchema<{ customer: string }>({ type: "object", properties: { customer: { type: "string" } } }),
  execute: ({ customer }) => `orders of ${customer}`,
});
export const named = {
  enough: (delta: ConditionDelta) => delta.messages.length > 3,
  isRight: (message: ChatMessage) => message.text.includes("right"),
  first: () => "writer",
  prompt: () => "Serve.",
  customer: defineContext("customer", z.string()),
  allow: (): PolicyDecision => ({ kind: "allow" }),
  Verdict: z.object({ ok: z.boolean().refine((ok) => ok) }),
};
export const executor = new FakeExecutor();
export const standIns = [
  {
    provider: "autogen_ext.code_executors.docker.DockerCommandLineCodeExecutor",
    type: "code_executor",
    name: "sandbox",
    config: { image: "python" },
  },
];
export const registry = createComponentRegistry({
  components: agentChatComponents({ tools: [search], executors: { sandbox: executor }, standIns }),
  named,
});

export const says = (...answers: string[]): AssistantAgent =>
  new AssistantAgent({ name: "writer", model: replayModel({ answers }) });
export const critic = (): AssistantAgent =>
  new AssistantAgent({ name: "critic", model: replayModel({ answers: ["No.", "APPROVE"] }) });

export function failure(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

export function graph(): GraphFlow<unknown> {
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

export const everything = new AssistantAgent<unknown>({
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

export const participants = (): readonly Participant[] => [says("a"), critic()];
export const components: readonly [string, object][] = [
  ["an assistant with every option", everything],
  [
    "an assistant with a named schema",
    new AssistantAgent({ name: "judge", model: replayModel({ answers: [] }), output: named.Verdict }),
  ],
  [
    "a prompt and a context key of the program",
    new AssistantAgent({
      name: "clerk",
      model: replayModel({ answers: [] }),
      systemMessage: named.prompt,
      needs: [named.customer],
    }),
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
