import { type AgentDefinition, defineAgent, defineEvent, defineRequest, type StoreRecord } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Host, until } from "../../../test/support/host.ts";
import { eventsOf } from "../../../test/support/recorded-session.ts";
import { type CellReplay, replayCell } from "./replay-cell.ts";

const Work = defineRequest("Work", z.object({}), z.object({ did: z.array(z.string()) }));
const Note = defineEvent("Note", z.object({ text: z.string() }));
const run = { runId: "r", path: [] };
const cell = "work/a";

const listener = defineAgent({
  type: "listener",
  state: () => ({ heard: 0 }),
  cell: (key) => `work/${key}`,
  handlers: (on) => [
    on.event(Note, ({ text }, context) => {
      context.state.heard += 1;
      context.emit("heard", text);
    }),
  ],
});

interface Change {
  /** The steps of the new code before it asks. */
  readonly steps?: readonly string[];
  /** What the new code calls its last step. */
  readonly last?: string;
  /** What it says in its last event, before what it did. */
  readonly word?: string;
  /** Fails once after its last step. */
  readonly fails?: () => boolean;
}

/** The code that begins the turn, and the code that it is restarted with: other steps in another order, other words. */
const workerOf = (code: "old" | "new", change: Change = {}): AgentDefinition<"Work"> =>
  defineAgent({
    type: "worker",
    state: () => ({ did: "" }),
    lists: { log: z.string() },
    cell: (key) => `work/${key}`,
    maxAttempts: 2,
    handlers: (on) => [
      on.request(Work, async (_, context) => {
        const { steps = ["saw", "plane", "look"], last = "pack", word = "done", fails } = change;
        const did: string[] = [];
        const step = async (name: string): Promise<void> => {
          did.push(`${await context.step(name, () => name)} at ${context.now()}`);
        };
        context.emit("began", code);
        context.tell(Note({ text: `${code} began` }), listener.id("a"));
        for (const name of code === "old" ? ["look", "measure", "saw"] : steps) await step(name);
        context.emit("asks", code);
        did.push(await context.waitFor("answer", z.string(), { question: { code } }));
        await Promise.all(["x", "y"].map((name) => context.branch(name, (branch) => branch.step("try", () => name))));
        context.tell(Note({ text: `${code} ends` }), listener.id("a"));
        await step(last);
        if (fails?.() === true) throw new RangeError("once");
        context.emit(word, did, { end: "finished" });
        context.state.did = did.join();
        context.lists.log.append(did.join());
        return { did };
      }),
    ],
  });

/** The log of a turn that old code began and new code ended, after a restart. */
async function recordsOfRestart(
  change: Change & { readonly nextSteps?: readonly string[] } = {},
): Promise<readonly StoreRecord[]> {
  const host = new Host();
  await host.start([workerOf("old"), listener]);
  const agent = workerOf("old").id("a");
  host.runtime.send(Work({}), agent, { run, deadlineMs: Infinity }).catch(() => {});
  const wait = await until(() => host.runtime.waits()[0]);
  host.power.kill();
  const agents = [workerOf("new", change), listener];
  await host.start(agents);
  await host.runtime.recover();
  await host.runtime.control(cell, "r", { kind: "restart" });
  await until(() => host.runtime.waits()[0]);
  const { nextSteps: steps } = change;
  if (steps !== undefined) await host.crash([workerOf("new", { ...change, steps }), listener]);
  await host.runtime.respond(wait.id, "yes", { cell });
  await host.runtime.idle();
  const records = host.store.read(cell);
  await host.runtime.close();
  return records;
}

function replay(records: readonly StoreRecord[], change: Change = {}): Promise<CellReplay> {
  return replayCell({ records, agents: [workerOf("new", change), listener] });
}

const shown = ({ mismatches }: CellReplay): readonly unknown[] =>
  mismatches.map(({ what, recorded, replayed }) => ({ what, recorded, replayed }));

describe("C26: the log of a turn that was restarted with other code", () => {
  test.each([
    { what: "is replayed by the code it was restarted with", nextSteps: undefined },
    { what: "is replayed when its process has died once more", nextSteps: ["saw", "plane", "look"] },
    { what: "is replayed by the code that went on after another death, without a step", nextSteps: ["look", "saw"] },
    { what: "is replayed by code that does something else first after another death", nextSteps: ["mill", "plane"] },
  ])("V3: $what", async ({ nextSteps }) => {
    const records = await recordsOfRestart(nextSteps && { nextSteps });
    const replayed = await replay(records, nextSteps && { steps: nextSteps });
    expect(shown(replayed)).toEqual([]);
    expect(replayed.events).toEqual(eventsOf(records));
    expect(replayed).toMatchObject({ turns: 3, openTurns: 0 });
    // What left before the restart did not leave again.
    expect(eventsOf(records).flatMap(({ kind, payload }) => (kind === "began" ? [payload] : []))).toEqual(["old"]);
  });

  test("V3: is replayed as far as it goes", async () => {
    const records = await recordsOfRestart();
    const restart = records.findIndex((record) => record.kind === "control");
    expect(restart).toBeGreaterThan(0);
    for (let end = restart + 1; end < records.length; end++) {
      const part = records.slice(0, end);
      const replayed = await replay(part);
      expect(shown(replayed), `${end} records`).toEqual([]);
      expect(replayed.events, `${end} records`).toEqual(eventsOf(part));
    }
  });

  test("V3, C8: is replayed when its first attempt has failed after the restart", async () => {
    let failures = 0;
    const steps = ["mill", "plane", "look"];
    const fails = (): boolean => failures++ === 0;
    const records = await recordsOfRestart({ nextSteps: steps, fails });
    expect(failures).toBe(2);
    failures = 0;
    const replayed = await replay(records, { steps, fails });
    expect(shown(replayed)).toEqual([]);
    expect(replayed.events).toEqual(eventsOf(records));
  });

  test("V3: is told apart from what other code does after the restart", async () => {
    const records = await recordsOfRestart();
    expect(shown(await replay(records, { word: "over" }))).toMatchObject([
      { what: "event", recorded: { kind: "done" }, replayed: null },
    ]);
    expect(await replay(records, { last: "send" })).not.toMatchObject({ mismatches: [] });
  });

  test("V2: of a turn that nobody restarted is a mismatch as before", async () => {
    const records = (await recordsOfRestart()).filter(({ kind }) => kind !== "control");
    expect(shown(await replay(records))).toMatchObject([
      { what: "journal", recorded: "look#1", replayed: "saw#1" },
      {},
    ]);
  });
});
