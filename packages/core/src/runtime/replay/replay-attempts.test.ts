import { describe, expect, test } from "vitest";
import { actor } from "../../../test/support/actor.ts";
import { eventsOf, type Handler, recordsOfAsk } from "../../../test/support/recorded-session.ts";
import { type CellReplay, replayCell } from "./replay-cell.ts";

/** The replay of what a handler recorded in several attempts: it must be what the log says. */
async function identical(
  records: Awaited<ReturnType<typeof recordsOfAsk>>,
  handler: Handler,
  maxAttempts: number,
): Promise<CellReplay> {
  const replay = await replayCell({ records, agents: [actor(handler, { maxAttempts })] });
  expect(replay.mismatches.map(({ error }) => error.message)).toEqual([]);
  expect(replay.events).toEqual(eventsOf(records));
  return replay;
}

describe("a turn that took several attempts", () => {
  test("C8: what left before a failure is not let out again", async () => {
    let tries = 0;
    const handler: Handler = async (_, context) => {
      context.emit("attempt", context.message.attempt);
      const first = await context.step("first", () => 1);
      context.emit("first", first);
      const second = await context.step("second", () => {
        tries += 1;
        if (tries === 1) throw new Error("not yet");
        return tries;
      });
      context.emit("second", second);
      return second;
    };
    const { events } = await identical(await recordsOfAsk(handler, { maxAttempts: 2 }), handler, 2);
    expect(events.map(({ kind, payload }) => [kind, payload])).toEqual([
      ["attempt", 1],
      ["first", 1],
      ["second", 2],
    ]);
    expect(tries).toBe(2);
  });

  test("C8: what the first one waited for is there for the later ones", async () => {
    let tries = 0;
    const handler: Handler = async (_, context) => {
      await context.sleep(10);
      context.emit("rested", null);
      tries += 1;
      if (tries === 1) throw new Error("not yet");
      return "at last";
    };
    const records = await recordsOfAsk(handler, { maxAttempts: 2 });
    expect(tries).toBe(2);
    tries = 0;
    const { events } = await identical(records, handler, 2);
    expect(events).toHaveLength(1);
  });

  test("C8: without a step there are those that the end needs, and no more", async () => {
    const attempts: number[] = [];
    const handler =
      (lastFailing: number): Handler =>
      (_, { message }) => {
        attempts.push(message.attempt);
        if (message.attempt <= lastFailing) throw new Error(`failed before attempt ${lastFailing + 1}`);
        return message.attempt;
      };
    for (const [lastFailing, replayed] of [
      [1, [1, 2]],
      [2, [1, 2, 3]],
      [3, [1]],
    ] as const) {
      const records = await recordsOfAsk(handler(lastFailing), { maxAttempts: 3 });
      attempts.length = 0;
      await identical(records, handler(lastFailing), 3);
      expect(attempts).toEqual(replayed);
    }
  });
});
