import { DatabaseSync } from "node:sqlite";
import { expectCode } from "@troupe/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { temporaryFile, type TemporaryFile } from "../../test/support/temporary-file.ts";
import { openDatabase } from "./open-database.ts";
import { readSchemaVersion, schemaVersion } from "./schema.ts";

let file: TemporaryFile;

beforeEach(() => {
  file = temporaryFile();
});

afterEach(() => file.remove());

function open(): DatabaseSync {
  return openDatabase({ path: file.path, sync: "full", maxFileBytes: undefined });
}

/** Runs statements on the file as another program would. */
function execute(sql: string): void {
  const database = new DatabaseSync(file.path);
  database.exec(sql);
  database.close();
}

describe("the schema", () => {
  test("a new file gets the current version, in the mode that the store relies on", () => {
    const database = open();
    const pragma = (name: string): unknown => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect(["journal_mode", "synchronous", "auto_vacuum", "busy_timeout"].map(pragma)).toEqual(["wal", 2, 2, 0]);
    expect(readSchemaVersion(database, file.path)).toBe(schemaVersion);
    database.close();
  });

  test("a file of the current version is opened without writing: another connection may hold the lock", () => {
    open().close();
    const holder = new DatabaseSync(file.path);
    holder.exec("BEGIN IMMEDIATE");
    open().close();
    holder.close();
  });

  test("two that open a new file at once end with one schema", () => {
    const other = new DatabaseSync(file.path);
    other.exec("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE");
    expect(open).toThrow("locked");
    other.exec("ROLLBACK");
    other.close();
    open().close();
    open().close();
  });

  test("a file of version 1 is brought to this one, with what it holds, and its cells are taken from their owners", () => {
    open().close();
    execute(
      "INSERT INTO cell (name, epoch, position) VALUES ('old', 1, 7); DROP TABLE summary; PRAGMA user_version = 1",
    );
    const database = open();
    expect(readSchemaVersion(database, file.path)).toBe(schemaVersion);
    expect(database.prepare("SELECT name, epoch, position FROM cell").all()).toEqual([
      { name: "old", epoch: 0, position: 7 },
    ]);
    expect(database.prepare("SELECT * FROM summary").all()).toEqual([]);
    database.close();
  });

  test("a file of a newer version is refused, and left as it is", async () => {
    open().close();
    execute(`PRAGMA user_version = ${schemaVersion + 1}`);
    const error = await expectCode("store.newer_schema", "open", open);
    expect(error.details).toEqual({ path: file.path, version: schemaVersion + 1, supported: schemaVersion });
    const database = new DatabaseSync(file.path);
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: schemaVersion + 1 });
    database.close();
  });

  test("a database of another program is refused, and left as it is", async () => {
    execute("CREATE TABLE theirs (x)");
    await expectCode("store.corrupted", "open", open);
    const database = new DatabaseSync(file.path);
    expect(database.prepare("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "theirs" }]);
    database.close();
  });
});
