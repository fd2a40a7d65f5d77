import { InProcessRuntime, MemoryStore } from "@troupe/core";
import { ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, test } from "vitest";
import {
  type AgentReply,
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  MagenticOneGroupChat,
  RoundRobinGroupChat,
  type Runner,
  type RunHandle,
  SelectorGroupChat,
  Swarm,
} from "../src/index.ts";

/** A place where turns wait until the test lets them go on. */
class Gate {
  readonly #waiting: (() => void)[] = [];
  readonly #arrivals: (() => void)[] = [];
  readonly #here: string[] = [];

  async pass(name: string): Promise<void> {
    this.#here.push(name);
    this.#arrivals.shift()?.();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Waits for the next speaker and names it. */
  async next(): Promise<string> {
    if (this.#here.length === 0) await new Promise<void>((resolve) => this.#arrivals.push(resolve));
    return this.#here.shift() ?? "";
  }

  open(): void {
    this.#waiting.shift()?.();
  }
}

class Gated extends BaseChatAgent {
  readonly #gate: Gate;
  readonly #target: string | undefined;

  constructor(name: string, gate: Gate, target?: string) {
    super({ name });
    this.#gate = gate;
    this.#target = target;
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext): AsyncGenerator<never, AgentReply> {
    await context.step("gate", () => this.#gate.pass(this.name), { idempotent: true });
    const text = `${this.name} heard ${messages.length}`;
    return this.reply(this.#target === undefined ? text : { kind: "handoff", target: this.#target, text });
  }
}

const speakers = (messages: readonly ChatMessage[]): readonly string[] =>
  messages.filter((message) => message.source !== "user").map((message) => message.source);

/** Does something while each speaker is at work, and then lets it go on. */
async function drive(gate: Gate, plan: readonly (() => Promise<void> | undefined)[]): Promise<readonly string[]> {
  const seen: string[] = [];
  for (const step of plan) {
    seen.push(await gate.next());
    await step();
    gate.open();
  }
  return seen;
}

const nothing = (): undefined => undefined;

describe("members come and go during a run", () => {
  test("round robin: a speaker that is removed ends its turn; a reserve that joins hears everything", async () => {
    const gate = new Gate();
    const team = new RoundRobinGroupChat({
      name: "team",
      participants: ["a", "b", "c"].map((name) => new Gated(name, gate)),
      reserves: ["c"],
      maxTurns: 4,
    });
    const run = team.run("Go").handle;
    const changes: string[] = [];
    const watching = (async () => {
      for await (const event of run.events())
        if (event.kind === "members-changed")
          changes.push(`${event.isMember ? "+" : "-"}${event.name} ${event.members.join("")}`);
    })();
    const seen = await drive(gate, [() => run.removeParticipant("a"), () => run.addParticipant("c"), nothing, nothing]);
    expect(seen).toEqual(["a", "b", "c", "b"]);
    const { messages } = await run.result();
    await watching;
    expect(messages.map((message) => message.text)).toEqual(["Go", "a heard 1", "b heard 2", "c heard 3", "b heard 1"]);
    expect(changes).toEqual(["-a b", "+c bc"]);
  });

  test("selector: who is removed is no candidate; the last who is left speaks on", async () => {
    const gate = new Gate();
    const team = new SelectorGroupChat({
      name: "team",
      model: new ScriptedModel(() => "a"),
      participants: ["a", "b"].map((name) => new Gated(name, gate)),
      maxTurns: 3,
    });
    const run = team.run("Go").handle;
    expect(await drive(gate, [() => run.removeParticipant("b"), nothing, nothing])).toEqual(["a", "a", "a"]);
    expect(speakers((await run.result()).messages)).toEqual(["a", "a", "a"]);
  });

  test("swarm: a handoff to somebody who has left ends the run", async () => {
    const gate = new Gate();
    const team = new Swarm({ name: "team", participants: [new Gated("a", gate, "b"), new Gated("b", gate)] });
    const run = team.run("Go").handle;
    await drive(gate, [() => run.removeParticipant("b")]);
    expect((await run.result()).stopReason).toMatchObject({
      kind: "no-handoff",
      detail: expect.stringContaining('"b"'),
    });
  });

  test("magentic: an instruction for somebody who has left is judged again", async () => {
    const gate = new Gate();
    const entry = (answer: unknown) => ({ reason: "r", answer });
    const ledger = (done: boolean, next: string): string =>
      JSON.stringify({
        is_request_satisfied: entry(done),
        is_in_loop: entry(false),
        is_progress_being_made: entry(true),
        next_speaker: entry(next),
        instruction_or_question: entry("Go on"),
      });
    const model = new ScriptedModel([
      "facts",
      "plan",
      ledger(false, "a"),
      ledger(false, "b"),
      ledger(true, "b"),
      "end",
    ]);
    const participants = ["a", "b"].map((name) => new Gated(name, gate));
    const team = new MagenticOneGroupChat({ name: "team", model, participants });
    const run = team.run("Go").handle;
    expect(await drive(gate, [() => run.removeParticipant("a"), nothing])).toEqual(["a", "b"]);
    expect((await run.result()).text).toBe("end");
    expect(JSON.stringify(model.requests[3])).not.toContain('"enum":["a","b"]');
  });

  test("a team within is named by its path", async () => {
    const gate = new Gate();
    const inner = new RoundRobinGroupChat({
      name: "inner",
      participants: ["x", "y"].map((name) => new Gated(name, gate)),
      maxTurns: 2,
    });
    const team = new RoundRobinGroupChat({ name: "team", participants: [inner], maxTurns: 1 });
    const run = team.run("Go").handle;
    expect(await drive(gate, [() => run.removeParticipant("y", ["inner"]), nothing])).toEqual(["x", "x"]);
    await run.result();
  });

  test("what cannot be is refused, and what is so already is not said twice", async () => {
    const gate = new Gate();
    const team = new RoundRobinGroupChat({ name: "team", participants: [new Gated("a", gate)], maxTurns: 1 });
    const run = team.run("Go").handle;
    await gate.next();
    await expect(run.removeParticipant("a")).rejects.toMatchObject({ code: "team.last_member" });
    await expect(run.addParticipant("zoe")).rejects.toMatchObject({ code: "team.unknown_speaker" });
    await run.addParticipant("a");
    gate.open();
    await run.result();
    await run.removeParticipant("a");
  });

  test("is remembered by the session and across restarts", async () => {
    const store = new MemoryStore({ isDurable: true });
    const define = (gate: Gate): RoundRobinGroupChat =>
      new RoundRobinGroupChat({
        name: "team",
        participants: ["a", "b", "c"].map((name) => new Gated(name, gate)),
        maxTurns: 2,
      });
    const first = new InProcessRuntime({ store });
    const gate = new Gate();
    const run = define(gate).session("s", { runtime: first }).run("Go").handle;
    await drive(gate, [() => run.removeParticipant("b"), nothing]);
    await run.result();
    await first.close();
    const second = new InProcessRuntime({ store });
    const later = new Gate();
    const again: RunHandle<unknown> = define(later).session("s", { runtime: second }).run("More").handle;
    expect(await drive(later, [nothing, nothing])).toEqual(["a", "c"]);
    await again.result();
    await second.close();
  });
});

describe("what a team above hears", () => {
  test.each([
    ["all", ["x", "y", "z"]],
    ["last", ["y", "z"]],
  ] as const)("shares: %s", async (shares, expected) => {
    const words = (name: string): AssistantAgent =>
      new AssistantAgent({ name, model: new ScriptedModel(() => `${name}!`) });
    const inner = new RoundRobinGroupChat({
      name: "inner",
      participants: [words("x"), words("y")],
      maxTurns: 2,
      shares,
    });
    const model = new ScriptedModel(() => "z!");
    const participants: readonly Runner<unknown>[] = [inner, new AssistantAgent({ name: "z", model })];
    const team = new RoundRobinGroupChat({ name: "team", participants, maxTurns: 2 });
    const { messages } = await team.run("Go");
    const heard = model.requests[0]?.messages
      .filter((message) => message.role === "user")
      .map((message) => message.name);
    expect(heard).toEqual(["user", ...expected.slice(0, -1)]);
    expect(speakers(messages)).toEqual(["x", "y", "z"]);
  });
});
