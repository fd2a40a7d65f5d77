// The server goes away and comes back: killed in the middle of commits, cut off, silent.
import { setTimeout as pause } from "node:timers/promises";
import { StoreError } from "@troupe/core";
import { expectCode } from "@troupe/core/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { FlakyLink } from "./support/flaky-link.ts";
import { freshSchema, openStore } from "./support/postgres-subject.ts";
import { CellDriver, claimCell, mailEntry, markOf, marksOf, numbers, record } from "./support/records.ts";
import { describeWithServer } from "./support/with-server.ts";

/** Resolves when a condition holds; the test's own limit ends it otherwise. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(10);
}

describeWithServer("postgresStore without its server", (server) => {
  /** A store behind a link of its own. */
  async function openBehindLink(options: object = {}) {
    const link = await FlakyLink.open(server().port);
    const schema = freshSchema();
    const { password } = server();
    const address = { host: "127.0.0.1", user: "troupe", database: "troupe", port: link.port, password };
    const store = openStore(server(), { connectionString: undefined, ...address, schema, ...options });
    onTestFinished(async () => {
      await store.close();
      await link.close();
    });
    return { link, store, schema };
  }

  /** A store with a direct connection. */
  function open(options: object = {}) {
    const schema = freshSchema();
    const store = openStore(server(), { schema, ...options });
    onTestFinished(() => store.close());
    return { store, schema };
  }

  test("W2, W3: nothing acknowledged is lost and nothing is written twice when the server is killed in the middle of commits", async () => {
    const { store } = open({ retryMs: 20_000 });
    const drivers = await Promise.all(numbers(8).map((index) => CellDriver.claim(store, `cell ${index}`)));
    const writing = Promise.all(drivers.map((driver) => driver.appendMany(120)));
    for (const target of [160, 480]) {
      while (drivers.reduce((sum, { acknowledged }) => sum + acknowledged, 0) < target) await pause(1);
      await server().kill();
      await server().start();
    }
    await writing;
    for (const { cell } of drivers) expect(await marksOf(store, cell)).toEqual(numbers(120));
  }, 40_000);

  test("D4: while the server is away calls fail as unavailable after their time, and work again when it is back", async () => {
    const { store } = open({ retryMs: 300 });
    const driver = await CellDriver.claim(store, "cell");
    await driver.append();
    await server().shutDown();
    try {
      const failures = await Promise.all([
        expectCode("store.unavailable", "read", () => store.read("cell")),
        expectCode("store.unavailable", "append", () => driver.append()),
        expectCode("store.unavailable", "deliver", () => store.deliver("cell", [mailEntry(1)])),
        expectCode("store.unavailable", "claim", () => store.claim("other", "owner")),
        expectCode("store.unavailable", "heartbeat", () => store.heartbeat("owner")),
      ]);
      for (const error of failures) expect(error.remedy).toContain("Check that the server runs");
    } finally {
      await server().start();
    }
    await store.heartbeat("owner");
    await driver.appendMany(2);
    expect(await marksOf(store, "cell")).toEqual([0, 1, 2]);
    expect((await store.claim("other", "owner")).isClean).toBe(true);
  }, 30_000);

  test("a store closes at once while the server is away", async () => {
    const { store } = open({ retryMs: 20_000 });
    const driver = await CellDriver.claim(store, "cell");
    await server().kill();
    try {
      const lost = expectCode("store.unavailable", "append", () => driver.append());
      const start = performance.now();
      await store.close();
      expect(performance.now() - start).toBeLessThan(6_000);
      await lost;
    } finally {
      await server().start();
    }
  }, 30_000);

  describe("every connection is cut by the server", () => {
    test("W3: appends on their way are written once", async () => {
      const { store, schema } = open();
      const drivers = await Promise.all(numbers(4).map((index) => CellDriver.claim(store, `cell ${index}`)));
      const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'troupe' AND query LIKE '%input%'`;
      let cuts = 0;
      const cutting = (async () => {
        while (cuts < 6) cuts += (await server().query(sql)).length;
      })();
      await Promise.all(
        drivers.map(async (driver) => {
          while (cuts < 6) await driver.append();
        }),
      );
      await cutting;
      for (const { cell, acknowledged } of drivers) expect(await marksOf(store, cell)).toEqual(numbers(acknowledged));
      const written = drivers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
      expect(await server().query(`SELECT count(*) FROM ${schema}.log`)).toEqual([String(written)]);
    });
  });

  describe("the answer to a commit is lost", () => {
    test("W3: an append is acknowledged without being written again", async () => {
      const { link, store, schema } = await openBehindLink();
      const driver = await CellDriver.claim(store, "cell");
      await driver.append();
      const swallowed = link.swallowAnswerTo("append");
      await driver.append();
      await swallowed;
      await driver.append();
      expect(await marksOf(store, "cell")).toEqual([0, 1, 2]);
      expect(await server().query(`SELECT count(*) FROM ${schema}.log`)).toEqual(["3"]);
    });

    test("W3: an append that somebody fenced meanwhile is refused", async () => {
      const { link, store, schema } = await openBehindLink();
      const driver = await CellDriver.claim(store, "cell");
      await driver.append();
      const swallowed = link.swallowAnswerTo("append");
      link.cut();
      const lost = expectCode("store.fenced", "append", () => driver.append());
      await server().query(`UPDATE ${schema}.cells SET epoch = epoch + 1`);
      link.restore();
      await swallowed;
      await lost;
    });

    test("a delivery arrives once", async () => {
      const { link, store } = await openBehindLink();
      const fence = await claimCell(store, "cell");
      await store.deliver("cell", [mailEntry(0)]);
      const swallowed = link.swallowAnswerTo("inbox-insert");
      await store.deliver("cell", [mailEntry(1), mailEntry(2)]);
      await swallowed;
      await store.deliver("cell", [mailEntry(3)]);
      expect((await store.collect("cell", fence)).map(({ entry }) => markOf(entry))).toEqual([0, 1, 2, 3]);
    });

    test("a claim is made again, and its first epoch is worth nothing", async () => {
      const { link, store } = await openBehindLink();
      const first = await claimCell(store, "cell");
      const swallowed = link.swallowAnswerTo("claim");
      const second = await claimCell(store, "cell");
      await swallowed;
      expect(second.epoch).toBeGreaterThan(first.epoch + 1);
      expect(await store.append("cell", second, [record(0)])).toBe(1);
    });

    test("W3: without an answer in time the error says that the outcome is unknown", async () => {
      const { link, store } = await openBehindLink({ retryMs: 200 });
      const driver = await CellDriver.claim(store, "cell");
      await driver.append();
      const swallowed = link.swallowAnswerTo("append");
      const appending = expectCode("store.unavailable", "append", () => driver.append());
      await swallowed;
      link.cut();
      expect((await appending).details).toMatchObject({ outcome: "unknown" });
      link.restore();
      expect(await marksOf(store, "cell")).toEqual([0, 1]);
    });
  });

  test("D2, D3: a connection on which nothing passes any more is given up and another one is used", async () => {
    const { link, store } = await openBehindLink({ statementTimeoutMs: 200 });
    const driver = await CellDriver.claim(store, "cell");
    await driver.append();
    for (const use of [() => driver.append(), () => store.heartbeat("owner")]) {
      const silenced = link.silenceNext();
      await Promise.all([use(), silenced]);
    }
    expect(await marksOf(store, "cell")).toEqual([0, 1]);
    expect((await store.cells())[0]?.owner).toBe("owner");
  });

  test("S1: a watcher hears of mail again after its connection broke", async () => {
    const { link, store, schema } = await openBehindLink();
    const sender = openStore(server(), { schema });
    onTestFinished(() => sender.close());
    await claimCell(store, "cell");
    let heard = Promise.withResolvers<void>();
    const stop = store.watch(() => heard.resolve());
    onTestFinished(stop);
    link.cut();
    link.restore();
    // The session tells its watchers when it stands again: they may have missed something.
    await heard.promise;
    heard = Promise.withResolvers();
    await sender.deliver("cell", [mailEntry(1)]);
    await heard.promise;
  });

  test("a timed-out statement does not reach the caller as anything but a store error", async () => {
    const { store, schema } = open({ statementTimeoutMs: 150, retryMs: 200 });
    const driver = await CellDriver.claim(store, "cell");
    const holder = server().query(`BEGIN; LOCK TABLE ${schema}.cells; SELECT pg_sleep(1.5); COMMIT`);
    await until(async () => {
      const held = `SELECT FROM pg_locks WHERE relation = '${schema}.cells'::regclass AND mode = 'AccessExclusiveLock' AND granted`;
      return (await server().query(`SELECT count(*) FROM (${held}) l`))[0] === "1";
    });
    const error = await expectCode("store.unavailable", "append", () => driver.append());
    expect(error).toBeInstanceOf(StoreError);
    expect(error.details).toMatchObject({ sqlState: "57014", outcome: "refused" });
    await holder;
    await driver.append();
  });
});
