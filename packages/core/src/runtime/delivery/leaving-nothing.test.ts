import { type AgentDefinition, defineAgent } from "@troupe/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChaosStore } from "../../../test/support/chaos-store.ts";
import { anything, Ask, counter, createBench, Note, settleRounds, turnUntil } from "../../../test/support/fixtures.ts";

describe("DeadLetterBox, PendingRequests, IdleList, Scheduler, Activity", () => {
  test("D1, D2: never more letters than the limit; one that was sent again is gone", async () => {
    const { runtime } = createBench({ maxDeadLetters: 10 });
    const agent = defineAgent({ type: "later", state: () => ({}), handlers: (on) => [on.event(Note, () => {})] });
    for (let n = 0; n < 50; n++) await runtime.tell(Note(n), agent.id("x"));
    const letters = runtime.deadLetters.list();
    expect(letters.map(({ mail }) => mail.body)).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49]);
    await runtime.register(agent);
    for (const { id } of letters) await runtime.deadLetters.resend(id);
    expect(runtime.deadLetters.list()).toEqual([]);
    await runtime.close();
  });

  test("P1, P2: reply, deadline, abort and close race in any order; each request settles once and leaves nothing", async () => {
    const step = fc.constantFrom("answer", "deadline", "abort", "settle");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), fc.boolean(), async (steps, isSlow) => {
        const { runtime, clock } = createBench(isSlow ? { store: new ChaosStore({ seed: steps.join() }) } : {});
        const answers: (() => void)[] = [];
        const agent = defineAgent({
          type: "gate",
          state: () => ({}),
          cell: () => "cell",
          handlers: (on) => [
            on.request(Ask, (text, context) =>
              context.step("gate", () => new Promise((resolve) => answers.push(() => resolve(text)))),
            ),
          ],
        });
        await runtime.register(agent);
        let settled = 0;
        const controller = new AbortController();
        const sent = runtime.send(Ask("hi"), agent.id("x"), { deadlineMs: 100, signal: controller.signal }).then(
          () => (settled += 1),
          () => (settled += 1),
        );
        for (const action of steps) {
          if (action === "answer") answers.shift()?.();
          else if (action === "deadline") clock.advance(100);
          else if (action === "abort") controller.abort();
          else await settleRounds(3);
        }
        await turnUntil(clock, sent, 50);
        expect(settled).toBe(1);
        expect(runtime.stats().pendingRequests).toBe(0);
        await turnUntil(clock, runtime.close({ graceMs: 0 }), 50);
        expect(runtime.stats().timers).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test("S2, A1: agents that talk to each other for ever let timers run; idle() returns when they stop", async () => {
    const { runtime } = createBench({ maxHops: Number.MAX_SAFE_INTEGER });
    let isOver = false;
    const ping: AgentDefinition<"Note"> = defineAgent({
      type: "ping",
      state: () => ({}),
      handlers: (on) => [
        on.event(Note, (_, context) => {
          if (!isOver) context.tell(Note(1), ping.id(context.id.key === "a" ? "b" : "a"));
        }),
      ],
    });
    await runtime.register(ping);
    await runtime.tell(Note(1), ping.id("a"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    isOver = true;
    await runtime.idle();
    expect(runtime.stats().queuedMessages).toBe(0);
    await runtime.close();
  });

  test("A2, I2: nothing is kept after a hundred thousand sends", async () => {
    const { runtime } = createBench();
    await runtime.register(counter);
    for (let n = 0; n < 100_000; n++) await runtime.send(Ask(1), counter.id("x"));
    await runtime.idle();
    expect(runtime.stats()).toMatchObject({
      activeAgents: 1,
      queuedMessages: 0,
      runningTurns: 0,
      pendingRequests: 0,
      timers: 0,
      deadLetters: 0,
      rememberedMessages: 0,
    });
    expect(await runtime.send(Ask(0), counter.id("x"))).toBe(100_000);
    await runtime.close();
  });

  test("A2: nothing is kept after ten thousand runs whose cells were forgotten", async () => {
    const { runtime } = createBench();
    const session = defineAgent({
      type: "session",
      state: () => ({ n: 0 }),
      lists: { log: anything },
      cell: (key) => `session/${key}`,
      handlers: (on) => [
        on.request(Ask, async (n, context) => {
          context.state.n += 1;
          context.lists.log.append(n);
          context.emit("said", 1);
          return context.step("s", () => n);
        }),
      ],
    });
    await runtime.register(session);
    for (let n = 0; n < 10_000; n++) {
      await runtime.send(Ask(n), session.id(`k${n}`), { run: { runId: `r${n}`, path: [] } });
      await runtime.forgetCell(`session/k${n}`);
    }
    await runtime.idle();
    expect(runtime.stats()).toEqual({
      activeAgents: 0,
      residentCells: 0,
      queuedMessages: 0,
      runningTurns: 0,
      parkedTurns: 0,
      openWaits: 0,
      pendingRequests: 0,
      timers: 0,
      watchers: 0,
      deadLetters: 0,
      rememberedMessages: 0,
    });
    await runtime.close();
  });
});
