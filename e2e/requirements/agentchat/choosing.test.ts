import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  HandoffTermination,
  SelectorGroupChat,
  type SelectorGroupChatOptions,
  Swarm,
} from "@troupe/agentchat";
import { bufferedContext } from "@troupe/llm";
import { reply, type Script, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { verifies } from "../agentchat.ts";
import { Echo, errorOf, eventsOf, simpleTool } from "./fixtures.ts";

interface Parts extends Partial<SelectorGroupChatOptions> {
  readonly names?: readonly string[];
}

function createSelector(answers: Script, { names = ["a", "b", "c"], ...options }: Parts = {}) {
  const model = new ScriptedModel(answers);
  const participants = names.map((name) => new Echo(name));
  return { model, team: new SelectorGroupChat({ name: "panel", model, participants, maxTurns: 3, ...options }) };
}

async function causeOf(run: PromiseLike<unknown>): Promise<unknown> {
  const error = await errorOf(run);
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
}

const sources = (messages: readonly ChatMessage[]): readonly string[] =>
  messages.map((message) => message.source).filter((source) => source !== "user");

verifies("chat-93", "speakers follow the model's answers", async () => {
  const { team, model } = createSelector(["c", "a", "b"]);
  expect(sources((await team.run("x")).messages)).toEqual(["c", "a", "b"]);
  expect(model.requests).toHaveLength(3);
  const two = createSelector(["b"], { names: ["a", "b"], maxTurns: 4 });
  expect(sources((await two.team.run("x")).messages)).toEqual(["b", "a", "b", "a"]);
  expect(two.model.requests).toHaveLength(1);
});

verifies("chat-94", "repeats, when they are allowed", async () => {
  const { team } = createSelector(["b", "b", "a"], { allowRepeatedSpeaker: true });
  expect(sources((await team.run("x")).messages)).toEqual(["b", "b", "a"]);
});

verifies("chat-95", "two names are asked about again", async () => {
  const { team, model } = createSelector(["a or b", "b"], { maxTurns: 1 });
  expect(sources((await team.run("x")).messages)).toEqual(["b"]);
  expect(model.requests).toHaveLength(2);
});

verifies("chat-96", "three bad answers on the first turn", async () => {
  const { team, model } = createSelector(["?", "?", "?"], { maxTurns: 1 });
  expect(sources((await team.run("x")).messages)).toEqual(["a"]);
  expect(model.requests).toHaveLength(3);
});

verifies("chat-97", "always the previous speaker", async () => {
  const { team } = createSelector(() => "b", { maxTurns: 2 });
  const events = await eventsOf(team.run("x"));
  expect(events.filter((event) => event.kind === "selection-failed")).toHaveLength(1);
  expect(events.flatMap((event) => (event.kind === "speaker-selected" ? event.speakers : []))).toEqual(["b", "c"]);
});

verifies("chat-98", "a selector function", async () => {
  const chosen = createSelector(["c"], {
    selectorFunction: (thread) => (thread.length === 1 ? "b" : null),
    maxTurns: 2,
  });
  expect(sources((await chosen.team.run("x")).messages)).toEqual(["b", "c"]);
  const { team } = createSelector([], { selectorFunction: () => "nobody" });
  expect(await causeOf(team.run("x"))).toBe("team.unknown_speaker");
});

verifies("chat-99", "a candidate function", async () => {
  const one = createSelector([], { candidateFunction: () => ["c"], maxTurns: 1 });
  expect(sources((await one.team.run("x")).messages)).toEqual(["c"]);
  const { team } = createSelector([], { candidateFunction: () => [] });
  expect(await causeOf(team.run("x"))).toBe("team.no_candidates");
});

verifies("chat-100", "a context limits the transcript", async () => {
  const { team, model } = createSelector(["a", "b"], { modelContext: bufferedContext({ size: 1 }), maxTurns: 2 });
  await team.run("the task");
  const asked = JSON.stringify(model.requests[1]?.messages);
  expect(asked).toContain("a: a1(the task)");
  expect(asked).not.toContain("user: the task");
});

verifies("chat-101", "streaming and team events", async () => {
  const { team } = createSelector(["b"], { stream: true, emitTeamEvents: true, maxTurns: 1 });
  const events = await eventsOf(team.run("x"));
  const kinds = events.map((event) => event.kind).filter((kind) => !["turn-started", "model-started"].includes(kind));
  expect(kinds).toEqual(
    expect.arrayContaining(["text-delta", "model-called", "speaker-selected", "message", "run-finished"]),
  );
  const pieces = events.flatMap((event) => (event.kind === "text-delta" ? event.delta : [])).join("");
  expect(pieces).toBe("b");
  const selected = kinds.indexOf("speaker-selected");
  expect(kinds.indexOf("text-delta")).toBeLessThan(selected);
  expect(kinds.lastIndexOf("message")).toBeGreaterThan(selected);
});

verifies("chat-102", "at least two, and the previous speaker survives", async () => {
  expect(() => createSelector([], { names: ["a"] })).toThrow(/nobody to choose from/);
  const first = createSelector(["b"], { names: ["a", "b"], maxTurns: 1 });
  const session = first.team.session("s");
  await session.run("x");
  const saved = await session.snapshot();
  const second = createSelector([], { names: ["a", "b"], maxTurns: 1 });
  const restored = second.team.session("s");
  await restored.restore(saved);
  expect(sources((await restored.run()).messages)).toEqual(["a"]);
  expect(second.model.requests).toHaveLength(0);
});

verifies("chat-146", "answers outside the candidates", async () => {
  const candidates = createSelector(["a", "b"], { candidateFunction: () => ["b", "c"], maxTurns: 1 });
  expect(sources((await candidates.team.run("x")).messages)).toEqual(["b"]);
  const { team } = createSelector(() => "a", { maxTurns: 20 });
  const events = await eventsOf(team.run("x"));
  const said = events.flatMap((event) => (event.kind === "speaker-selected" ? event.speakers : []));
  expect(said.filter((name, index) => name === said[index - 1])).toEqual([]);
  expect(events.some((event) => event.kind === "selection-failed")).toBe(true);
});

/** Hands off to a fixed target, or says that it is done. */
class Hander extends BaseChatAgent<{ turns: number }> {
  readonly #target: string | undefined;

  constructor(name: string, target?: string) {
    super({ name, state: () => ({ turns: 0 }) });
    this.#target = target;
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(_messages: readonly ChatMessage[], context: ChatAgentContext<{ turns: number }>) {
    context.state.turns += 1;
    const target = this.#target;
    return this.reply(
      target === undefined ? `${this.name} is done` : { kind: "handoff", target, text: `to ${target}` },
    );
  }
}

const chain = (options: { readonly maxTurns?: number; readonly last?: string } = {}): Swarm =>
  new Swarm({
    name: "swarm",
    participants: [new Hander("a", "b"), new Hander("b", "c"), new Hander("c", options.last)],
    maxTurns: options.maxTurns,
  });

verifies("chat-103", "handoffs drive the order", async () => {
  const result = await chain().run("x");
  expect(sources(result.messages)).toEqual(["a", "b", "c"]);
  expect(result.stopReason.kind).toBe("no-handoff");
  const going = new Swarm({
    name: "swarm",
    participants: [new Hander("a", "b"), new Hander("b")],
    whenNoHandoff: "continue",
    maxTurns: 4,
  });
  expect(sources((await going.run("x")).messages)).toEqual(["a", "b", "b", "b"]);
});

verifies("chat-104", "the position is kept, also when it is saved and restored", async () => {
  await using swarm = chain({ maxTurns: 1 });
  const session = swarm.session("s");
  expect(sources((await session.run("x")).messages)).toEqual(["a"]);
  const saved = await session.snapshot();
  expect(sources((await session.run()).messages)).toEqual(["b"]);
  await using other = chain({ maxTurns: 1 });
  const restored = other.session("s");
  await restored.restore(saved);
  expect(sources((await restored.run("y")).messages)).toEqual(["b"]);
});

verifies("chat-105", "stopped by a handoff to a participant", async () => {
  await using swarm = new Swarm({
    name: "swarm",
    participants: [new Hander("a", "b"), new Hander("b")],
    termination: new HandoffTermination("b"),
  });
  const session = swarm.session("s");
  const first = await session.run("x");
  expect(first.stopReason.kind).toBe("condition");
  expect(sources((await session.run()).messages)).toEqual(["b"]);
});

verifies("chat-106", "stopped by a handoff to an outsider", async () => {
  await using swarm = new Swarm({
    name: "swarm",
    participants: [new Hander("a", "user"), new Hander("b")],
    termination: new HandoffTermination("user"),
  });
  const session = swarm.session("s");
  expect((await session.run("x")).stopReason.kind).toBe("condition");
  expect(sources((await session.run("an answer")).messages)).toEqual(["a"]);
  const handed = await session.run({ kind: "handoff", target: "b", text: "please" });
  expect(sources(handed.messages)).toEqual(["b"]);
});

verifies("chat-107", "tools beside a handoff", async () => {
  const second = new ScriptedModel(["thank you"]);
  const swarm = new Swarm({
    name: "swarm",
    participants: [
      new AssistantAgent({
        name: "a",
        model: new ScriptedModel([reply.toolCalls([{ name: "look", arguments: {} }, { name: "transfer_to_b" }])]),
        tools: [simpleTool("look", () => "seen")],
        handoffs: ["b"],
      }),
      new AssistantAgent({ name: "b", model: second }),
    ],
  });
  await swarm.run("the task");
  const roles = second.requests[0]?.messages.map((message) => message.role).filter((role) => role !== "system");
  expect(roles).toEqual(["user", "assistant", "tool", "user"]);
  const seen = JSON.stringify(second.requests[0]?.messages);
  for (const part of ["the task", "look", "seen"]) expect(seen).toContain(part);
});

verifies("chat-108", "whoever takes part", async () => {
  const inner = new Swarm({ name: "inner", participants: [new Hander("x", "y"), new Hander("y", "b")] });
  const swarm = new Swarm({ name: "swarm", participants: [inner, new Hander("b")] });
  expect(sources((await swarm.run("x")).messages)).toEqual(["x", "y", "b"]);
  const alone = await new Swarm({ name: "alone", participants: [new Hander("a")] }).run("x");
  expect(alone.stopReason.kind).toBe("no-handoff");
});
