import { describe, expect, test } from "vitest";
import {
  type AgentReply,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  MaxMessageTermination,
  RoundRobinGroupChat,
  Swarm,
  type SwarmOptions,
} from "../src/index.ts";

/** Hands off to the names of its script, one each turn; answers in words when it is `null` or used up. */
class Scripted extends BaseChatAgent<{ turns: number }> {
  readonly #targets: readonly (string | null)[];

  constructor(name: string, ...targets: readonly (string | null)[]) {
    super({ name, state: () => ({ turns: 0 }) });
    this.#targets = targets;
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(
    _messages: readonly ChatMessage[],
    context: ChatAgentContext<{ turns: number }>,
  ): AsyncGenerator<never, AgentReply> {
    const target = this.#targets[context.state.turns] ?? null;
    context.state.turns += 1;
    return this.reply(target === null ? "done" : { kind: "handoff", target, text: `over to ${target}` });
  }
}

const createSwarm = (participants: SwarmOptions["participants"], options: Partial<SwarmOptions> = {}): Swarm =>
  new Swarm({ name: "desk", participants, ...options });

const sources = (messages: readonly ChatMessage[]): readonly string[] =>
  messages.map((message) => message.source).filter((source) => source !== "user");

describe("SW1: a swarm", () => {
  test("starts with the first and follows handoffs, until somebody answers without one", async () => {
    const swarm = createSwarm([new Scripted("a", "b"), new Scripted("b", "c"), new Scripted("c", "a")]);
    const result = await swarm.run("Go");
    expect(sources(result.messages)).toEqual(["a", "b", "c", "a"]);
    expect(result.stopReason).toMatchObject({ kind: "no-handoff", detail: '"a" answered without handing off' });
  });

  test("goes on with the same speaker when it is told to continue", async () => {
    const swarm = createSwarm([new Scripted("a", null, "b"), new Scripted("b")], {
      whenNoHandoff: "continue",
      maxTurns: 4,
    });
    expect(sources((await swarm.run("Go")).messages)).toEqual(["a", "a", "b", "b"]);
  });

  test("ends at a handoff to a person, and the next run goes on with the one who handed off", async () => {
    const swarm = createSwarm([new Scripted("triage", "refunds"), new Scripted("refunds", "user", null)]);
    const session = swarm.session("ada");
    const first = await session.run("Refund me");
    expect(first.stopReason).toMatchObject({ kind: "no-handoff", detail: expect.stringContaining('"user"') });
    expect(sources((await session.run("Order 7")).messages)).toEqual(["refunds"]);
    await swarm.close();
  });

  test("goes where a handoff in the task says; a stranger there fails the run, and the session still works", async () => {
    const swarm = createSwarm([new Scripted("a"), new Scripted("b")]);
    const session = swarm.session("s");
    const task = [{ kind: "handoff", target: "b", text: "yours" } as const];
    expect(sources((await session.run(task)).messages)).toEqual(["b"]);
    const bad = [{ kind: "handoff", target: "zoe", text: "?" } as const, ...task];
    await expect(session.run(bad)).rejects.toMatchObject({ cause: { code: "team.unknown_speaker" } });
    expect(sources((await session.run("And now?")).messages)).toEqual(["b"]);
    await swarm.close();
  });

  test("keeps the speaker across runs without a task", async () => {
    const swarm = createSwarm([new Scripted("a", "b"), new Scripted("b", "a"), new Scripted("c")], { maxTurns: 1 });
    const session = swarm.session("s");
    expect(sources((await session.run("Go")).messages)).toEqual(["a"]);
    expect(sources((await session.run()).messages)).toEqual(["b"]);
    await swarm.close();
  });

  test("says who was handed the conversation", async () => {
    const swarm = createSwarm([new Scripted("a", "b"), new Scripted("b")]);
    const selected: string[] = [];
    for await (const event of swarm.run("Go"))
      if (event.kind === "speaker-selected") selected.push(`${event.by} ${event.speakers.join()}`);
    expect(selected).toEqual(["handoff b"]);
  });

  test("takes teams as members: what they hand off counts", async () => {
    const inner = new RoundRobinGroupChat({
      name: "inner",
      participants: [new Scripted("x"), new Scripted("y", "b")],
      termination: new MaxMessageTermination(3),
    });
    const swarm = createSwarm([inner, new Scripted("b")]);
    expect(sources((await swarm.run("Go")).messages)).toEqual(["x", "y", "b"]);
  });
});
