// What the server refuses, and what it holds that cannot be read: each a typed error that says who can do what, without secrets.
import { inspect } from "node:util";
import { ConfigError } from "@troupe/core";
import { expectCode } from "@troupe/core/testing";
import { postgresStore } from "@troupe/postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { freshSchema, openStore } from "./support/postgres-subject.ts";
import { CellDriver, mailEntry, marksOf, numbers, record } from "./support/records.ts";
import { describeWithServer } from "./support/with-server.ts";

describe("options that cannot be used are refused before anything connects, without showing them", () => {
  const secret = "hunter2";
  const wrong: Readonly<Record<string, Parameters<typeof postgresStore>[0]>> = {
    "a connection string that is none": { connectionString: `postgres://troupe:${secret}@[broken` },
    "a schema name that needs quotes": { schema: 'a"; DROP SCHEMA public; --' },
    "no connections": { maxConnections: 0 },
    "half a millisecond": { retryMs: 0.5 },
  };
  for (const [name, options] of Object.entries(wrong)) {
    test(name, () => {
      let thrown: unknown;
      try {
        postgresStore({ password: secret, ...options });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(ConfigError);
      expect(thrown).toMatchObject({ code: "config.invalid_option" });
      expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain(secret);
    });
  }
});

describeWithServer("what postgresStore is refused", (server) => {
  function open(options: object = {}) {
    const schema = freshSchema();
    const store = openStore(server(), { schema, retryMs: 1_000, ...options });
    onTestFinished(() => store.close());
    return { store, schema };
  }

  /** Nothing that an error carries shows a password. */
  function expectNoSecret(error: unknown, secret: string): void {
    const text = inspect(error, { depth: 9, showHidden: true, getters: true });
    expect(text).toContain("StoreError");
    expect(text).not.toContain(secret);
    expect(text).not.toContain(encodeURIComponent(secret));
  }

  async function makeRole(name: string, rights = ""): Promise<string> {
    await server().query(`CREATE ROLE ${name} LOGIN PASSWORD 'p/w of ${name}' ${rights}`);
    return server().connectionString({ user: name, password: `p/w of ${name}` });
  }

  test("S5: a wrong password is told at once, without the password", async () => {
    const password = "wrong/p@ss word";
    const { store } = open({ connectionString: server().connectionString({ password }), retryMs: 60_000 });
    const error = await expectCode("store.unavailable", "cells", () => store.cells());
    expect(error.details).toMatchObject({ sqlState: "28P01" });
    expect(error.remedy).toContain("password");
    expectNoSecret(error, password);
    expect(inspect(store, { depth: 9, showHidden: true })).not.toContain(password);
  });

  test("S5: a server that is not there is told without the password", async () => {
    const connectionString = `postgres://troupe:${encodeURIComponent("s3cret/x")}@127.0.0.1:1/troupe`;
    const { store } = open({ connectionString, retryMs: 100 });
    const error = await expectCode("store.unavailable", "cells", () => store.cells());
    expect(error.message).toContain("ECONNREFUSED");
    expectNoSecret(error, "s3cret/x");
  });

  test("a database that is not there", async () => {
    const { store } = open({ connectionString: server().connectionString({ database: "nowhere" }), retryMs: 60_000 });
    const error = await expectCode("store.unavailable", "cells", () => store.cells());
    expect(error.remedy).toContain("Create the database");
  });

  test("a database whose encoding cannot keep every text", async () => {
    await server().query("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    const { store } = open({ connectionString: server().connectionString({ database: "latin" }) });
    const error = await expectCode("store.unavailable", "cells", () => store.cells());
    expect(error.remedy).toContain("UTF8");
  });

  test("a role without rights, and one with rights on the schema alone", async () => {
    const connectionString = await makeRole("limited");
    await server().query("REVOKE CREATE ON DATABASE troupe FROM PUBLIC");
    const { store, schema } = open({ connectionString, retryMs: 60_000 });
    const error = await expectCode("store.unavailable", "cells", () => store.cells());
    expect(error.details).toMatchObject({ sqlState: "42501" });
    expect(error.remedy).toContain("Grant");
    await server().query(`CREATE SCHEMA ${schema}; GRANT ALL ON SCHEMA ${schema} TO limited`);
    const driver = await CellDriver.claim(store, "cell");
    await driver.append();
    expect(await marksOf(store, "cell")).toEqual([0]);
  });

  test("a read-only server", async () => {
    const schema = freshSchema();
    const owner = openStore(server(), { schema });
    onTestFinished(() => owner.close());
    const driver = await CellDriver.claim(owner, "cell");
    await driver.append();
    const connectionString = await makeRole("reader", "SUPERUSER");
    await server().query("ALTER ROLE reader SET default_transaction_read_only = on");
    const reader = openStore(server(), { schema, connectionString, retryMs: 60_000 });
    onTestFinished(() => reader.close());
    expect(await marksOf(reader, "cell")).toEqual([0]);
    const error = await expectCode("store.unavailable", "claim", () => reader.claim("cell", "reader"));
    expect(error.details).toMatchObject({ sqlState: "25006" });
  });

  test("data of a newer version", async () => {
    const { store, schema } = open();
    const driver = await CellDriver.claim(store, "cell");
    await server().query(`UPDATE ${schema}.meta SET version = 99`);
    const late = openStore(server(), { schema });
    onTestFinished(() => late.close());
    const error = await expectCode("store.newer_schema", "claim", () => late.claim("cell", "late"));
    expect(error.details).toEqual({ schema, version: 99, supported: 2 });
    await expectCode("store.newer_schema", "read", () => late.read("cell"));
    // One that was there before learns of it with its next heartbeat, and stops.
    await expectCode("store.newer_schema", "heartbeat", () => store.heartbeat("owner"));
    await expectCode("store.newer_schema", "append", () => driver.append());
    await store.close();
  });

  test("a schema from which somebody has dropped a table", async () => {
    const { store, schema } = open();
    const driver = await CellDriver.claim(store, "cell");
    await server().query(`DROP TABLE ${schema}.log`);
    await expectCode("store.corrupted", "append", () => driver.append());
  });

  test("a full disk: nothing acknowledged is lost, and writing goes on when there is room", async () => {
    const { store, schema } = open({ retryMs: 200 });
    const driver = await CellDriver.claim(store, "cell");
    await driver.appendMany(2);
    await failInserts(schema, "53100", "true");
    const error = await expectCode("store.unavailable", "append", () => driver.append());
    expect(error.remedy).toContain("disk");
    expect(error.details).toMatchObject({ outcome: "refused" });
    await server().query(`DROP TRIGGER refuse ON ${schema}.log`);
    await driver.append();
    expect(await marksOf(store, "cell")).toEqual([0, 1, 2]);
  });

  test("W1: of one tick's appends only the one that the server objects to fails", async () => {
    const { store, schema } = open();
    const drivers = await Promise.all(numbers(6).map((index) => CellDriver.claim(store, `cell ${index}`)));
    const [id] = await server().query(`SELECT id FROM ${schema}.cells WHERE name = 'cell 3'`);
    await failInserts(schema, "22000", `NEW.cell = ${id ?? ""}`);
    const outcomes = await Promise.allSettled(drivers.map((driver) => driver.append()));
    expect(outcomes.map(({ status }) => status)).toEqual(
      numbers(6).map((index) => (index === 3 ? "rejected" : "fulfilled")),
    );
  });

  /** Makes the server refuse log rows. */
  async function failInserts(schema: string, state: string, when: string): Promise<void> {
    await server().query(`
      CREATE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'refused by a test' USING ERRCODE = '${state}'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON ${schema}.log FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION ${schema}.refuse()`);
  }
});

describeWithServer("what postgresStore cannot read", (server) => {
  /** A store with a cell of ten records in ten rows and another one, and a way to damage it. */
  async function openFilled() {
    const schema = freshSchema();
    const store = openStore(server(), { schema });
    onTestFinished(() => store.close());
    const driver = await CellDriver.claim(store, "cell");
    await driver.appendMany(10);
    await (await CellDriver.claim(store, "other")).appendMany(1);
    const fence = { epoch: (await store.claim("cell", "owner")).epoch, position: 10 };
    const damage = async (sql: string): Promise<void> => {
      await server().query(`SET search_path = ${schema}; ${sql}`);
    };
    return { store, fence, damage };
  }

  async function expectCorrupted(read: () => unknown, details: object): Promise<void> {
    const error = await expectCode("store.corrupted", "read", read);
    expect(error.details).toMatchObject(details);
    expect(error.message).toContain('"cell"');
  }

  const cellId = "(SELECT id FROM cells WHERE name = 'cell')";
  const damages: Readonly<Record<string, string>> = {
    "an altered row": `UPDATE log SET body = overlay(body PLACING '!!' FROM 12) WHERE cell = ${cellId} AND start = 4`,
    "a cut row": `UPDATE log SET body = left(body, -3) WHERE cell = ${cellId} AND start = 4`,
    "an empty row": `UPDATE log SET body = '' WHERE cell = ${cellId} AND start = 4`,
    "a missing row": `DELETE FROM log WHERE cell = ${cellId} AND start = 4`,
    "a row with the wrong number of records": `UPDATE log SET count = 7 WHERE cell = ${cellId} AND start = 4`,
  };
  for (const [name, sql] of Object.entries(damages)) {
    test(`${name} is named by cell and position, and hides nothing before it`, async () => {
      const { store, damage } = await openFilled();
      await damage(sql);
      await expectCorrupted(() => store.read("cell"), { cell: "cell", position: 4 });
      expect((await store.read("cell", { limit: 4 })).length).toBe(4);
      expect(await marksOf(store, "other")).toEqual([0]);
    });
  }

  test("a log whose beginning is gone", async () => {
    const { store, damage } = await openFilled();
    await damage(`DELETE FROM log WHERE cell = ${cellId} AND start < 4`);
    await expectCorrupted(() => store.read("cell"), { cell: "cell", position: 0 });
  });

  test("a damaged snapshot", async () => {
    const { store, fence, damage } = await openFilled();
    await store.snapshot("cell", fence, { position: 10, agents: { ada: { state: "1", lists: {} } } });
    await damage(`UPDATE snapshots SET body = left(body, -2)`);
    await expectCorrupted(() => store.claim("cell", "owner"), { cell: "cell" });
  });

  test("a damaged inbox entry", async () => {
    const { store, fence, damage } = await openFilled();
    await store.deliver("cell", [mailEntry(1)]);
    await damage(`UPDATE inbox SET body = '{'`);
    await expectCorrupted(() => store.collect("cell", fence), { cell: "cell" });
  });

  test("a large string that is gone", async () => {
    const { store, fence, damage } = await openFilled();
    await store.append("cell", fence, [record("large ".repeat(60_000))]);
    await damage("DELETE FROM blobs");
    await expectCorrupted(() => store.read("cell"), { cell: "cell", position: 10 });
    expect((await store.read("cell", { limit: 10 })).length).toBe(10);
  });
});
