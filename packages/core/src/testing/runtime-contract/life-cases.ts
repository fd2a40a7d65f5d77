import { defineAgent } from "../../agent/index.ts";
import { type AgentId, agentId, topicId } from "../../identity/index.ts";
import type { AgentRuntime } from "../../runtime/agent-runtime.ts";
import { expectCode, expectEqual, expectThat, settle } from "../expectation.ts";
import { type RuntimeCase, runtimeCase } from "./environment.ts";
import { account, Ask, Deposit, GetBalance, Note, Stage, stagedWorker } from "./fixtures.ts";

const quietStats = {
  activeAgents: 0,
  queuedMessages: 0,
  runningTurns: 0,
  parkedTurns: 0,
  openWaits: 0,
  pendingRequests: 0,
  timers: 0,
  watchers: 0,
};

function restOf(runtime: AgentRuntime): Partial<Record<string, number>> {
  const { activeAgents, queuedMessages, runningTurns, parkedTurns, openWaits, pendingRequests, timers, watchers } =
    runtime.stats();
  return { activeAgents, queuedMessages, runningTurns, parkedTurns, openWaits, pendingRequests, timers, watchers };
}

const closeCases: readonly RuntimeCase[] = [
  runtimeCase("C19", "idle waits for cascades", async (runtime) => {
    let calls = 0;
    const relay = defineAgent({
      type: "relay",
      state: () => ({}),
      handlers: (on) => [
        on.event(Note, (text, context) => {
          calls += 1;
          const left = Number(text);
          for (let index = 0; index < 3 && left > 0; index++)
            context.tell(Note(String(left - 1)), agentId("relay", String(index)));
        }),
      ],
    });
    await runtime.register(relay);
    await runtime.tell(Note("6"), relay.id("0"));
    await runtime.idle();
    expectEqual(calls, (3 ** 7 - 1) / 2, "handled messages");
    await runtime.idle();
  }),
  runtimeCase(
    "C19",
    "close settles every caller, queued and in flight, refuses new work and is safe twice",
    async (runtime, { advance }) => {
      const stage = new Stage();
      const agent = stagedWorker(stage);
      await runtime.register(agent);
      const callers = ["one", "two", "three"].map((text) => settle(() => runtime.send(Ask(text), agent.id("x"))));
      await stage.reached("one");
      const closing = Promise.all([runtime.close({ graceMs: 50 }), runtime.close()]);
      for (const [index, caller] of callers.entries()) {
        await expectCode("delivery.runtime_closed", `caller ${index}`, async () => {
          const outcome = await caller;
          if (outcome.status === "rejected") throw outcome.error;
        });
      }
      await advance(60);
      await closing;
      await expectCode("delivery.runtime_closed", "send after close", () => runtime.send(Ask("late"), agent.id("x")));
      await expectCode("delivery.runtime_closed", "tell after close", () => runtime.tell(Note("late"), agent.id("x")));
      await expectCode("delivery.runtime_closed", "publish after close", () =>
        runtime.publish(Note("late"), topicId("work", "x")),
      );
      await runtime.close();
      expectEqual(restOf(runtime), quietStats, "what a closed runtime holds");
      expectEqual(stage.seen, ["one"], "what was handled");
    },
  ),
  runtimeCase(
    "C19",
    "close lets running steps finish within the grace, then aborts them",
    async (runtime, { advance }) => {
      const stage = new Stage();
      const agent = defineAgent({
        type: "stepper",
        state: () => ({}),
        handlers: (on) => [
          on.request(Ask, async (text, context) => {
            await context.step(text, (step) =>
              stage.stopAt(text, text === "deaf" ? undefined : step.signal).finally(() => stage.mark(`${text} ended`)),
            );
            return text;
          }),
        ],
      });
      await runtime.register(agent);
      for (const text of ["quick", "listening", "deaf"]) void settle(() => runtime.send(Ask(text), agent.id(text)));
      await Promise.all(["quick", "listening", "deaf"].map((text) => stage.reached(text)));
      const closing = runtime.close({ graceMs: 100 });
      stage.open("quick");
      await stage.reached("quick ended");
      await advance(100);
      await stage.reached("listening ended");
      await advance(1000);
      await closing;
      expectThat(!stage.seen.includes("deaf ended"), "the deaf step ended");
    },
  ),
  runtimeCase("C19", "asynchronous disposal closes", async (runtime) => {
    await runtime[Symbol.asyncDispose]();
    await expectCode("delivery.runtime_closed", "send", () => runtime.send(Deposit({ cents: 1 }), account.id("x")));
  }),
];

const memoryCases: readonly RuntimeCase[] = [
  {
    invariant: "C4",
    name: "idle agents leave memory and come back with their state and lists",
    run: async ({ open }) => {
      const runtime = await open({ maxIdleAgents: 3 });
      await runtime.register(account);
      const ids: AgentId<"Deposit" | "GetBalance">[] = Array.from({ length: 30 }, (_, index) =>
        account.id(String(index)),
      );
      for (const [index, id] of ids.entries()) await runtime.send(Deposit({ cents: index }), id);
      await runtime.idle();
      expectThat(runtime.stats().activeAgents <= 3, `${runtime.stats().activeAgents} agents are active`);
      for (const [index, id] of ids.entries())
        expectEqual(await runtime.send(GetBalance(null), id), { cents: index }, `the balance of ${index}`);
      expectEqual((await runtime.snapshot(account.id("7")))?.lists, { entries: [{ cents: 7 }] }, "the entries of one");
    },
  },
  {
    invariant: "I9",
    name: "ten thousand agents that changed nothing leave nothing",
    run: async ({ open }) => {
      const runtime = await open({ maxIdleAgents: 0 });
      await runtime.register(account);
      for (let index = 0; index < 10_000; index++) await runtime.send(GetBalance(null), account.id(`key-${index}`));
      await runtime.idle();
      const { activeAgents, residentCells, queuedMessages, pendingRequests } = runtime.stats();
      expectEqual(
        [activeAgents, residentCells, queuedMessages, pendingRequests],
        [0, 0, 0, 0],
        "what the runtime holds",
      );
    },
  },
  {
    invariant: "C4",
    name: "idle agents leave after their time to live",
    run: async ({ open, advance }) => {
      const runtime = await open({ idleTtlMs: 1000 });
      await runtime.register(account);
      await runtime.send(Deposit({ cents: 1 }), account.id("x"));
      await runtime.idle();
      expectEqual(runtime.stats().activeAgents, 1, "active agents at once");
      await advance(2000);
      await runtime.idle();
      expectEqual(runtime.stats().activeAgents, 0, "active agents after the time to live");
      expectEqual(await runtime.send(Deposit({ cents: 1 }), account.id("x")), { cents: 2 }, "the balance");
    },
  },
  runtimeCase(
    "C10",
    "a message id given by the caller is handled once, and its duplicate gets the same reply",
    async (runtime) => {
      await runtime.register(account);
      const first = await runtime.send(Deposit({ cents: 5 }), account.id("x"), { messageId: "order-1" });
      const again = await runtime.send(Deposit({ cents: 5 }), account.id("x"), { messageId: "order-1" });
      expectEqual([first, again], [{ cents: 5 }, { cents: 5 }], "the replies");
      expectEqual(await runtime.send(GetBalance(null), account.id("x")), { cents: 5 }, "the balance");
    },
  ),
];

/** Closing, memory and duplicates (C4, C10, C19). */
export const lifeCases: readonly RuntimeCase[] = [...closeCases, ...memoryCases];
