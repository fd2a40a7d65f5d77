import { type AgentDefinition, type AgentId, defineAgent } from "@troupe/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Ask, codeFrom, createBench, Next, turnUntil } from "../../../test/support/fixtures.ts";

/** Agents p0..p3 that ask along a path; `shared` ones may be asked while they wait. */
function walkers(isShared: boolean, concurrency = 1): readonly AgentDefinition<"Ask">[] {
  const all: AgentDefinition<"Ask">[] = [];
  for (let n = 0; n < 4; n++)
    all.push(
      defineAgent({
        type: `p${n}`,
        state: () => ({}),
        concurrency,
        handlers: (on) => [
          on.request(
            Ask,
            async (path, context) => {
              const [next, ...rest] = Array.isArray(path) ? (path as number[]) : [];
              const target = next === undefined ? undefined : all[next];
              if (target === undefined) return "end";
              await context.sleep(1);
              return context.send(Ask(rest), target.id("x"));
            },
            { shared: isShared },
          ),
        ],
      }),
    );
  return all;
}

function idOf(agents: readonly AgentDefinition<"Ask">[], index: number | undefined): AgentId<"Ask"> {
  const agent = agents[index ?? 0];
  if (agent === undefined) throw new Error(`there is no agent ${String(index)}`);
  return agent.id("x");
}

describe("the deadlock detector", () => {
  test("L1: crossed requests fail at once, whichever way they run", async () => {
    const { runtime, clock } = createBench();
    const agents = walkers(false);
    for (const agent of agents) await runtime.register(agent);
    const [a, b] = agents;
    if (a === undefined || b === undefined) throw new Error("no agents");
    const ends = [codeFrom(runtime.send(Ask([1]), a.id("x"))), codeFrom(runtime.send(Ask([0]), b.id("x")))];
    const codes = await turnUntil(clock, Promise.all(ends), 1);
    expect(codes).toContain("delivery.deadlock");
    expect(clock.now() - Date.UTC(2026, 0, 1)).toBeLessThan(1_000);
    await runtime.close();
  });

  test("L1: any set of walks ends long before a deadline, parked or not", async () => {
    const walk = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(walk, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.boolean(),
        async (walks, isShared, parks) => {
          const { runtime, clock } = createBench(parks ? { parkAfterMs: 0 } : {});
          const agents = walkers(isShared);
          for (const agent of agents) await runtime.register(agent);
          const ends = walks.map(([first, ...rest]) => codeFrom(runtime.send(Ask(rest), idOf(agents, first))));
          for (const code of await turnUntil(clock, Promise.all(ends), 1))
            expect(["end", "delivery.deadlock"]).toContain(code);
          if (isShared) for (const end of ends) expect(await end).toBe("end");
          expect(clock.now() - Date.UTC(2026, 0, 1)).toBeLessThan(1_000);
          await runtime.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test("L2: shared handlers nest fifty deep; a shared handler that asks its exclusive caller is a deadlock", async () => {
    const { runtime, clock } = createBench();
    const agents = walkers(true);
    for (const agent of agents) await runtime.register(agent);
    const path = Array.from({ length: 50 }, (_, n) => (n + 1) % 2);
    expect(await turnUntil(clock, runtime.send(Ask(path), idOf(agents, 0)), 1)).toBe("end");
    const mixed: AgentDefinition<"Ask" | "Next"> = defineAgent({
      type: "mixed",
      state: () => ({}),
      handlers: (on) => [
        on.request(Ask, (how, context) => context.send(Next(how), (how === "self" ? mixed : other).id("x"))),
        on.request(Next, (how, context) => context.send(Ask("again"), (how === "self" ? mixed : mixed).id("x")), {
          shared: true,
        }),
      ],
    });
    const other: AgentDefinition<"Next"> = defineAgent({
      type: "other",
      state: () => ({}),
      handlers: (on) => [on.request(Next, (_, context) => context.send(Ask("again"), mixed.id("x")), { shared: true })],
    });
    await runtime.register(mixed);
    await runtime.register(other);
    expect(await codeFrom(runtime.send(Ask("self"), mixed.id("x")))).toBe("delivery.deadlock");
    expect(await codeFrom(runtime.send(Ask("other"), mixed.id("x")))).toBe("delivery.deadlock");
    await runtime.close();
  });

  test("L3: an agent with a free or freeing slot is no deadlock; one whose slots all wait is", async () => {
    const { runtime, clock } = createBench();
    const agents = walkers(false, 2);
    for (const agent of agents) await runtime.register(agent);
    const ask = (path: readonly number[]): Promise<unknown> =>
      codeFrom(runtime.send(Ask(path.slice(1)), idOf(agents, path[0])));
    const both = [ask([0, 1, 0]), ask([0])];
    expect(await turnUntil(clock, Promise.all(both), 1)).toEqual(["end", "end"]);
    const full = [ask([0, 1, 0]), ask([0, 1, 0]), ask([0, 1, 0])];
    for (const code of await turnUntil(clock, Promise.all(full), 1))
      expect(["end", "delivery.deadlock"]).toContain(code);
    expect(clock.now() - Date.UTC(2026, 0, 1)).toBeLessThan(1_000);
    await runtime.close();
  });
});
