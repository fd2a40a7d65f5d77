import { type Clock, defineAgent, defineRequest, InProcessRuntime } from "@troupe/core";
import { FaultyStore, ManualClock, SharedData, type SharedStore, type StoreOperation } from "@troupe/core/testing";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { codeFrom, settleRounds } from "./support/fixtures.ts";
import { quiet } from "./support/host.ts";

const Approve = defineRequest("Approve", z.object({ what: z.string() }), z.object({ by: z.string() }));
const dayMs = 86_400_000;

const desk = defineAgent({
  type: "desk",
  state: () => ({}),
  cell: (key) => `desk/${key}`,
  handlers: (on) => [
    on.request(Approve, async (_, context) => ({ by: await context.waitFor("approval", z.string()) })),
  ],
});

const timers = new ManualClock();
let sleptMs = 0;
/** A clock whose days can pass without its timers: the machine slept. */
const clock: Clock = {
  now: () => timers.now() + sleptMs,
  monotonic: () => timers.monotonic(),
  setTimer: (delayMs, callback) => timers.setTimer(delayMs, callback),
};
const open: InProcessRuntime[] = [];
afterEach(async () => {
  await settle(Promise.all(open.splice(0).map((runtime) => runtime.close({ graceMs: 50 }))));
});

/** Lets time pass until the promise settles. */
async function settle<T>(promise: Promise<T>): Promise<T> {
  let isOver = false;
  const settled = promise.finally(() => (isOver = true));
  settled.catch(() => {});
  for (let round = 0; round < 100 && !isOver; round++) {
    await settleRounds(3);
    if (!isOver) timers.advance(100);
  }
  if (!isOver) throw new Error("it did not settle");
  return promise;
}

/** Lets some heartbeats pass. */
async function beat(): Promise<void> {
  for (let second = 0; second < 3; second++) {
    timers.advance(1_000);
    await settleRounds();
  }
}

/** A process that can be silent for a while: it hears nothing, and others may take it for dead. */
class Process {
  readonly runtime: InProcessRuntime;
  readonly #data: SharedData;
  readonly #handle: SharedStore;
  #isSilent = false;
  /** Refuses an operation. */
  refuses: StoreOperation | undefined;

  constructor(data: SharedData) {
    this.#data = data;
    this.#handle = data.open();
    const store = new FaultyStore({
      store: this.#handle,
      fault: (operation) => {
        if (this.#isSilent && operation === "heartbeat") return "refused";
        return operation === this.refuses ? "refused" : undefined;
      },
    });
    this.runtime = new InProcessRuntime({ store, clock, logger: quiet });
    open.push(this.runtime);
  }

  fallSilent(): void {
    this.#isSilent = true;
    for (const worker of this.#handle.workers) this.#data.expire(worker);
  }

  async wake(): Promise<void> {
    this.#isSilent = false;
    await beat();
  }

  /** Asks a desk; `by` is what comes of it, once it has come. */
  ask(what: string): { by: unknown } {
    const asked: { by: unknown } = { by: undefined };
    this.runtime.send(Approve({ what }), desk.id(what), { run: { runId: what, path: [] }, deadlineMs: Infinity }).then(
      ({ by }) => (asked.by = by),
      (error: unknown) => codeFrom(Promise.reject(error)).then((code) => (asked.by = code)),
    );
    return asked;
  }

  async answer(runId: string): Promise<void> {
    const [wait] = this.runtime.waits({ runId });
    await this.runtime.respond(wait?.id ?? "", "ann");
    await settleRounds();
  }
}

/** An owner of desks, and somebody who has asked at two of them. */
async function startBoth(data: SharedData) {
  const owner = await start(data);
  for (const key of ["one", "two"]) await owner.runtime.snapshot(desk.id(key));
  const asker = await start(data);
  const asked = { one: asker.ask("one"), two: asker.ask("two") };
  await settleRounds();
  return { owner, asker, asked };
}

async function start(data: SharedData): Promise<Process> {
  const process = new Process(data);
  await process.runtime.register(desk);
  return process;
}

const mailboxes = (data: SharedData): readonly string[] =>
  data.memory.cells().flatMap(({ cell }) => (cell.startsWith("~") ? [cell] : []));

describe("C11, C24: a process that was silent for longer than its lease", () => {
  test("N1, N2: hears what it was answered meanwhile, and what it is answered later, whoever has recovered", async () => {
    const data = new SharedData();
    const { owner, asker, asked } = await startBoth(data);
    asker.fallSilent();
    await owner.answer("one");
    const third = await start(data);
    for (const process of [third, owner, third]) await process.runtime.recover();
    await owner.answer("two");
    await third.runtime.recover();
    expect(asked).toEqual({ one: { by: undefined }, two: { by: undefined } });
    await asker.wake();
    expect(asked).toEqual({ one: { by: "ann" }, two: { by: "ann" } });
  });

  test("N1: hears them also when the store has forgotten that it was taken for dead", async () => {
    const data = new SharedData();
    const { owner, asker, asked } = await startBoth(data);
    asker.fallSilent();
    await owner.answer("one");
    await owner.runtime.recover();
    for (const [worker, standing] of data.workers) if (standing === "dead") data.workers.delete(worker);
    sleptMs += 2 * dayMs;
    await asker.wake();
    await owner.answer("two");
    await beat();
    expect(asked).toEqual({ one: { by: "ann" }, two: { by: "ann" } });
  });

  test("N1: hears answers also when its mailbox cannot be opened as soon as it wakes", async () => {
    for (const obstacle of ["held", "refused"]) {
      const data = new SharedData();
      const { owner, asker, asked } = await startBoth(data);
      asker.fallSilent();
      await owner.answer("one");
      await owner.runtime.recover();
      const [mailbox] = mailboxes(data);
      if (mailbox === undefined) throw new Error("nothing was answered");
      const other = data.open();
      if (obstacle === "held") await other.claim(mailbox, "other");
      else asker.refuses = "claim";
      await asker.wake();
      expect(asked.one.by, obstacle).toBeUndefined();
      asker.refuses = undefined;
      await other.release("other");
      await asker.wake();
      expect(asked.one.by, obstacle).toBe("ann");
      await owner.answer("two");
      await asker.wake();
      expect(asked.two.by, obstacle).toBe("ann");
    }
  });

  test("N2: what a dead one was answered goes a week after it was found, and nothing else", async () => {
    const data = new SharedData();
    const { owner, asker } = await startBoth(data);
    await owner.runtime.snapshot(desk.id("three"));
    const living = await start(data);
    const asked = living.ask("three");
    await settleRounds();
    asker.fallSilent();
    await owner.answer("one");
    await owner.runtime.recover();
    sleptMs += 6 * dayMs;
    await beat();
    await owner.runtime.recover();
    expect(mailboxes(data)).toHaveLength(1);
    sleptMs += 1 * dayMs;
    await beat();
    await owner.runtime.recover();
    expect(mailboxes(data)).toEqual([]);
    await owner.answer("three");
    expect(asked.by).toBe("ann");
  });

  test("N2: counts the week anew when it has been awake in between", async () => {
    const data = new SharedData();
    const { owner, asker, asked } = await startBoth(data);
    asker.fallSilent();
    await owner.answer("one");
    await owner.runtime.recover();
    await asker.wake();
    expect(asked.one.by).toBe("ann");
    for (let times = 0; times < 3; times++) {
      sleptMs += 5 * dayMs;
      await beat();
    }
    asker.fallSilent();
    await owner.answer("two");
    await owner.runtime.recover();
    await owner.runtime.recover();
    await asker.wake();
    expect(asked.two.by).toBe("ann");
  });

  test("N3: and for longer than a week tells its callers, though its mailbox is gone", async () => {
    const data = new SharedData();
    const { owner, asker, asked } = await startBoth(data);
    asker.fallSilent();
    await owner.answer("one");
    for (let times = 0; times < 2; times++) {
      await owner.runtime.recover();
      sleptMs += 8 * dayMs;
    }
    await owner.runtime.recover();
    await asker.wake();
    expect(asked).toEqual({ one: { by: "state.owner_lost" }, two: { by: "state.owner_lost" } });
    // It goes on as before.
    const again = asker.ask("one");
    await settleRounds();
    await owner.answer("one");
    await asker.wake();
    expect(again.by).toBe("ann");
  });

  test("leaves no mailbox when it closes, under none of its names", async () => {
    const data = new SharedData();
    const { owner, asker } = await startBoth(data);
    asker.fallSilent();
    await owner.answer("one");
    await owner.runtime.recover();
    await asker.wake();
    asker.ask("two");
    await settleRounds();
    await settle(Promise.all(open.splice(0).map((runtime) => runtime.close({ graceMs: 50 }))));
    expect(mailboxes(data)).toEqual([]);
  });
});
