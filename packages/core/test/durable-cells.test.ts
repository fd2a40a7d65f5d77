import { type AgentDefinition, defineAgent, defineEvent, InProcessRuntime, MemoryStore } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Add, counter } from "./support/counter.ts";
import { Host, quiet, readAll, until } from "./support/host.ts";

const Pass = defineEvent("Pass", z.object({ n: z.number() }));
const seenSchema = z.object({ seen: z.array(z.number()) });
const totalSchema = z.object({ total: z.number() });

const talk = defineAgent({
  type: "talk",
  state: () => ({ total: 0 }),
  cell: (key) => `talk/${key}`,
  handlers: (on) => [
    on.request(Add, ({ n }, context) => {
      context.state.total += n;
      context.emit("added", { n }, { end: "finished" });
      return { total: context.state.total };
    }),
  ],
});

const slowpoke = defineAgent({
  type: "slowpoke",
  state: () => ({ total: 0 }),
  cell: (key) => `slowpoke/${key}`,
  handlers: (on) => [
    on.request(Add, async ({ n }, context) => {
      await context.waitFor("go", z.string());
      return { total: n };
    }),
  ],
});

describe("cells on a store that outlives the process", () => {
  test("C4: a stand-alone agent's state survives a crash; one that is at its initial state leaves nothing", async () => {
    const host = new Host();
    await host.start([counter]);
    await host.runtime.send(Add({ n: 5 }), counter.id("a"));
    await host.runtime.send(Add({ n: 0 }), counter.id("b"));
    await host.crash();
    expect((await host.runtime.snapshot(counter.id("a")))?.state).toEqual({ total: 5 });
    await host.runtime.send(Add({ n: -5 }), counter.id("a"));
    await host.runtime.close();
    expect(host.store.cells().filter(({ cell }) => cell === "counter/a")).toEqual([]);
  });

  test("C10: an acknowledged event is handled after a crash at every write, once, and what it causes too", async () => {
    const ring = (): AgentDefinition<"Pass"> => ringOf;
    const seen: string[] = [];
    const ringOf: AgentDefinition<"Pass"> = defineAgent({
      type: "ring",
      state: () => ({ seen: [] as number[] }),
      handlers: (on) => [
        on.event(Pass, ({ n }, context) => {
          context.state.seen.push(n);
          seen.push(`${context.id.key}:${n}`);
          if (n < 12) context.tell(Pass({ n: n + 1 }), ring().id(String((n + 1) % 3)));
        }),
      ],
    });
    for (let writes = 1; writes < 26; writes++) {
      const host = new Host();
      await host.start([ringOf]);
      await host.runtime.tell(Pass({ n: 0 }), ringOf.id("0"));
      host.power.kill(writes);
      await new Promise((resolve) => setTimeout(resolve, 3));
      await host.crash();
      const all = await until(async () => {
        await host.runtime.idle();
        const snapshots = await Promise.all(["0", "1", "2"].map((key) => host.runtime.snapshot(ringOf.id(key))));
        const numbers = snapshots.flatMap((snapshot) => seenSchema.parse(snapshot?.state ?? { seen: [] }).seen);
        return numbers.includes(12) ? numbers : undefined;
      });
      expect(
        all.toSorted((a, b) => a - b),
        `killed after ${writes} writes`,
      ).toEqual(Array.from({ length: 13 }, (_, n) => n));
      await host.runtime.close();
    }
  });

  test("K6: the log of an agent that keeps none stays short however many messages it handles, and loses none at a crash", async () => {
    const host = new Host();
    await host.start([counter]);
    for (let round = 0; round < 30; round++)
      await Promise.all(Array.from({ length: 100 }, () => host.runtime.send(Add({ n: 1 }), counter.id("a"))));
    expect(host.store.read("counter/a").length).toBeLessThan(2_500);
    await host.crash();
    expect(await host.runtime.send(Add({ n: 1 }), counter.id("a"))).toEqual({ total: 3_001 });
    await host.runtime.close();
  });

  test("C8: a message in flight at five unclean deaths is set aside, and can be sent again; the agent goes on", async () => {
    let isHarmful = true;
    let runs = 0;
    const host = new Host();
    const fragile = defineAgent({
      type: "fragile",
      state: () => ({ total: 0 }),
      handlers: (on) => [
        on.request(Add, async ({ n }, context) => {
          runs += 1;
          if (n === 13 && isHarmful) await new Promise(() => {});
          context.state.total += n;
          return { total: context.state.total };
        }),
      ],
    });
    await host.start([fragile]);
    host.runtime.send(Add({ n: 13 }), fragile.id("a"), { deadlineMs: Infinity }).catch(() => {});
    host.runtime.send(Add({ n: 1 }), fragile.id("a"), { deadlineMs: Infinity }).catch(() => {});
    await until(() => (runs === 1 ? true : undefined));
    for (let death = 1; death <= 5; death++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await host.crash();
    }
    const [letter] = await until(() =>
      host.runtime.deadLetters.list().length > 0 ? host.runtime.deadLetters.list() : undefined,
    );
    expect(letter).toMatchObject({
      reason: "quarantined",
      error: { code: "state.quarantined" },
      mail: { body: { n: 13 } },
    });
    expect(await host.runtime.send(Add({ n: 1 }), fragile.id("a"))).toEqual({ total: 2 });
    isHarmful = false;
    await host.runtime.deadLetters.resend(letter?.id ?? "");
    await host.runtime.idle();
    expect(await host.runtime.send(Add({ n: 1 }), fragile.id("a"))).toEqual({ total: 16 });
    await host.runtime.close();
  });

  test("C26: state of an earlier version is brought forward, that of a newer one is refused and kept", async () => {
    const versioned = (stateVersion: number): AgentDefinition<"Add"> =>
      defineAgent({
        type: "versioned",
        stateVersion,
        state: () => ({ total: 0, form: stateVersion }),
        migrate: (state, version) => ({ ...totalSchema.parse(state), form: stateVersion, from: version }),
        handlers: (on) => [
          on.request(Add, ({ n }, context) => {
            context.state.total += n;
            return { total: context.state.total };
          }),
        ],
      });
    const [old, fresh] = [versioned(1), versioned(3)];
    const host = new Host();
    await host.start([old]);
    await host.runtime.send(Add({ n: 5 }), old.id("a"));
    await host.crash([fresh]);
    expect((await host.runtime.snapshot(fresh.id("a")))?.state).toEqual({ total: 5, form: 3, from: 1 });
    expect(await host.runtime.send(Add({ n: 2 }), fresh.id("a"))).toEqual({ total: 7 });
    await host.crash([old]);
    await expect(host.runtime.send(Add({ n: 1 }), old.id("a"))).rejects.toMatchObject({ code: "state.newer_version" });
    await host.crash([fresh]);
    expect(await host.runtime.send(Add({ n: 1 }), fresh.id("a"))).toEqual({ total: 8 });
    await host.runtime.close();
  });

  test("C19: a paused run whose mail waits rests, and goes on when it is resumed", async () => {
    const host = new Host();
    await host.start([counter]);
    const worker = defineAgent({
      type: "worker",
      state: () => ({ total: 0 }),
      cell: () => "work",
      handlers: (on) => [
        on.request(Add, ({ n }, context) => {
          context.state.total += n;
          return { total: context.state.total };
        }),
      ],
    });
    await host.runtime.register(worker);
    const run = { runId: "r", path: [] };
    await host.runtime.control("work", "r", { kind: "pause" });
    const asked = host.runtime.send(Add({ n: 2 }), worker.id("a"), { run });
    await until(() => (host.runtime.stats().queuedMessages === 1 ? true : undefined));
    await host.runtime.rest("work", "r");
    expect(host.runtime.stats().queuedMessages).toBe(1);
    await host.runtime.control("work", "r", { kind: "resume" });
    expect(await asked).toEqual({ total: 2 });
    await host.runtime.rest("work", "r");
    await host.runtime.close();
  });

  test("C22: an outcome and the claim that follows it are one write", async () => {
    const appends: string[][] = [];
    const store = new MemoryStore({ isDurable: true });
    const append = store.append.bind(store);
    store.append = (...call) => {
      appends.push(call[2].map(({ kind }) => kind));
      return append(...call);
    };
    const runtime = new InProcessRuntime({ store, logger: quiet });
    const stepper = defineAgent({
      type: "stepper",
      state: () => ({}),
      handlers: (on) => [
        on.request(Add, async ({ n }, context) => {
          for (let step = 0; step < n; step++) await context.step(`step ${step}`, () => step);
          return { total: n };
        }),
      ],
    });
    await runtime.register(stepper);
    await runtime.send(Add({ n: 3 }), stepper.id("a"));
    expect(appends).toEqual([
      ["received"],
      ["step-claimed"],
      ["step-settled", "step-claimed"],
      ["step-settled", "step-claimed"],
      ["step-settled", "turn"],
    ]);
    await runtime.close();
  });

  test('C25: with durability "turn" outcomes of idempotent steps wait for the turn\'s commit, claims of others do not', async () => {
    const appends: string[][] = [];
    const store = new MemoryStore({ isDurable: true });
    const append = store.append.bind(store);
    store.append = (...call) => {
      appends.push(call[2].map(({ kind }) => kind));
      return append(...call);
    };
    const runtime = new InProcessRuntime({ store, logger: quiet });
    const stepper = defineAgent({
      type: "stepper",
      state: () => ({}),
      handlers: (on) => [
        on.request(Add, async ({ n }, context) => {
          const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));
          await context.step("one", pause, { idempotent: true });
          await context.step("two", pause, { idempotent: true });
          await context.step("three", pause);
          await context.step("four", pause, { idempotent: true });
          return { total: n };
        }),
      ],
    });
    await runtime.register(stepper);
    await runtime.send(Add({ n: 3 }), stepper.id("a"), { run: { runId: "r", path: [], durability: "turn" } });
    expect(appends).toEqual([
      ["received"],
      ["step-settled", "step-settled", "step-claimed"],
      ["step-settled"],
      ["step-settled", "turn"],
    ]);
    await runtime.close();
  });

  test("I9: sessions at rest leave memory beyond their number, and come back as they were", async () => {
    const session = defineAgent({
      type: "session",
      state: () => ({ total: 0 }),
      cell: (key) => `session/${key}`,
      handlers: (on) => [
        on.request(Add, ({ n }, context) => {
          context.state.total += n;
          context.emit("added", { n }, { end: "finished" });
          return { total: context.state.total };
        }),
      ],
    });
    const host = new Host();
    await host.start([session], { maxRestingCells: 3 });
    for (let key = 0; key < 50; key++)
      await host.runtime.send(Add({ n: key }), session.id(String(key)), { run: { runId: `r${key}`, path: [] } });
    await until(() => (host.runtime.stats().residentCells <= 3 ? true : undefined));
    expect(host.runtime.stats()).toMatchObject({ activeAgents: 3, pendingRequests: 0 });
    expect(await host.runtime.send(Add({ n: 1 }), session.id("7"))).toEqual({ total: 8 });
    const kinds: string[] = [];
    for await (const event of host.runtime.events("session/9", { runId: "r9" })) kinds.push(event.kind);
    expect(kinds).toEqual(["added"]);
    expect(await host.runtime.runs({ runId: "r9" })).toMatchObject([{ status: "ended", end: "finished", sequence: 1 }]);
    await host.runtime.close();
  });

  test("C27: a session whose history was dropped goes on; its past says so", async () => {
    const host = new Host();
    await host.start([talk]);
    const id = talk.id("s");
    for (const runId of ["one", "two"]) await host.runtime.send(Add({ n: 1 }), id, { run: { runId, path: [] } });
    await host.runtime.dropHistory("talk/s");
    expect(host.store.read("talk/s")).toEqual([]);
    await host.crash();
    expect(await host.runtime.send(Add({ n: 1 }), id, { run: { runId: "three", path: [] } })).toEqual({ total: 3 });
    const read = async (runId: string): Promise<unknown[]> => readAll(host.runtime.events("talk/s", { runId }));
    await expect(read("one")).rejects.toMatchObject({ code: "run.history_pruned" });
    expect(await read("three")).toMatchObject([{ kind: "added", sequence: 1 }]);
    const target = { cell: "talk/t", runId: "fork", key: (key: string) => key };
    const forked = host.runtime.fork("talk/s", { runId: "one", sequence: 1 }, target);
    await expect(forked).rejects.toMatchObject({ code: "run.history_pruned" });
    await host.runtime.close();
  });

  test("C27: the history of a cell with work in progress stays", async () => {
    const host = new Host();
    await host.start([slowpoke]);
    host.runtime.send(Add({ n: 1 }), slowpoke.id("s"), { deadlineMs: Infinity }).catch(() => {});
    await until(() => host.runtime.waits()[0]);
    await expect(host.runtime.dropHistory("slowpoke/s")).rejects.toMatchObject({ code: "state.busy" });
    await host.runtime.close({ graceMs: 10 });
  });

  test("C25: a run of the memory store is archived whole, once, and can be read there", async () => {
    const archive = new MemoryStore({ isDurable: true });
    const runtime = new InProcessRuntime({ logger: quiet });
    await runtime.register(talk);
    await runtime.send(Add({ n: 4 }), talk.id("s"), { run: { runId: "r", path: [] } });
    await runtime.archive("talk/s", archive);
    await expect(runtime.archive("talk/s", archive)).rejects.toMatchObject({ code: "state.busy" });
    await runtime.close();
    const reader = new InProcessRuntime({ store: archive, logger: quiet });
    await reader.register(talk);
    expect(await reader.runs()).toMatchObject([{ runId: "r", cell: "talk/s", status: "ended", end: "finished" }]);
    expect((await reader.snapshot(talk.id("s")))?.state).toEqual({ total: 4 });
    expect(await readAll(reader.events("talk/s", { runId: "r" }))).toMatchObject([{ kind: "added" }]);
    await reader.close();
  });
});
