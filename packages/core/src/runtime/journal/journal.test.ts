import type { JsonValue } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { codeFrom, settleRounds } from "../../../test/support/fixtures.ts";
import type { JournalRecord } from "../../store/index.ts";
import { Journal, type SettledRecord } from "./journal.ts";
import { Replayer } from "./replayer.ts";

function claimed(key: string, flushed?: JournalRecord["flushed"]): JournalRecord {
  return {
    kind: "step-claimed",
    at: 1,
    turn: "t",
    key,
    claim: undefined,
    ...(flushed && { flushed }),
  };
}

function done(key: string, value: JsonValue = key): SettledRecord {
  return { kind: "step-settled", at: 1, turn: "t", key, outcome: { status: "done", value } };
}

function failed(key: string): SettledRecord {
  const error = { name: "Error", message: "no" };
  return { kind: "step-settled", at: 1, turn: "t", key, outcome: { status: "failed", error } };
}

describe("Journal", () => {
  test("J1, J2: another attempt keeps what was done and forgets what failed, claims included", () => {
    const journal = new Journal(100, [claimed("a"), done("a"), claimed("b"), failed("b"), claimed("c")]);
    journal.nextAttempt();
    expect(journal.settled().map(({ key }) => key)).toEqual(["a"]);
    expect([journal.claims("b"), journal.outcome("b")]).toEqual([0, undefined]);
    expect(journal.claims("c")).toBe(1);
  });

  test("J1, J2: a log with the records of two attempts reads as the second one", () => {
    const journal = new Journal(100, [
      claimed("a"),
      done("a"),
      claimed("b"),
      failed("b"),
      claimed("b"),
      done("b"),
      done("c"),
    ]);
    expect(journal.settled().map(({ key }) => key)).toEqual(["a", "b", "c"]);
    expect(journal.outcome("b")).toMatchObject({ outcome: { status: "done" } });
  });

  test("J3: what has left stays counted when the record that carried it is forgotten", () => {
    const journal = new Journal(100, [claimed("b", [{ scope: "", messages: 2, events: 1 }]), failed("b")]);
    journal.nextAttempt();
    expect(journal.flushed("")).toEqual({ messages: 2, events: 1 });
  });

  test("J1: more records or bytes than the limit are refused (C17)", async () => {
    const journal = new Journal(2, [done("a"), done("b")]);
    expect(await codeFrom((async () => journal.add(done("c")))())).toBe("state.journal_full");
    const large = new Journal(1_000);
    const fill = (async () => {
      for (let n = 0; n < 20; n++) large.add(done(`k${n}`, "x".repeat(1_000_000)));
    })();
    expect(await codeFrom(fill)).toBe("state.journal_full");
    expect(large.size).toBe(16);
  });
});

/** Runs a handler against records; what it got, in order, and the misfit if there was one. */
async function replay(
  records: readonly SettledRecord[],
  handler: (replayer: Replayer, log: string[]) => Promise<unknown>,
) {
  const log: string[] = [];
  const misfits: unknown[] = [];
  const replayer = new Replayer(records, { onMisfit: (error) => misfits.push(error.details), isRestart: false });
  const ended = handler(replayer, log).then(() => replayer.leftOver()?.details);
  replayer.start();
  const result = await Promise.race([ended, settleRounds(200).then(() => "rests")]);
  return { log, misfits, result };
}

async function ask(replayer: Replayer, log: string[], key: string): Promise<void> {
  const record = await replayer.ask(key);
  log.push(record === undefined ? `${key} is new` : key);
}

describe("Replayer", () => {
  test("Y1: outcomes come in the order of their records, whatever the order of the asks", async () => {
    const { log } = await replay([done("b"), done("a"), done("c")], (replayer, seen) =>
      Promise.all(["a", "b", "c"].map((key) => ask(replayer, seen, key))),
    );
    expect(log).toEqual(["b", "a", "c"]);
  });

  test("Y2: nothing new starts before every record was handed out", async () => {
    const { log } = await replay([done("a"), done("b")], (replayer, seen) =>
      Promise.all([
        ask(replayer, seen, "new"),
        ask(replayer, seen, "a")
          .then(() => settleRounds(5))
          .then(() => ask(replayer, seen, "b")),
      ]),
    );
    expect(log).toEqual(["a", "b", "new is new"]);
  });

  test("Y3: a handler that rests on something else is a misfit, named with both sides", async () => {
    const { misfits, result } = await replay([done("a")], (replayer, log) => ask(replayer, log, "other"));
    expect(result).toBe("rests");
    expect(misfits).toEqual([{ recorded: "a", asked: "other" }]);
  });

  test("Y3: a handler that computes for long between two asks is none", async () => {
    const { log, misfits } = await replay([done("a"), done("b")], async (replayer, seen) => {
      await ask(replayer, seen, "a");
      await settleRounds(100);
      await ask(replayer, seen, "b");
    });
    expect(log).toEqual(["a", "b"]);
    expect(misfits).toEqual([]);
  });

  test("Y3: a handler that returns with records left over is a misfit", async () => {
    const { result } = await replay([done("a"), done("b")], (replayer, log) => ask(replayer, log, "a"));
    expect(result).toEqual({ recorded: "b", asked: null });
  });
});
