import { type AgentDefinition, defineAgent, defineEvent, InProcessRuntime } from "@troupe/core";
import { FaultyStore, KillableStore, SharedData } from "@troupe/core/testing";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { quiet, until } from "./support/host.ts";

const Note = defineEvent("Note", z.object({ text: z.string() }));

/** Takes notes, unless it is told that it is broken. */
const notesOf = (isBroken: () => boolean): AgentDefinition<"Note"> =>
  defineAgent({
    type: "notes",
    state: () => ({ taken: 0 }),
    cell: (key) => `notes/${key}`,
    handlers: (on) => [
      on.event(Note, (_, context) => {
        if (isBroken()) throw new RangeError("broken");
        context.state.taken += 1;
      }),
    ],
  });

const open: InProcessRuntime[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((runtime) => runtime.close({ graceMs: 50 })));
});

interface Process {
  readonly runtime: InProcessRuntime;
  /** Dies after so many writes, and everybody sees it. */
  kill(afterWrites?: number): void;
  readonly isDead: () => boolean;
}

async function start(
  data: SharedData,
  isBroken: () => boolean,
  options: { readonly maxDeadLetters?: number } = {},
): Promise<Process> {
  const shared = data.open();
  const store = new KillableStore(shared);
  const runtime = new InProcessRuntime({ store, logger: quiet, ...options });
  open.push(runtime);
  await runtime.register(notesOf(isBroken));
  const kill = (afterWrites = 0): void => {
    store.kill(afterWrites);
    if (afterWrites === 0) for (const worker of shared.workers) data.expire(worker);
  };
  return { runtime, kill, isDead: () => store.isDead };
}

const textsOf = ({ deadLetters }: InProcessRuntime): readonly unknown[] =>
  deadLetters.list().map(({ mail }) => (mail.body as { readonly text: string }).text);

const lettersIn = (data: SharedData): number =>
  data.memory.cells().filter(({ cell }) => cell.startsWith("~letters/")).length;

describe("dead letters on a store that outlives the process", () => {
  test("C8, S2: are listed, inspected and sent again by whoever recovers, once", async () => {
    const data = new SharedData();
    let isBroken = true;
    const first = await start(data, () => isBroken);
    for (const text of ["one", "two"]) await first.runtime.tell(Note({ text }), notesOf(() => true).id("a"));
    await first.runtime.tell(Note({ text: "three" }), { type: "nobody", key: "b" });
    await first.runtime.idle();
    expect(first.runtime.deadLetters.list()).toHaveLength(3);
    first.kill();
    const second = await start(data, () => isBroken);
    expect(textsOf(second.runtime)).toEqual([]);
    await second.runtime.recover();
    expect(textsOf(second.runtime)).toEqual(expect.arrayContaining(["one", "two", "three"]));
    const letter = second.runtime.deadLetters.list().find(({ reason }) => reason === "handler-failed");
    expect(letter).toMatchObject({
      error: { name: "RangeError", message: "broken" },
      mail: { type: "Note", recipient: { type: "notes", key: "a" } },
    });
    isBroken = false;
    await second.runtime.deadLetters.resend(letter?.id ?? "");
    await second.runtime.idle();
    expect(await second.runtime.snapshot(notesOf(() => false).id("a"))).toMatchObject({ state: { taken: 1 } });
    for (const { id } of second.runtime.deadLetters.list())
      if (id !== second.runtime.deadLetters.list()[0]?.id) second.runtime.deadLetters.remove(id);
    await second.runtime.idle();
    const [left] = textsOf(second.runtime);
    second.kill();
    const third = await start(data, () => isBroken);
    await third.runtime.recover();
    expect(textsOf(third.runtime)).toEqual([left]);
    await third.runtime.recover();
    expect(textsOf(third.runtime)).toEqual([left]);
    expect(lettersIn(data)).toBe(1);
  });

  test("S1: a death at any write loses none and makes none twice", async () => {
    for (let writes = 1; writes < 12; writes++) {
      const data = new SharedData();
      const first = await start(data, () => true);
      first.kill(writes);
      const told = ["one", "two"].map((text) => first.runtime.tell(Note({ text }), notesOf(() => true).id("a")));
      let stored = 0;
      for (const tell of told) tell.then(() => (stored += 1)).catch(() => {});
      await until(() => (first.isDead() || first.runtime.deadLetters.list().length === 2 ? true : undefined));
      await new Promise((resolve) => setImmediate(resolve));
      first.kill();
      const second = await start(data, () => true);
      await second.runtime.recover();
      await second.runtime.idle();
      const texts = textsOf(second.runtime);
      expect(texts.length, `${writes} writes`).toBeGreaterThanOrEqual(stored);
      expect(new Set(texts).size, `${writes} writes`).toBe(texts.length);
    }
  });

  test("S3, D1: never more than the limit, and their log stays short", async () => {
    const data = new SharedData();
    const { runtime } = await start(data, () => true, { maxDeadLetters: 3 });
    for (let note = 0; note < 400; note++)
      await runtime.tell(Note({ text: String(note) }), notesOf(() => true).id("a"));
    await runtime.idle();
    expect(textsOf(runtime)).toEqual(["397", "398", "399"]);
    const [cell] = data.memory.cells().filter((row) => row.cell.startsWith("~letters/"));
    expect(data.memory.read(cell?.cell ?? "").length).toBeLessThan(200);
    await runtime.close();
    const next = await start(data, () => true);
    await next.runtime.recover();
    expect(textsOf(next.runtime)).toEqual(["397", "398", "399"]);
  });

  test("S4: a store that fails costs none of a process that lives", async () => {
    const data = new SharedData();
    let fails = 1;
    const store = new FaultyStore({
      store: data.open(),
      fault: (operation) => (operation === "claim" && fails-- === 0 ? "refused" : undefined),
    });
    const runtime = new InProcessRuntime({ store, logger: quiet });
    open.push(runtime);
    await runtime.register(notesOf(() => true));
    for (const text of ["one", "two"]) {
      await runtime.tell(Note({ text }), notesOf(() => true).id("a"));
      await runtime.idle();
    }
    expect(textsOf(runtime)).toEqual(["one", "two"]);
    await runtime.close();
    const next = await start(data, () => true);
    await next.runtime.recover();
    expect(textsOf(next.runtime)).toEqual(["one", "two"]);
  });

  test("C8, C19: are listed when idle() has resolved, however late the store answers", async () => {
    const data = new SharedData();
    const store = new FaultyStore({
      store: data.open(),
      delay: async () => {
        for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve));
      },
    });
    const runtime = new InProcessRuntime({ store, logger: quiet });
    open.push(runtime);
    await runtime.register(notesOf(() => true));
    await runtime.tell(Note({ text: "one" }), notesOf(() => true).id("a"));
    await runtime.idle();
    expect(textsOf(runtime)).toEqual(["one"]);
  });
});
