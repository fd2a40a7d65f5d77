import { type AgentDefinition, defineAgent, defineRequest, InProcessRuntime, type Store } from "@troupe/core";
import { FaultyStore, SharedData, type SharedStore } from "@troupe/core/testing";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";

const Approve = defineRequest("Approve", z.object({ what: z.string() }), z.object({ by: z.string() }));
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const run = { runId: "r", path: [] };
const cell = "desk/1";

/** Shows that it asks, asks, and shows the answer. `step`: something that its code does before. */
const deskWith = (step?: string): AgentDefinition<"Approve"> =>
  defineAgent({
    type: "desk",
    state: () => ({ approvals: 0 }),
    cell: (key) => `desk/${key}`,
    handlers: (on) => [
      on.request(Approve, async ({ what }, context) => {
        if (step !== undefined) await context.step(step, () => {});
        context.emit("asked", { what });
        const by = await context.waitFor("approval", z.string());
        context.state.approvals += 1;
        context.emit("approved", { by }, { end: "finished" });
        return { by };
      }),
    ],
  });
const desk = deskWith();

const open: InProcessRuntime[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((runtime) => runtime.close({ graceMs: 0 })));
});

async function start(store: Store, agent = desk): Promise<InProcessRuntime> {
  const runtime = new InProcessRuntime({ store, logger: quiet });
  open.push(runtime);
  await runtime.register(agent);
  return runtime;
}

/** A run that rests at its question. */
async function ask(runtime: InProcessRuntime): Promise<string> {
  runtime.send(Approve({ what: "refund" }), desk.id("1"), { run, deadlineMs: Infinity }).catch(() => {});
  for await (const event of runtime.events(cell, { runId: "r" })) if (event.kind === "asked") break;
  return runtime.waits()[0]?.id ?? "";
}

/** The process is taken for dead by everybody else; it notices when it writes. */
function silence(data: SharedData, store: SharedStore): void {
  for (const worker of store.workers) data.expire(worker);
}

/** A write that the store refuses, because the cell is another process's now. */
async function touch(runtime: InProcessRuntime): Promise<unknown> {
  return runtime.control(cell, "r", { kind: "pause" }).catch((error: unknown) => error);
}

async function kindsOf(events: AsyncIterable<{ readonly kind: string }>): Promise<readonly string[]> {
  const kinds: string[] = [];
  for await (const { kind } of events) kinds.push(kind);
  return kinds;
}

describe("a reader whose process loses the run", () => {
  test("Y1, C20: goes on with what the next owner stores, to the end, whenever it began", async () => {
    const data = new SharedData();
    const store = data.open();
    const first = await start(store);
    const wait = await ask(first);
    const early = kindsOf(first.events(cell, { runId: "r" }));
    const late = first.events(cell, { runId: "r" })[Symbol.asyncIterator]();
    silence(data, store);
    const second = await start(data.open());
    expect((await second.recover()).resumed).toMatchObject([{ cell }]);
    expect(await touch(first)).toMatchObject({ code: "state.owner_lost" });
    await second.respond(wait, "ann", { cell });
    expect(await early).toEqual(["asked", "approved"]);
    const seen = [await late.next(), await late.next(), await late.next()];
    expect(seen.map(({ value }: IteratorResult<{ kind: string }>) => (value as { kind?: string })?.kind)).toEqual([
      "asked",
      "approved",
      undefined,
    ]);
    expect(await kindsOf(first.events(cell, { runId: "r", from: 2 }))).toEqual(["approved"]);
    expect([first.stats().watchers, second.stats().watchers]).toEqual([0, 0]);
  });

  test("C20: a local one ends with the loss, and says so", async () => {
    const data = new SharedData();
    const store = data.open();
    const first = await start(store);
    await ask(first);
    const reading = kindsOf(first.events(cell, { runId: "r", isLocal: true }));
    reading.catch(() => {});
    silence(data, store);
    const second = await start(data.open());
    await second.recover();
    await touch(first);
    await expect(reading).rejects.toMatchObject({ code: "state.owner_lost" });
  });

  test("V3: one that is left while it reads on ends, and so does one whose runtime is closed", async () => {
    const data = new SharedData();
    const store = data.open();
    const first = await start(store);
    await ask(first);
    const controller = new AbortController();
    const left = kindsOf(first.events(cell, { runId: "r", signal: controller.signal }));
    const closed = kindsOf(first.events(cell, { runId: "r" }));
    silence(data, store);
    const second = await start(data.open());
    await second.recover();
    await touch(first);
    controller.abort();
    expect(await left).toEqual(["asked"]);
    await first.close({ graceMs: 0 });
    expect(await closed).toEqual(["asked"]);
  });
});

describe("a reader of a run that another process works on", () => {
  test("C20: sees its last events when it ends between two looks of the reader", async () => {
    const data = new SharedData();
    const first = await start(data.open());
    const wait = await ask(first);
    const store = data.open();
    const second = await start(store);
    let isAsked = false;
    const runs = store.runs.bind(store);
    store.runs = async (...call) => {
      if (isAsked) await first.respond(wait, "ann", { cell }).then(() => first.idle());
      isAsked = false;
      return runs(...call);
    };
    const kinds: string[] = [];
    for await (const { kind } of second.events(cell, { runId: "r" })) {
      kinds.push(kind);
      isAsked = kind === "asked";
    }
    expect(kinds).toEqual(["asked", "approved"]);
  });

  test("C20: sees its last events when this process takes the ended run's cell before the reader has seen them", async () => {
    const data = new SharedData();
    const shared = data.open();
    const first = await start(shared);
    const wait = await ask(first);
    const store = data.open();
    const second = await start(store);
    let isAsked = false;
    const read = store.read.bind(store);
    store.read = (...call) => {
      const records = read(...call);
      return isAsked ? takeOver().then(() => records) : records;
    };
    const takeOver = async (): Promise<void> => {
      isAsked = false;
      await first.respond(wait, "ann", { cell });
      await first.idle();
      await first.close({ graceMs: 0 });
      await second.snapshot(desk.id("1"));
    };
    const kinds: string[] = [];
    for await (const { kind } of second.events(cell, { runId: "r" })) {
      kinds.push(kind);
      isAsked = kind === "asked";
    }
    expect(kinds).toEqual(["asked", "approved"]);
  });

  test("C20: ends when the run is forgotten", async () => {
    const data = new SharedData();
    const first = await start(data.open());
    await ask(first);
    const second = await start(data.open());
    const reader = second.events(cell, { runId: "r" })[Symbol.asyncIterator]();
    expect((await reader.next()).value).toMatchObject({ kind: "asked" });
    await first.forgetCell(cell);
    expect((await reader.next()).done).toBe(true);
  });
});

describe("a reader of a run that is stuck", () => {
  test("Y2, C26: hears what blocks the run, also when it comes later, and shows first what there is", async () => {
    const data = new SharedData();
    const store = data.open();
    const first = await start(store, deskWith("first"));
    await ask(first);
    await first.close({ graceMs: 0 });
    const second = await start(data.open(), deskWith("renamed"));
    for (const what of ["while it blocks", "afterwards"]) {
      const kinds: string[] = [];
      const reading = (async () => {
        for await (const { kind } of second.events(cell, { runId: "r" })) kinds.push(kind);
      })();
      await expect(reading, what).rejects.toMatchObject({
        code: "state.nondeterministic_replay",
        remedy: expect.any(String) as string,
      });
      expect(kinds, what).toEqual(["asked"]);
    }
  });

  test("Y2: hears of a write that has failed", async () => {
    let isBroken = false;
    const store = new FaultyStore({
      store: new SharedData().open(),
      fault: (operation) => (isBroken && operation === "append" ? "refused" : undefined),
    });
    const runtime = await start(store);
    await ask(runtime);
    const reading = kindsOf(runtime.events(cell, { runId: "r" }));
    reading.catch(() => {});
    isBroken = true;
    await touch(runtime);
    await expect(reading).rejects.toMatchObject({ code: "store.unavailable" });
  });
});

test("C3: what an agent knows is told by its owner when its log does not say it any more", async () => {
  const data = new SharedData();
  const first = await start(data.open());
  await first.respond(await ask(first), "ann", { cell });
  await first.idle();
  await first.dropHistory(cell);
  const second = await start(data.open());
  expect(await second.snapshot(desk.id("1"))).toEqual({ state: { approvals: 1 }, lists: {} });
  expect(await second.snapshot(desk.id("1"))).toEqual(await first.snapshot(desk.id("1")));
});
