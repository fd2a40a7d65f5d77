import {
  AssistantAgent,
  type Budget,
  type DurableRunEvent,
  MaxMessageTermination,
  type Run,
  RoundRobinGroupChat,
  UserProxyAgent,
} from "@troupe/agentchat";
import { InProcessRuntime, MemoryStore } from "@troupe/core";
import { ManualClock } from "@troupe/core/testing";
import { jsonSchema, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { Machine, type Process } from "./support/processes.ts";

/** When a process dies: with one of its writes, or while one of its calls is made. */
type Death = { readonly afterWrites: number } | { readonly atModelCall: number } | { readonly atToolCall: number };

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function createDurable(store: MemoryStore): InProcessRuntime {
  return new InProcessRuntime({ store, logger: quiet });
}

/** What the outside world saw: it does not die with a process. */
class World {
  modelCalls = 0;
  toolCalls = 0;
  /** Called with each call, and with its number in its process. */
  onModelCall: () => void = () => {};
  onToolCall: () => void = () => {};
}

interface TeamOptions {
  /** Calls in each of the model's answers. */
  readonly width: number;
  /** Answers with calls before the model answers in words. */
  readonly rounds: number;
  /** Messages after which the team has finished. */
  readonly messages: number;
}

function createTeam(world: World, { width, rounds, messages }: TeamOptions): RoundRobinGroupChat {
  const model = new ScriptedModel((request) => {
    world.modelCalls += 1;
    world.onModelCall();
    const done = request.messages.filter((message) => message.role === "tool").length;
    const call = { name: "look", arguments: {} };
    return done < rounds ? reply.toolCalls(Array.from({ length: width }, () => call)) : reply.text("done");
  });
  const look = tool({
    name: "look",
    description: "Looks",
    input: jsonSchema<object>({ type: "object" }),
    idempotent: true,
    execute: () => {
      world.toolCalls += 1;
      world.onToolCall();
      return "seen";
    },
  });
  const agent = new AssistantAgent({ name: "a", model, tools: [look], maxToolIterations: 100 });
  return new RoundRobinGroupChat({
    name: "team",
    participants: [agent],
    termination: new MaxMessageTermination(messages),
    loops: "off",
  });
}

function plan(world: World, process: Process, death: Death): void {
  let calls = 0;
  const countDown = (at: number) => () => {
    calls += 1;
    if (calls === at) process.kill();
  };
  world.onModelCall = "atModelCall" in death ? countDown(death.atModelCall) : () => {};
  world.onToolCall = "atToolCall" in death ? countDown(death.atToolCall) : () => {};
  if ("afterWrites" in death) process.kill(death.afterWrites);
}

async function durableEvents(run: Run<unknown>): Promise<readonly DurableRunEvent[]> {
  const events: DurableRunEvent[] = [];
  for await (const event of run.events()) if (!event.isLive) events.push(event);
  return events;
}

/** Runs the same task in one process after the other; each dies as planned, the last one finishes. */
async function runThrough(
  deaths: readonly Death[],
  options: TeamOptions & { readonly budget: Partial<Budget> },
): Promise<{
  readonly result: Awaited<ReturnType<typeof start>>;
  readonly events: readonly DurableRunEvent[];
  readonly world: World;
  readonly died: number;
}> {
  await using machine = new Machine();
  const world = new World();
  let died = 0;
  for (const death of deaths) {
    const process = machine.start();
    plan(world, process, death);
    start(world, process, options)
      .handle.result()
      .catch(() => {});
    if (await process.settled()) died += 1;
  }
  const last = machine.start();
  plan(world, last, { afterWrites: Number.POSITIVE_INFINITY });
  const run = start(world, last, options);
  const [result, events] = await Promise.all([run.handle.result(), durableEvents(run)]);
  return { result, events, world, died };
}

function start(world: World, process: Process, options: TeamOptions & { readonly budget: Partial<Budget> }) {
  return createTeam(world, options).run("go", { runtime: process.runtime, runId: "r", budget: options.budget });
}

const upTo = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n + 1));
const deaths: readonly Death[] = [
  ...upTo(16, (afterWrites) => ({ afterWrites })),
  ...upTo(4, (atModelCall) => ({ atModelCall })),
  ...upTo(9, (atToolCall) => ({ atToolCall })),
];

describe("a budget across crashes", () => {
  it("counts what was spent before, and books an answer that was lost at its reservation, marked as an estimate", async () => {
    let lost = 0;
    for (const death of deaths) {
      const budget = { tokens: 100_000 };
      const { result, events, world } = await runThrough([death], { width: 1, rounds: 3, messages: 3, budget });
      const called = events.filter((event) => event.kind === "model-called");
      const estimated = called.filter((event) => event.isEstimated === true);
      expect(result.text).toBe("done");
      expect(result.usage.total.calls).toBe(called.length);
      expect(called.length - estimated.length).toBe(5);
      expect(world.modelCalls).toBeLessThanOrEqual(called.length);
      expect(result.usage.total.inputTokens).toBe(called.reduce((sum, { usage }) => sum + usage.inputTokens, 0));
      for (const { usage } of estimated) expect(usage).toMatchObject({ outputTokens: 4_096, estimated: true });
      lost += estimated.length;
    }
    expect(lost).toBeGreaterThan(5);
  });

  it("lets no model call begin above the limit because a process died", async () => {
    const ends = new Set<string>();
    let died = 0;
    // Calls within one turn, which a replay shows again, and calls of turns that are over.
    for (const shape of [
      { width: 1, rounds: 50, messages: 3 },
      { width: 0, rounds: 0, messages: 50 },
    ]) {
      for (const first of deaths) {
        for (const second of [{ afterWrites: 3 }, { atModelCall: 1 }]) {
          const through = await runThrough([first, second], { ...shape, budget: { modelCalls: 6 } });
          expect(through.world.modelCalls).toBeLessThanOrEqual(6);
          expect(through.result.stopReason.kind).toBe("budget");
          ends.add(through.result.stopReason.detail);
          died += through.died;
        }
      }
    }
    expect([...ends]).toEqual(["The budget is spent: modelCalls is limited to 6"]);
    expect(died).toBeGreaterThan(60);
  });

  it("holds for tool calls of one answer that were under way side by side", async () => {
    const seen = new Set<number>();
    for (const death of deaths) {
      const { result, world } = await runThrough([death], {
        width: 4,
        rounds: 50,
        messages: 3,
        budget: { toolCalls: 10 },
      });
      expect(world.toolCalls).toBeLessThanOrEqual(10);
      expect(result.stopReason.kind).toBe("budget");
      seen.add(world.toolCalls);
    }
    expect(seen.has(10)).toBe(true);
  });

  it("counts turns that were taken before", async () => {
    for (const death of deaths) {
      const { result } = await runThrough([death], { width: 0, rounds: 0, messages: 50, budget: { turns: 4 } });
      expect(result.stopReason).toMatchObject({
        kind: "budget",
        detail: "The budget is spent: turns is limited to 4",
      });
      expect(result.messages).toHaveLength(5);
    }
  });

  it("goes on counting the time in which something ran", async () => {
    await using machine = new Machine();
    const clock = new ManualClock();
    let calls = 0;
    const create = () => {
      const model = new ScriptedModel(() => {
        calls += 1;
        clock.advance(40);
        return "word";
      });
      return new RoundRobinGroupChat({ name: "team", participants: [new AssistantAgent({ name: "a", model })] });
    };
    const task = { runId: "r", budget: { wallTimeMs: 100 } };
    const first = machine.start({ clock });
    let answers = 0;
    for await (const event of create()
      .run("go", { runtime: first.runtime, ...task })
      .events()) {
      if (event.kind === "message" && event.path.length > 0) answers += 1;
      if (answers === 2) break;
    }
    const begun = calls;
    first.kill();
    clock.advance(1_000_000);
    const result = await create().run("go", { runtime: machine.start({ clock }).runtime, ...task });
    expect(result.stopReason).toMatchObject({
      kind: "budget",
      detail: expect.stringContaining("wallTimeMs") as string,
    });
    expect(calls - begun).toBeLessThanOrEqual(1);
  });

  it("counts what another process has spent meanwhile when a run comes back to the one that had lost it", async () => {
    const store = new MemoryStore({ isDurable: true });
    let calls = 0;
    const create = () => {
      const model = new ScriptedModel(() => {
        calls += 1;
        return "word";
      });
      return new RoundRobinGroupChat({
        name: "team",
        participants: [new AssistantAgent({ name: "a", model }), new UserProxyAgent({ name: "person" })],
      });
    };
    const workers = [createDurable(store), createDurable(store)].map((runtime) => ({ runtime, team: create() }));
    const [left, right] = workers;
    if (left === undefined || right === undefined) throw new Error("two workers");
    let rest = await left.team.run("go", { runtime: left.runtime, runId: "r", budget: { modelCalls: 3 } });
    for (const [loser, { runtime, team }] of [
      [left, right],
      [right, left],
      [left, right],
      [right, left],
    ] as const) {
      if (rest.stopReason.kind !== "input-required") break;
      const run = team.attach("r", { runtime });
      await run.handle.result();
      // A store with leases would tell the loser; with this one it finds out when it writes.
      await loser.runtime.control("team/r", "r", { kind: "pause" }).catch(() => {});
      await run.respond(rest.questions[0]?.id ?? "", "go on");
      rest = await run;
    }
    expect(rest.stopReason.kind).toBe("budget");
    expect(calls).toBe(3);
    await Promise.all(workers.map(({ runtime }) => runtime.close()));
    expect(workers.map(({ runtime }) => runtime.stats().watchers)).toEqual([0, 0]);
  });
});
