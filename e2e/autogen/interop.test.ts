import {
  AssistantAgent,
  DiGraphBuilder,
  GraphFlow,
  HandoffTermination,
  MagenticOneGroupChat,
  MaxMessageTermination,
  RoundRobinGroupChat,
  SelectorGroupChat,
  SocietyOfMindAgent,
  StopMessageTermination,
  Swarm,
  TextMentionTermination,
  TimeoutTermination,
  TokenUsageTermination,
  UserProxyAgent,
} from "@troupe/agentchat";
import { bufferedContext, jsonSchema, ListMemory, replayModel } from "@troupe/llm";
import { model } from "troupe";
import { describe, expect } from "vitest";
import { itWithAutoGen, runPython } from "./autogen-python.ts";
import { goldenDocuments, isRecord, readGolden, withoutProse } from "./golden-documents.ts";
import { registry } from "./lenient-registry.ts";

interface Loaded {
  readonly name: string;
  readonly document: unknown;
  readonly messages: unknown;
}

/** Has AutoGen load documents, and run them where there is a task. */
async function loadInAutoGen(
  given: readonly { readonly name: string; readonly document: unknown; readonly task?: string }[],
): Promise<ReadonlyMap<string, Loaded>> {
  const lines = await runPython(
    "load_documents.py",
    given.map(({ name, document, task }) => ({ name, document, task: task ?? null })),
  );
  return new Map(
    lines.map((line) => {
      if (!isRecord(line) || typeof line["name"] !== "string") throw new Error("AutoGen printed something else");
      if (line["error"] !== undefined)
        throw new Error(`AutoGen refused "${line["name"]}": ${JSON.stringify(line["error"])}`);
      return [line["name"], { name: line["name"], document: line["document"], messages: line["messages"] }];
    }),
  );
}

const writer = (...answers: string[]): AssistantAgent =>
  new AssistantAgent({ name: "writer", model: replayModel({ answers }) });
const critic = (...answers: string[]): AssistantAgent =>
  new AssistantAgent({ name: "critic", model: replayModel({ answers }) });

function graph(): GraphFlow {
  const [draft, judge] = [writer("A draft."), critic("Good.")];
  const builder = new DiGraphBuilder().addNode(draft).addNode(judge).addEdge(draft, judge);
  return new GraphFlow({ participants: builder.getParticipants(), graph: builder.build() });
}

const ours: Readonly<Record<string, object>> = {
  assistant: writer("One."),
  "an assistant with more": new AssistantAgent<unknown>({
    name: "clerk",
    model: replayModel({ answers: ["One."] }),
    description: "Serves",
    systemMessage: null,
    handoffs: ["critic", { target: "user", name: "ask_user", description: "Ask", message: "Asked." }],
    memory: new ListMemory({ name: "facts", items: ["tea"] }),
    modelContext: bufferedContext({ size: 4 }),
    maxToolIterations: 2,
    reflectOnToolUse: true,
    toolCallSummaryFormat: "{tool_name}: {result}",
    metadata: { desk: "7" },
  }),
  "an assistant with an output": new AssistantAgent<unknown>({
    name: "judge",
    model: replayModel({ answers: ["{}"] }),
    output: jsonSchema({ title: "Verdict", type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] }),
  }),
  "a model": model("openai:gpt-4o-mini", { defaults: { temperature: 0.5 }, timeouts: { totalMs: 5000 } }),
  "a person": new UserProxyAgent({ name: "person" }),
  "a round robin": new RoundRobinGroupChat({
    name: "desk",
    participants: [writer("A draft."), critic("APPROVE")],
    termination: new TextMentionTermination("APPROVE").or(new MaxMessageTermination(9)),
  }),
  "a nested team": new RoundRobinGroupChat({
    name: "outer",
    participants: [
      new RoundRobinGroupChat({ name: "inner", participants: [writer("In."), critic("Side.")], maxTurns: 2 }),
    ],
    maxTurns: 1,
  }),
  "a selector": new SelectorGroupChat({
    participants: [writer("A."), critic("B.")],
    model: replayModel({ answers: ["critic"] }),
    maxTurns: 1,
  }),
  "a swarm": new Swarm({ participants: [writer("C.")], termination: new HandoffTermination("user"), maxTurns: 1 }),
  "a graph": graph(),
  "a Magentic-One team": new MagenticOneGroupChat({
    participants: [writer("D.")],
    model: replayModel({ answers: [] }),
  }),
  "a society of mind": new SocietyOfMindAgent({
    name: "society",
    team: new RoundRobinGroupChat({ participants: [writer("E.")], maxTurns: 1 }),
    model: replayModel({ answers: ["F."] }),
  }),
  "an agent as a tool": writer("G.").asTool(),
  "a team as a tool": new RoundRobinGroupChat({ name: "desk", participants: [writer("H.")], maxTurns: 1 }).asTool({
    returns: "all",
  }),
  conditions: new StopMessageTermination().and(new TokenUsageTermination({ total: 9 }).or(new TimeoutTermination(5))),
};

describe("the real AutoGen", () => {
  itWithAutoGen("still writes what the tests have of it", async () => {
    const lines = (await runPython("dump_documents.py")).map(readGolden);
    const written = lines.filter(({ kind }) => kind === "component");
    expect(written.map(({ name, document }) => ({ name, document }))).toEqual(
      goldenDocuments("component").map(({ name, document }) => ({ name, document })),
    );
  });

  itWithAutoGen("loads what we write for it, and writes the same", async () => {
    const given = Object.entries(ours).map(([name, made]) => ({
      name,
      document: registry.dump(made, { dialect: "autogen" }),
    }));
    const loaded = await loadInAutoGen(given);
    expect(loaded.size).toBe(given.length);
    for (const { name, document } of given) {
      const again = registry.dump(registry.load(loaded.get(name)?.document), { dialect: "autogen" });
      // AutoGen fills in what we leave out: names and sentences of handoffs.
      const sent = withoutProse(registry.dump(registry.load(document), { dialect: "autogen" }));
      expect({ [name]: withoutProse(again) }).toMatchObject({ [name]: sent });
    }
  });

  itWithAutoGen("runs what we write for it as we run it", async () => {
    const names = ["a round robin", "a nested team", "a selector", "a swarm", "a graph", "assistant"];
    const given = names.map((name) => ({
      name,
      document: registry.dump(ours[name] ?? {}, { dialect: "autogen" }),
      task: "Go.",
    }));
    const loaded = await loadInAutoGen(given);
    const said = (name: string): unknown => loaded.get(name)?.messages;
    expect(said("assistant")).toEqual([
      ["user", "Go."],
      ["writer", "One."],
    ]);
    expect(said("a round robin")).toEqual([
      ["user", "Go."],
      ["writer", "A draft."],
      ["critic", "APPROVE"],
    ]);
    expect(said("a selector")).toContainEqual(["critic", "B."]);
    expect(said("a swarm")).toContainEqual(["writer", "C."]);
    expect(said("a graph")).toContainEqual(["critic", "Good."]);
    expect(said("a nested team")).toContainEqual(["critic", "Side."]);
  });
});
