import {
  AssistantAgent,
  DiGraphBuilder,
  GraphFlow,
  RoundRobinGroupChat,
  type Runner,
  SelectorGroupChat,
  type Session,
  Swarm,
} from "@troupe/agentchat";
import { TeamError } from "@troupe/core";
import { ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { itWithAutoGen, runPython } from "./autogen-python.ts";
import { goldenDocument, isRecord, readGolden } from "./golden-documents.ts";
import { add } from "./lenient-registry.ts";

/** An agent whose model says what it saw. */
function agent(
  name: string,
  model = new ScriptedModel(({ messages }) => `${name} saw ${messages.length}`),
  handoffs: readonly string[] = [],
) {
  return { model, agent: new AssistantAgent({ name, model, tools: [add], systemMessage: null, handoffs }) };
}

function desk(): { readonly team: RoundRobinGroupChat; readonly models: Readonly<Record<string, ScriptedModel>> } {
  const [writer, critic] = [agent("writer"), agent("critic")];
  const team = new RoundRobinGroupChat({ name: "desk", participants: [writer.agent, critic.agent], maxTurns: 1 });
  return { team, models: { writer: writer.model, critic: critic.model } };
}

async function restored<Output>(team: Runner<Output>, name: string): Promise<Session<Output>> {
  const session = team.session("s");
  await session.restore(goldenDocument("state", name));
  return session;
}

/** What a model was last shown, in short. */
function shown(model: ScriptedModel | undefined): readonly string[] {
  return (model?.requests.at(-1)?.messages ?? []).map((message) =>
    message.role === "system"
      ? "system"
      : `${message.role}: ${message.content.map((part) => ("text" in part ? part.text : part.kind)).join("|")}`,
  );
}

describe("a state that AutoGen saved", () => {
  it.each([
    ["round-robin-1", "critic", ["user: Write a line about tea.", "user: A draft.", "user: On."]],
    [
      "round-robin-2",
      "writer",
      ["user: Write a line about tea.", "assistant: A draft.", "user: Shorter.", "user: On."],
    ],
  ] as const)("goes on with the right speaker, who hears what it had not: %s", async (...[name, speaker, saw]) => {
    const { team, models } = desk();
    const session = await restored(team, name);
    const before = await session.messages();
    expect(before.map(({ source, text }) => `${source}: ${text}`).slice(0, 2)).toEqual([
      "user: Write a line about tea.",
      "writer: A draft.",
    ]);
    const result = await session.run("On.");
    expect(result.messages.map(({ source }) => source)).toEqual(["user", speaker]);
    expect(shown(models[speaker])).toEqual(saw);
    await team.close();
  });

  it("goes on without a task, with what is waiting alone", async () => {
    const { team, models } = desk();
    const session = await restored(team, "round-robin-1");
    await session.run();
    expect(shown(models["critic"])).toEqual(["user: Write a line about tea.", "user: A draft."]);
    await team.close();
  });

  it("keeps calls with their results, and thoughts", async () => {
    const { team, models } = desk();
    const session = await restored(team, "tools");
    await session.run("And?");
    await session.run("And now?");
    expect(shown(models["writer"])).toEqual([
      "user: What is 2 + 3?",
      "assistant: I add.|tool-call",
      "tool: tool-result",
      "assistant: It is 5.",
      "user: And?",
      "user: critic saw 3",
      "user: And now?",
    ]);
    await team.close();
  });

  it("restores teams within teams, each with its own thread and its own next speaker", async () => {
    const [writer, critic, editor] = [agent("writer"), agent("critic"), agent("editor")];
    const inner = new RoundRobinGroupChat({ name: "inner", participants: [writer.agent, critic.agent], maxTurns: 1 });
    const outer = new RoundRobinGroupChat({ name: "outer", participants: [inner, editor.agent], maxTurns: 2 });
    const session = await restored(outer, "nested");
    const result = await session.run("On.");
    expect(result.messages.map(({ source }) => source)).toEqual(["user", "editor", "writer"]);
    expect(shown(editor.model)).toEqual(["user: Go.", "user: E.", "user: F.", "user: On."]);
    expect(shown(writer.model)).toEqual(["user: Go.", "assistant: E.", "user: F.", "user: On.", "user: editor saw 4"]);
    await outer.close();
  });

  it("lets a selector know who spoke last", async () => {
    const [writer, critic] = [agent("writer"), agent("critic")];
    const team = new SelectorGroupChat({
      name: "desk",
      participants: [writer.agent, critic.agent],
      model: new ScriptedModel([]),
      maxTurns: 1,
    });
    // Two take part and nobody may repeat: there is one choice, and no model is asked.
    const result = await (await restored(team, "selector")).run("On.");
    expect(result.messages.map(({ source }) => source)).toEqual(["user", "writer"]);
    expect(shown(writer.model)).toEqual(["user: Pick one.", "user: K.", "user: On."]);
    await team.close();
  });

  it("lets a swarm go on with whom it was", async () => {
    const [clerk, writer] = [agent("clerk"), agent("writer")];
    const team = new Swarm({ name: "desk", participants: [writer.agent, clerk.agent], maxTurns: 1 });
    const result = await (await restored(team, "swarm")).run("On.");
    expect(result.messages.map(({ source }) => source)).toEqual(["user", "clerk"]);
    await team.close();
  });

  it("lets a graph that was over start anew", async () => {
    const [writer, critic, editor] = [agent("writer", new ScriptedModel(["check"])), agent("critic"), agent("editor")];
    const builder = new DiGraphBuilder()
      .addNode(writer.agent)
      .addNode(critic.agent)
      .addNode(editor.agent, { activation: "any" });
    builder.addEdge(writer.agent, critic.agent, { condition: "check" });
    builder.addEdge(writer.agent, editor.agent, { condition: "skip" }).addEdge(critic.agent, editor.agent);
    const team = new GraphFlow({ name: "flow", participants: builder.getParticipants(), graph: builder.build() });
    const result = await (await restored(team, "graph")).run("On.");
    expect(result.messages.map(({ source }) => source)).toEqual(["user", "writer", "critic", "editor"]);
    expect(shown(editor.model)).toEqual(["user: Draw.", "user: D.", "user: On.", "user: check", "user: critic saw 4"]);
    await team.close();
  });

  it("of one agent goes on as that agent", async () => {
    const { agent: writer, model } = agent("writer");
    const session = writer.session("s");
    await session.restore({
      type: "AssistantAgentState",
      version: "1.0.0",
      llm_context: {
        messages: [
          { type: "UserMessage", source: "user", content: "Add 2 and 3" },
          { type: "AssistantMessage", source: "calc", thought: null, content: "5" },
        ],
      },
    });
    await session.run("And 4?");
    expect(shown(model)).toEqual(["user: Add 2 and 3", "assistant: 5", "user: And 4?"]);
    await writer.close();
  });
});

describe("a state that does not fit", () => {
  const state = goldenDocument("state", "round-robin-1");
  const selectorState = goldenDocument("state", "selector");
  const text = JSON.stringify(state);
  it.each([
    ["another team's participants", text.replaceAll('"critic"', '"judge"'), "agent_states"],
    [
      "a message type of an application",
      text.replace('"type":"TextMessage"', '"type":"MyMessage"'),
      "agent_states.critic.message_buffer[0].type",
    ],
    [
      "a manager that is not known",
      text.replace("RoundRobinManagerState", "MyManagerState"),
      "agent_states.RoundRobinGroupChatManager.type",
    ],
    [
      "a state of an agent of one's own",
      text.replace("AssistantAgentState", "MyAgentState"),
      "agent_states.writer.agent_state.type",
    ],
    [
      "a place that is no number",
      text.replace('"next_speaker_index":1', '"next_speaker_index":"x"'),
      "agent_states.RoundRobinGroupChatManager.next_speaker_index",
    ],
    ["a state of another kind of team", JSON.stringify(selectorState), "agent_states.SelectorGroupChatManager"],
    [
      "data without end",
      text.replace(
        /"content":"A draft.","type":"TextMessage"/g,
        `"content":${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)},"type":"StructuredMessage[X]"`,
      ),
      "agent_states.RoundRobinGroupChatManager.message_thread[1].content",
    ],
    [
      "a message without end",
      text.replaceAll('"metadata":{}', `"metadata":${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`),
      "agent_states.RoundRobinGroupChatManager.message_thread[0].metadata.a",
    ],
  ])("is refused with its place, and the session is as it was: %s", async (...[, changed, path]) => {
    const { team } = desk();
    const session = team.session("s");
    await session.run("First.");
    const document: unknown = JSON.parse(changed);
    const error = await session.restore(isRecord(document) ? document : {}).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TeamError);
    expect(error).toMatchObject({ code: "run.invalid_snapshot", details: { path } });
    expect((await session.messages())[0]?.text).toBe("First.");
    await team.close();
  });
});

itWithAutoGen("a state that the real AutoGen saves now goes on with the right speaker", async () => {
  const states = (await runPython("dump_documents.py")).map(readGolden).filter(({ kind }) => kind === "state");
  for (const [name, speaker] of [
    ["round-robin-1", "critic"],
    ["round-robin-2", "writer"],
  ] as const) {
    const { team } = desk();
    const session = team.session(name);
    await session.restore(states.find((state) => state.name === name)?.document ?? {});
    const result = await session.run("On.");
    expect(result.messages.map(({ source }) => source)).toEqual(["user", speaker]);
    await team.close();
  }
});
