// Who lives, who is dead, and what becomes of the cells: with real processes and real connections.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Store } from "@troupe/core";
import { expectCode } from "@troupe/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { FlakyLink } from "./support/flaky-link.ts";
import { freshSchema, openStore, silenceWorker } from "./support/postgres-subject.ts";
import { CellDriver, claimCell, mailEntry, marksOf, numbers, record } from "./support/records.ts";
import { describeWithServer } from "./support/with-server.ts";

const program = fileURLToPath(new URL("support/worker-process.ts", import.meta.url));

describeWithServer("workers of postgresStore", (server) => {
  /** As many handles as wanted on one new schema. */
  function open(count: number, options: object = {}): { readonly stores: readonly Store[]; readonly schema: string } {
    const schema = freshSchema();
    const stores = numbers(count).map(() => openStore(server(), { schema, ...options }));
    onTestFinished(async () => {
      await Promise.all(stores.map(async (store) => store.close()));
    });
    return { stores, schema };
  }

  function first(stores: readonly Store[]): readonly [Store, Store] {
    const [left, right] = stores;
    if (left === undefined || right === undefined) throw new Error("two stores are needed");
    return [left, right];
  }

  /** Starts a process that claims "cell" and says so. */
  async function startProcess(schema: string, ending: "stay" | "leave" | "write") {
    const condition = "--conditions=troupe-source";
    const child = spawn(process.execPath, [condition, program, server().connectionString(), schema, "cell", ending], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const exited = once(child, "exit");
    await Promise.race([
      once(child.stdout, "data"),
      exited.then(() => Promise.reject(new Error("the process has ended"))),
    ]);
    return { child, exited };
  }

  test("P1: the cell of a killed process is free at once, not cleanly", async () => {
    const { stores, schema } = open(2);
    const [store] = first(stores);
    const { child, exited } = await startProcess(schema, "stay");
    await expectCode("store.owned", "claim", () => store.claim("cell", "owner"));
    child.kill("SIGKILL");
    await exited;
    const start = performance.now();
    const claim = await claimWhenFree(store, "cell");
    expect(performance.now() - start).toBeLessThan(5_000);
    expect([claim.isClean, claim.position]).toEqual([false, 1]);
    expect(await marksOf(store, "cell")).toEqual([0]);
  });

  test("P4, W1: a stopped process is taken over when its lease ends, and is fenced when it wakes", async () => {
    const { stores, schema } = open(2);
    const [store] = first(stores);
    const { child, exited } = await startProcess(schema, "write");
    child.kill("SIGSTOP");
    await expectCode("store.owned", "claim", () => store.claim("cell", "owner"));
    await silenceWorker(server(), schema, "child");
    const claim = await store.claim("cell", "owner");
    expect(claim.isClean).toBe(false);
    const said = once(child.stdout, "data");
    child.kill("SIGCONT");
    expect(String((await said)[0]).trim()).toBe("store.fenced");
    expect(await exited).toEqual([0, null]);
    expect(await store.append("cell", claim, [record(claim.position)])).toBe(claim.position + 1);
    expect(await marksOf(store, "cell")).toEqual(numbers(claim.position + 1));
  });

  test("D5, S4: a program that forgets the store ends, and its worker with it", async () => {
    const { stores, schema } = open(2);
    const [store] = first(stores);
    const { exited } = await startProcess(schema, "leave");
    expect(await exited).toEqual([0, null]);
    expect((await claimWhenFree(store, "cell")).isClean).toBe(false);
  });

  test("P2: a cut session is opened again and keeps its cells when nobody took them", async () => {
    const { stores, schema } = open(2);
    const [store, second] = first(stores);
    const driver = await CellDriver.claim(store, "cell");
    await driver.append();
    for (let round = 0; round < 3; round++) {
      await cutSessions(schema);
      expect(await store.heartbeat("owner")).toEqual([]);
      await expectCode("store.owned", "claim", () => second.claim("cell", "other"));
      await driver.append();
    }
    expect((await second.cells())[0]?.owner).toBe("owner");
  });

  test("P2, P3: a session that comes back too late finds its workers dead", async () => {
    const schema = freshSchema();
    const link = await FlakyLink.open(server().port);
    const address = {
      host: "127.0.0.1",
      port: link.port,
      user: "troupe",
      database: "troupe",
      password: server().password,
    };
    const store = openStore(server(), { connectionString: undefined, ...address, schema });
    const second = openStore(server(), { schema });
    onTestFinished(async () => {
      for (const each of [store, second]) await each.close();
      await link.close();
    });
    const driver = await CellDriver.claim(store, "cell");
    await CellDriver.claim(store, "mine");
    await driver.append();
    link.cut();
    expect((await claimWhenFree(second, "cell", "other")).isClean).toBe(false);
    link.restore();
    await expectCode("store.fenced", "heartbeat", () => store.heartbeat("owner"));
    await expectCode("store.fenced", "append", () => driver.append());
    await expectCode("store.fenced", "claim", () => store.claim("new", "owner"));
    // Dead as a whole: also what nobody has taken yet can be taken at once.
    expect((await second.claim("mine", "other")).isClean).toBe(false);
    // Starting anew under the same name takes giving everything back first.
    await store.release("owner");
    expect((await store.claim("new", "owner")).isClean).toBe(true);
    expect((await second.cells({ cell: "cell" }))[0]?.owner).toBe("other");
  });

  test("P4: after a restart of the server nobody is dead because the locks are gone", async () => {
    const { stores } = open(2);
    const [store, second] = first(stores);
    const driver = await CellDriver.claim(store, "cell");
    await driver.append();
    await server().kill();
    await server().start();
    await expectCode("store.owned", "claim", () => second.claim("cell", "other"));
    await driver.append();
    expect(await store.heartbeat("owner")).toEqual([]);
    await expectCode("store.owned", "claim", () => second.claim("cell", "other"));
  }, 30_000);

  test("P4: a heartbeat from the future, left by a clock that went back, proves nothing; the next one does", async () => {
    const { stores, schema } = open(2);
    const [store, second] = first(stores);
    await claimCell(store, "a");
    await claimCell(store, "b", "gone");
    await server().query(`UPDATE ${schema}.workers SET beat = beat + interval '1 hour'`);
    await store.heartbeat("owner");
    await expectCode("store.owned", "claim", () => second.claim("a", "other"));
    expect((await second.claim("b", "other")).isClean).toBe(false);
  });

  test("L1: of many claims of many cells of a dead worker each cell is granted once", async () => {
    const { stores, schema } = open(4);
    const [store] = first(stores);
    const cells = numbers(40).map((index) => `cell ${index}`);
    for (const cell of cells) await claimCell(store, cell);
    await silenceWorker(server(), schema, "owner");
    const claims = stores
      .slice(1)
      .flatMap((each, index) => cells.map(async (cell) => each.claim(cell, `worker ${index}`)));
    const outcomes = await Promise.allSettled(claims);
    const granted = outcomes.filter(({ status }) => status === "fulfilled");
    expect(granted.length).toBe(cells.length);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "store.owned" });
    const owners = (await server().query(`SELECT count(*) FROM ${schema}.cells WHERE worker_before IS NOT NULL`))[0];
    expect(owners).toBe("40");
  });

  test("L4: a cell that holds nothing any more leaves no row once it was given back, others leave all they hold", async () => {
    const { stores, schema } = open(2);
    const [store] = first(stores);
    const nothing = { position: 1, agents: {} };
    const something = { position: 1, agents: { ada: { state: "1", lists: {} } } };
    for (const cell of ["bare", "logged", "kept", "mailed", "busy", "noted", "never written"]) {
      const fence = await claimCell(store, cell);
      if (cell === "never written") continue;
      const run = { runId: "r", status: "ended", sequence: 1, questions: 0 } as const;
      const notes = { isBusy: cell === "busy", runs: cell === "noted" ? [run] : [] };
      const position = await store.append(cell, fence, [record(0)], notes);
      if (cell === "mailed") await store.deliver(cell, [mailEntry(1)]);
      const snapshot = cell === "kept" ? something : nothing;
      if (cell !== "logged") await store.snapshot(cell, { ...fence, position }, snapshot, { dropsLog: true });
    }
    const names = (): Promise<readonly string[]> => server().query(`SELECT name FROM ${schema}.cells ORDER BY name`);
    await store.release("owner", "bare");
    expect(await names()).toEqual(["busy", "kept", "logged", "mailed", "never written", "noted"]);
    await store.release("owner");
    expect(await names()).toEqual(["busy", "kept", "logged", "mailed", "noted"]);
    const again = await store.claim("bare", "owner");
    expect([again.position, again.isClean]).toEqual([0, true]);
  });

  test("two workers of one name in two processes are two workers", async () => {
    const { stores } = open(2);
    const [store, second] = first(stores);
    const driver = await CellDriver.claim(store, "cell");
    await expectCode("store.owned", "claim", () => second.claim("cell", "owner"));
    await second.release("owner");
    await driver.append();
    await store.release("owner");
    expect((await second.claim("cell", "owner")).isClean).toBe(true);
  });

  test("a release takes nothing of what was delivered meanwhile", async () => {
    const { stores } = open(2);
    const [store, second] = first(stores);
    for (let round = 0; round < 30; round++) {
      const cell = `cell ${round}`;
      await claimCell(store, cell);
      const released = store.release("owner", cell);
      await second.deliver(cell, [mailEntry(round)]);
      await released;
      expect((await second.cells({ cell }))[0]?.hasMail).toBe(true);
    }
  });

  /** Ends the connections that hold locks or listen. */
  async function cutSessions(schema: string): Promise<void> {
    const sql = `SELECT pg_terminate_backend(pid) FROM pg_locks l JOIN ${schema}.workers w
      ON (l.classid::bigint << 32 | l.objid::bigint) = w.lock WHERE locktype = 'advisory' AND objsubid = 1`;
    expect((await server().query(sql)).length).toBeGreaterThan(0);
  }
});

/** A killed process's connection ends a moment after it: asks until the server has noticed. */
async function claimWhenFree(store: Store, cell: string, owner = "owner") {
  for (;;) {
    try {
      return await store.claim(cell, owner);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "store.owned")) throw error;
    }
  }
}
