import { createDeferred, defineAgent, defineEvent, defineRequest, InProcessRuntime } from "@troupe/core";
import { KillableStore, SharedData, type SharedStore } from "@troupe/core/testing";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";

const Add = defineRequest("Add", z.object({ n: z.number() }), z.object({ total: z.number() }));
const Note = defineEvent("Note", z.object({ text: z.string() }));
const Relay = defineRequest("Relay", z.object({ to: z.string(), n: z.number() }), z.object({ total: z.number() }));
const Approve = defineRequest("Approve", z.object({ what: z.string() }), z.object({ by: z.string() }));

const counter = defineAgent({
  type: "counter",
  state: () => ({ total: 0 }),
  lists: { notes: z.string() },
  handlers: (on) => [
    on.request(Add, ({ n }, context) => {
      if (n < 0) throw new RangeError("only upwards");
      context.state.total += n;
      return { total: context.state.total };
    }),
    on.event(Note, ({ text }, context) => context.lists.notes.append(text)),
    on.request(Relay, async ({ to, n }, context) => {
      const { total } = await context.send(Add({ n }), counter.id(to));
      context.state.total += total;
      return { total: context.state.total };
    }),
  ],
});

const desk = defineAgent({
  type: "desk",
  state: () => ({}),
  cell: (key) => `desk/${key}`,
  handlers: (on) => [
    on.request(Approve, async ({ what }, context) => {
      context.emit("asked", { what });
      const by = await context.waitFor("approval", z.string(), { question: { what } });
      context.emit("approved", { by }, { end: "finished" });
      return { by };
    }),
  ],
});

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const open: InProcessRuntime[] = [];
const stores = new WeakMap<InProcessRuntime, { readonly shared: SharedStore; readonly power: KillableStore }>();

async function start(data: SharedData): Promise<InProcessRuntime> {
  const shared = data.open();
  const power = new KillableStore(shared);
  const runtime = new InProcessRuntime({ store: power, logger: quiet });
  stores.set(runtime, { shared, power });
  await runtime.register(counter);
  await runtime.register(desk);
  open.push(runtime);
  return runtime;
}

/** The process stops where it is, for longer than its lease: nothing of it is closed, nothing more of it is heard. */
function kill(data: SharedData, runtime: InProcessRuntime): void {
  const store = stores.get(runtime);
  store?.power.kill();
  silence(data, runtime);
}

/** The process is paused for longer than its lease; then it goes on, and knows nothing of it. */
function silence(data: SharedData, runtime: InProcessRuntime): void {
  for (const owner of stores.get(runtime)?.shared.workers ?? []) data.expire(owner);
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((runtime) => runtime.close({ graceMs: 50 })));
});

async function until<T>(find: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("several processes on one store", () => {
  test("C24: a request to an agent that another process owns is answered by it, errors included", async () => {
    const data = new SharedData();
    const [first, second] = [await start(data), await start(data)];
    expect(await first.send(Add({ n: 1 }), counter.id("a"))).toEqual({ total: 1 });
    expect(await second.send(Add({ n: 2 }), counter.id("a"))).toEqual({ total: 3 });
    await expect(second.send(Add({ n: -1 }), counter.id("a"))).rejects.toMatchObject({ message: "only upwards" });
    expect(await first.send(Add({ n: 4 }), counter.id("a"))).toEqual({ total: 7 });
    expect(second.stats()).toMatchObject({ pendingRequests: 0 });
  });

  test("C10: events from another process arrive in the order sent", async () => {
    const data = new SharedData();
    const [first, second] = [await start(data), await start(data)];
    await first.send(Add({ n: 1 }), counter.id("a"));
    const texts = Array.from({ length: 50 }, (_, index) => String(index));
    await Promise.all(texts.map((text) => second.tell(Note({ text }), counter.id("a"))));
    const notes = await until(async () => {
      const list = (await first.snapshot(counter.id("a")))?.lists["notes"] ?? [];
      return list.length === texts.length ? list : undefined;
    });
    expect(notes).toEqual(texts);
  });

  test("C10: a request between agents of two processes settles once, and moves state once", async () => {
    const data = new SharedData();
    const [first, second] = [await start(data), await start(data)];
    await first.send(Add({ n: 1 }), counter.id("far"));
    expect(await second.send(Relay({ to: "far", n: 5 }), counter.id("near"))).toEqual({ total: 6 });
    expect((await first.snapshot(counter.id("far")))?.state).toEqual({ total: 6 });
    await until(() => (first.stats().pendingRequests + second.stats().pendingRequests === 0 ? true : undefined));
  });

  test("C16: any process answers a question, once; the second answer is refused", async () => {
    const data = new SharedData();
    const [first, second] = [await start(data), await start(data)];
    const run = { runId: "r", path: [] };
    const approved = first.send(Approve({ what: "refund" }), desk.id("1"), { run, deadlineMs: Infinity });
    const wait = await until(() => first.waits()[0]);
    const cell = "desk/1";
    await expect(second.respond("nonsense", "x", { cell })).rejects.toMatchObject({ code: "wait.unknown" });
    await expect(second.respond(wait.id, 7, { cell })).rejects.toMatchObject({ code: "wait.invalid_answer" });
    await second.respond(wait.id, "bob", { cell });
    await expect(second.respond(wait.id, "eve", { cell })).rejects.toMatchObject({ code: "wait.already_settled" });
    expect(await approved).toEqual({ by: "bob" });
  });

  test("C20: another process sees the run's events in order, and its end", async () => {
    const data = new SharedData();
    const [first, second] = [await start(data), await start(data)];
    const run = { runId: "r", path: [] };
    const approved = first.send(Approve({ what: "refund" }), desk.id("1"), { run, deadlineMs: Infinity });
    const wait = await until(() => first.waits()[0]);
    const kinds: string[] = [];
    const watching = (async () => {
      for await (const event of second.events("desk/1", { runId: "r" })) kinds.push(event.kind);
    })();
    await until(() => (kinds.length > 0 ? true : undefined));
    await first.respond(wait.id, "ann");
    await watching;
    expect(kinds).toEqual(["asked", "approved"]);
    expect(await approved).toEqual({ by: "ann" });
    expect(await second.runs({ runId: "r" })).toMatchObject([{ cell: "desk/1", status: "ended", end: "finished" }]);
  });

  test("C24: a caller whose owner dies is answered by whoever takes over: by itself", async () => {
    const data = new SharedData();
    const first = await start(data);
    const second = await start(data);
    const run = { runId: "r", path: [] };
    first.send(Approve({ what: "refund" }), desk.id("1"), { run, deadlineMs: Infinity }).catch(() => {});
    const wait = await until(() => first.waits()[0]);
    const total = second.send(Approve({ what: "again" }), desk.id("1"), { run, deadlineMs: 20_000 });
    total.catch(() => {});
    kill(data, first);
    const again = await until(() => second.waits().find(({ id }) => id === wait.id));
    await second.respond(again.id, "carl");
    const next = await until(() => second.waits().find(({ id }) => id !== wait.id));
    await second.respond(next.id, "dora");
    expect(await total).toEqual({ by: "dora" });
  });

  test("C24: an owner that lost its lease hears it, stops, and writes nothing more", async () => {
    const data = new SharedData();
    const first = await start(data);
    const heard = createDeferred<unknown>();
    const slow = defineAgent({
      type: "slow",
      state: () => ({ done: 0 }),
      handlers: (on) => [
        on.request(Add, async ({ n }, context) => {
          await context.step("work", async ({ signal }) => {
            if (n === 0)
              await new Promise((resolve) =>
                signal.addEventListener("abort", () => resolve(heard.resolve(signal.reason))),
              );
          });
          context.state.done += 1;
          return { total: context.state.done };
        }),
      ],
    });
    await first.register(slow);
    const pending = first.send(Add({ n: 0 }), slow.id("a"), { deadlineMs: 20_000 });
    pending.catch(() => {});
    await until(() => (first.stats().runningTurns === 1 ? true : undefined));
    await new Promise((resolve) => setTimeout(resolve, 20));
    silence(data, first);
    const second = await start(data);
    await second.register(slow);
    const report = await second.recover();
    expect(report.resumed.map(({ cell }) => cell)).toEqual(["slow/a"]);
    expect(await heard.promise).toMatchObject({ code: "state.owner_lost" });
    await expect(pending).rejects.toMatchObject({ code: "state.owner_lost" });
    // The step had been claimed by the dead owner: it is unknown, never run again.
    await second.idle();
    expect((await second.snapshot(slow.id("a")))?.state).toBeUndefined();
    expect(await second.send(Add({ n: 1 }), slow.id("a"))).toEqual({ total: 1 });
  });

  test("C26: recovery tells apart what goes on, what another process owns and what nobody here knows", async () => {
    const data = new SharedData();
    const first = await start(data);
    const run = { runId: "r", path: [] };
    first.send(Approve({ what: "x" }), desk.id("1"), { run, deadlineMs: Infinity }).catch(() => {});
    await until(() => first.waits()[0]);
    const stranger = new InProcessRuntime({ store: data.open(), logger: quiet });
    open.push(stranger);
    expect(await stranger.recover()).toMatchObject({
      resumed: [],
      blocked: [{ cell: "desk/1", reason: "no-definition", runs: [{ runId: "r", status: "waiting", questions: 1 }] }],
    });
    const second = await start(data);
    expect(await second.recover()).toMatchObject({ resumed: [], blocked: [{ cell: "desk/1", reason: "owned" }] });
    kill(data, first);
    expect(await second.recover()).toMatchObject({
      resumed: [{ cell: "desk/1", runs: [{ runId: "r" }] }],
      blocked: [],
    });
    expect(await until(() => second.waits()[0])).toMatchObject({
      name: "approval",
      question: { what: "x" },
      cell: "desk/1",
    });
  });

  test("C20: a listing tells how far a run has got, in any process, also while nothing else of it changes", async () => {
    const data = new SharedData();
    const first = await start(data);
    const reached = createDeferred<void>();
    const held = createDeferred<void>();
    const teller = defineAgent({
      type: "teller",
      state: () => ({}),
      cell: (key) => `teller/${key}`,
      handlers: (on) => [
        on.request(Approve, async ({ what }, context) => {
          for (const word of what.split(" ")) {
            context.emit("said", { word });
            await context.step(word, () => {});
          }
          reached.resolve();
          await context.step("rest", () => held.promise);
          return { by: "nobody" };
        }),
      ],
    });
    await first.register(teller);
    const told = first.send(Approve({ what: "one two three" }), teller.id("1"), { run: { runId: "r", path: [] } });
    await reached.promise;
    const second = await start(data);
    for (const runtime of [first, second])
      expect(await runtime.runs({ runId: "r" })).toMatchObject([{ status: "running", sequence: 3 }]);
    held.resolve();
    await told;
  });

  test("C27: a run that another process works on is forked without touching it, at work or paused", async () => {
    const data = new SharedData();
    const [first, second] = [await start(data), await start(data)];
    const run = { runId: "r", path: [] };
    const approved = first.send(Approve({ what: "refund" }), desk.id("1"), { run, deadlineMs: Infinity });
    const wait = await until(() => first.waits()[0]);
    const before = data.memory.read("desk/1");
    const key = (name: string): string => `${name}-copy`;
    const at = { runId: "r", sequence: 1 };
    await second.fork("desk/1", at, { cell: "desk/1-copy", runId: "copy", key });
    await second.fork("desk/1", at, {
      cell: "desk/1-held",
      runId: "held",
      key: (name) => `${name}-held`,
      isPaused: true,
    });
    expect(data.memory.read("desk/1")).toEqual(before);
    expect(await second.runs({ status: ["paused"] })).toMatchObject([{ runId: "held", sequence: 1 }]);
    const copied = await until(() => second.waits({ runId: "copy" })[0]);
    await second.respond(copied.id, "carl");
    await second.idle();
    expect(await second.runs({ runId: "copy" })).toMatchObject([{ status: "ended" }]);
    await second.control("desk/1-held", "held", { kind: "resume" });
    const held = await until(() => second.waits({ runId: "held" })[0]);
    await second.respond(held.id, "dora");
    await first.respond(wait.id, "ann");
    expect(await approved).toEqual({ by: "ann" });
    await second.idle();
    expect(await second.runs({ status: ["ended"] })).toHaveLength(3);
  });

  test("C27: a fork of a paused run goes on", async () => {
    const data = new SharedData();
    const first = await start(data);
    const run = { runId: "r", path: [] };
    first.send(Approve({ what: "refund" }), desk.id("1"), { run, deadlineMs: Infinity }).catch(() => {});
    await until(() => first.waits()[0]);
    await first.control("desk/1", "r", { kind: "pause" });
    await first.respond(first.waits()[0]?.id ?? "", "ann");
    await first.control("desk/1", "r", { kind: "resume" });
    await first.idle();
    await first.fork("desk/1", { runId: "r", sequence: 2 }, { cell: "desk/2", runId: "copy", key: () => "2" });
    expect(await first.runs({ runId: "copy" })).toMatchObject([{ status: "ended", sequence: 2 }]);
  });

  test("C19: a closed runtime gives its cells back at once, and its stored requests go on elsewhere", async () => {
    const data = new SharedData();
    const first = await start(data);
    const run = { runId: "r", path: [] };
    const asked = first.send(Approve({ what: "x" }), desk.id("1"), { run, deadlineMs: Infinity });
    asked.catch(() => {});
    const wait = await until(() => first.waits()[0]);
    await first.close({ graceMs: 50 });
    await expect(asked).rejects.toMatchObject({ code: "delivery.runtime_closed" });
    const second = await start(data);
    await second.respond(wait.id, "ann", { cell: "desk/1" });
    const kinds: string[] = [];
    for await (const event of second.events("desk/1", { runId: "r" })) kinds.push(event.kind);
    expect(kinds).toEqual(["asked", "approved"]);
  });

  test("C10: an id that its caller chose is answered from the store after a restart, and handled once", async () => {
    const data = new SharedData();
    const first = await start(data);
    expect(await first.send(Add({ n: 5 }), counter.id("a"), { messageId: "m-1" })).toEqual({ total: 5 });
    kill(data, first);
    const second = await start(data);
    expect(await second.send(Add({ n: 5 }), counter.id("a"), { messageId: "m-1" })).toEqual({ total: 5 });
    expect(await second.send(Add({ n: 1 }), counter.id("a"), { messageId: "m-2" })).toEqual({ total: 6 });
  });
});
