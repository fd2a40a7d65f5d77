import { describe, expect, test } from "vitest";
import { defineAgent, defineEvent, defineRequest, InProcessRuntime, StoreError } from "@troupe/core";
import { ManualClock } from "@troupe/core/testing";
import { ChaosStore } from "./support/chaos-store.ts";
import { anything, settleRounds } from "./support/fixtures.ts";

const Ask = defineRequest("Ask", anything, anything);
const Next = defineRequest("Next", anything, anything);
const Count = defineRequest("Count", anything, anything);
const Note = defineEvent("Note", anything);

/** One cell whose agents do everything that writes: steps, requests inside and between turns, waits, events, lists. */
const boss = defineAgent({
  type: "boss",
  state: () => ({ asked: 0 }),
  lists: { log: anything },
  cell: () => "session",
  handlers: (on) => [
    on.request(Ask, async (text, context) => {
      context.state.asked += 1;
      context.emit("asked", { text: String(text) });
      await context.step("work", () => "done");
      const reply = await context.send(Next(text), worker.id("w"));
      context.lists.log.append(reply);
      context.tell(Note("told"), worker.id("w"));
      await context.sleep(1);
      context.request(Next("later"), worker.id("w"));
      return reply;
    }),
    on.settled(Next, (_settlement, context) => {
      context.state.asked += 1;
    }),
    on.request(Count, (_, context) => context.state.asked),
  ],
});

const worker = defineAgent({
  type: "worker",
  state: () => ({ seen: 0 }),
  cell: () => "session",
  handlers: (on) => [
    on.request(Next, (text, context) => {
      context.state.seen += 1;
      return `next ${String(text)}`;
    }),
    on.event(Note, (_, context) => {
      context.state.seen += 1;
    }),
  ],
});

interface Ending {
  readonly status: string;
  readonly reason: unknown;
}

/** Sends three requests to a store that fails the k-th append; every one must end well before its deadline. */
async function play(
  k: number,
  options: { readonly isSlow: boolean; readonly losesAnswer: boolean },
): Promise<{ endings: readonly Ending[]; after: unknown; sequence: readonly number[] }> {
  const clock = new ManualClock();
  const store = new ChaosStore({ seed: `fail ${k}`, fails: (append) => append === k, ...options });
  const runtime = new InProcessRuntime({ clock, store, logger: { debug() {}, info() {}, warn() {}, error() {} } });
  await runtime.register(boss);
  await runtime.register(worker);
  const run = { runId: "run", path: [] };
  const sends = ["a", "b", "c"].map((text) => runtime.send(Ask(text), boss.id("b"), { run, deadlineMs: 1_000_000 }));
  const settled = Promise.allSettled(sends);
  for (let round = 0; round < 30; round++) {
    await settleRounds(10);
    clock.advance(200);
  }
  const endings = (await settled).map((ending) => ({
    status: ending.status,
    reason: ending.status === "rejected" ? ending.reason : undefined,
  }));
  const after = await settleOr(runtime.send(Count(null), boss.id("b")), clock);
  await runtime.idle();
  const sequence: number[] = [];
  const ended = AbortSignal.abort();
  for await (const event of runtime.events("session", { runId: "run", signal: ended }))
    if (!event.live) sequence.push(event.sequence);
  expect(runtime.stats()).toMatchObject({ runningTurns: 0, queuedMessages: 0, pendingRequests: 0, openWaits: 0 });
  await runtime.close();
  return { endings, after, sequence };
}

async function settleOr<T>(promise: Promise<T>, clock: ManualClock): Promise<T> {
  let isOver = false;
  const done = promise.finally(() => (isOver = true));
  done.catch(() => {});
  for (let round = 0; round < 50 && !isOver; round++) {
    await settleRounds(5);
    clock.advance(1000);
  }
  return done;
}

describe.each([
  { isSlow: true, losesAnswer: false },
  { isSlow: true, losesAnswer: true },
  { isSlow: false, losesAnswer: false },
  { isSlow: false, losesAnswer: true },
])("a store that fails one append ($isSlow, $losesAnswer)", (options) => {
  for (let k = 1; k <= 24; k++) {
    test(`K4: append ${k}: every request ends typed, and the cell goes on from its log`, async () => {
      const { endings, after, sequence } = await play(k, options);
      for (const { status, reason } of endings) {
        if (status === "fulfilled") continue;
        expect(reason).toBeInstanceOf(StoreError);
      }
      // Each message that the log holds was handled once, with one settlement: 2 for each of at most 3.
      expect(Number(after) % 2).toBe(0);
      expect(Number(after)).toBeLessThanOrEqual(6);
      expect(Number(after)).toBeGreaterThanOrEqual(2 * endings.filter(({ status }) => status === "fulfilled").length);
      expect(sequence).toEqual(sequence.map((_, index) => index + 1));
    });
  }
});
