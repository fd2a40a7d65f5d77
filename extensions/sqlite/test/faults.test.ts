import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expectCode } from "@troupe/core/testing";
import { type SqliteStore, sqliteStore } from "@troupe/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fill, marks, pause } from "./support/records.ts";
import { executeOn } from "./support/sqlite-subject.ts";
import { schemaVersion } from "../src/connection/schema.ts";
import { temporaryFile, type TemporaryFile } from "./support/temporary-file.ts";

let file: TemporaryFile;
let store: SqliteStore;

beforeEach(() => {
  file = temporaryFile();
  store = sqliteStore(file.path, { lockedMs: 200 });
});

afterEach(async () => {
  await store.close();
  file.remove();
});

/** Everything that is stored, read by a store of its own. */
async function readBack(cell = "cell"): Promise<readonly unknown[]> {
  const reader = sqliteStore(file.path);
  const log = marks(await reader.read(cell));
  await reader.close();
  return log;
}

async function reopen(options: Parameters<typeof sqliteStore>[1] = {}): Promise<void> {
  await store.close();
  store = sqliteStore(file.path, { lockedMs: 200, ...options });
}

function errorOf(thrown: Error): { readonly message: string; readonly remedy: unknown } {
  return { message: thrown.message, remedy: Reflect.get(thrown, "remedy") };
}

describe("faults of the disk", () => {
  test("a full disk: the write fails, what was acknowledged stays, and with room again the cell goes on", async () => {
    await reopen({ maxFileBytes: 400_000 });
    const { epoch } = await store.claim("cell", "worker");
    let acknowledged = 0;
    const error = await expectCode("store.unavailable", "appends to a full disk", async () => {
      for (;;) {
        const noise = Array.from({ length: 200 }, () => Math.random());
        acknowledged = await store.append("cell", { epoch, position: acknowledged }, [pause(noise)]);
      }
    });
    expect(errorOf(error).message).toContain(file.path);
    expect(acknowledged).toBeGreaterThan(20);
    expect(await store.read("cell")).toHaveLength(acknowledged);
    await store.prune("cell", acknowledged - 1);
    expect(await store.append("cell", { epoch, position: acknowledged }, [pause("more")])).toBe(acknowledged + 1);
    expect((await readBack()).at(-1)).toBe("more");
  });

  test("a full disk fails the append, not the log: a smaller append follows at the same position", async () => {
    await reopen({ maxFileBytes: 400_000 });
    const fence = await fill(store, "cell", 3);
    const large = Array.from({ length: 40_000 }, () => Math.random());
    await expectCode("store.unavailable", "a large append", () => store.append("cell", fence, [pause(large)]));
    expect(await store.append("cell", fence, [pause("small")])).toBe(4);
    expect(await readBack()).toEqual([0, 1, 2, "small"]);
  });

  test("a file cut off in the middle of its log keeps a prefix of what was written", async () => {
    await fill(store, "cell", 50);
    const parts = ["", "-wal"].map((suffix) => ({ suffix, bytes: readFileSync(file.path + suffix) }));
    const copy = join(file.folder, "copy.db");
    let shortest = 50;
    for (let cut = 0; cut <= 20; cut++) {
      for (const { suffix, bytes } of parts) writeFileSync(copy + suffix, bytes);
      const walBytes = parts[1]?.bytes.length ?? 0;
      truncateSync(`${copy}-wal`, Math.floor((walBytes * (20 - cut)) / 20));
      const reader = sqliteStore(copy);
      const log = marks(await reader.read("cell"));
      await reader.close();
      expect(log).toEqual(Array.from({ length: log.length }, (_, index) => index));
      expect(log.length).toBeLessThanOrEqual(shortest);
      shortest = log.length;
    }
    expect(shortest).toBe(0);
  });
});

describe("locked files", () => {
  test("a lock that is let go in time only delays", async () => {
    const fence = await fill(store, "cell", 1);
    const holder = new DatabaseSync(file.path);
    holder.exec("BEGIN IMMEDIATE");
    const written = store.append("cell", fence, [pause(1)]);
    expect(marks(await store.read("cell"))).toEqual([0]);
    holder.exec("ROLLBACK");
    holder.close();
    expect(await written).toBe(2);
  });

  test("a lock that is held for ever is an error in the end; nothing acknowledged is lost", async () => {
    const fence = await fill(store, "cell", 1);
    const holder = new DatabaseSync(file.path);
    holder.exec("BEGIN IMMEDIATE");
    const error = await expectCode("store.unavailable", "append", () => store.append("cell", fence, [pause(1)]));
    expect(errorOf(error)).toEqual({
      message: `The database file "${file.path}" stays locked by another process`,
      remedy: "End the process that holds a transaction open, then try again.",
    });
    holder.exec("ROLLBACK");
    holder.close();
    expect(await store.append("cell", fence, [pause("again")])).toBe(2);
    expect(await readBack()).toEqual([0, "again"]);
  });

  test("an exclusive lock delays reads as well, and the opening of the file", async () => {
    await fill(store, "cell", 1);
    await store.close();
    const holder = new DatabaseSync(file.path);
    holder.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    store = sqliteStore(file.path, { lockedMs: 200 });
    await expectCode("store.unavailable", "read", () => store.read("cell"));
    const read = store.read("cell");
    const claimed = store.claim("cell", "other");
    holder.exec("COMMIT");
    holder.close();
    expect(marks(await read)).toEqual([0]);
    expect((await claimed).position).toBe(1);
  });

  test("a store that closes while the file is locked closes all the same", async () => {
    const fence = await fill(store, "cell", 1);
    const holder = new DatabaseSync(file.path);
    holder.exec("BEGIN IMMEDIATE");
    const written = store.append("cell", fence, [pause(1)]);
    const closed = store.close();
    await expectCode("store.unavailable", "the append", () => written);
    await closed;
    holder.close();
    expect(await readBack()).toEqual([0]);
  });
});

describe("files that are not what they should be", () => {
  test("a damaged row names its cell and position, and other cells can be read", async () => {
    await fill(store, "cell", 5);
    await fill(store, "other", 2);
    executeOn(file.path, "UPDATE log SET text = substr(text, 1, 9) WHERE start = 3");
    const error = await expectCode("store.corrupted", "read", () => store.read("cell"));
    expect(error.details).toEqual({ cell: "cell", position: 3 });
    expect(marks(await store.read("other"))).toEqual([0, 1]);
  });

  test("a damaged snapshot or inbox entry names itself", async () => {
    const fence = await fill(store, "cell", 1);
    await store.snapshot("cell", fence, { position: 1, agents: { a: { state: "1", lists: {} } } });
    await store.deliver("cell", [{ kind: "result", id: "1", outcome: { status: "replied", body: 1 } }]);
    executeOn(file.path, "UPDATE inbox SET text = substr(text, 2)");
    await expectCode("store.corrupted", "collect", () => store.collect("cell", fence));
    executeOn(file.path, "UPDATE snapshot SET text = substr(text, 2)");
    const error = await expectCode("store.corrupted", "claim", () => store.claim("cell", "worker"));
    expect(error.message).toBe('The snapshot of cell "cell" cannot be read');
    // The refused claim has changed nothing.
    expect(await store.append("cell", fence, [pause(1)])).toBe(2);
  });

  test("a file that is no database is refused, and left as it is", async () => {
    writeFileSync(file.path, "not a database, but somebody's notes\n".repeat(100));
    const error = await expectCode("store.corrupted", "claim", () => store.claim("cell", "worker"));
    expect(error.message).toBe(`"${file.path}" is not a SQLite database`);
    await expectCode("store.corrupted", "read", () => store.read("cell"));
    expect(readFileSync(file.path, "utf8")).toMatch(/^not a database/);
  });

  test("a damaged page is an error, not a wrong answer", async () => {
    await fill(store, "cell", 400);
    await store.close();
    const bytes = readFileSync(file.path);
    bytes.fill(0xa5, 4_096);
    writeFileSync(file.path, bytes);
    store = sqliteStore(file.path);
    await expectCode("store.corrupted", "read", () => store.read("cell"));
    await expectCode("store.corrupted", "claim", () => store.claim("cell", "worker"));
  });

  test("a file of a newer version is refused, also when it was migrated while this store had it open", async () => {
    const fence = await fill(store, "cell", 1);
    executeOn(file.path, "PRAGMA user_version = 1000");
    await expectCode("store.newer_schema", "append", () => store.append("cell", fence, [pause(1)]));
    await expectCode("store.newer_schema", "claim", () => store.claim("cell", "worker"));
    await reopen();
    await expectCode("store.newer_schema", "read", () => store.read("cell"));
    executeOn(file.path, `PRAGMA user_version = ${schemaVersion}`);
    expect(marks(await store.read("cell"))).toEqual([0]);
  });

  test("a file in a folder that does not exist", async () => {
    const lost = sqliteStore(join(file.folder, "missing", "runs.db"));
    const error = await expectCode("store.unavailable", "claim", () => lost.claim("cell", "worker"));
    expect(errorOf(error).remedy).toBe("Create the folder, and make it readable and writable for this process.");
    await lost.close();
  });

  test("a folder in the place of the file", async () => {
    const folder = join(file.folder, "folder.db");
    mkdirSync(folder);
    const lost = sqliteStore(folder);
    await expectCode("store.unavailable", "claim", () => lost.claim("cell", "worker"));
    await lost.close();
  });

  test("a path that would live in memory is refused", async () => {
    for (const path of ["", ":memory:"]) await expectCode("config.invalid_option", path, () => sqliteStore(path));
  });

  test("a read-only file can be read, and says that it cannot be written", async () => {
    await fill(store, "cell", 2);
    await store.close();
    const readOnly = sqliteStore(`file:${file.path}?mode=ro`);
    expect(marks(await readOnly.read("cell"))).toEqual([0, 1]);
    const error = await expectCode("store.unavailable", "claim", () => readOnly.claim("cell", "worker"));
    expect(errorOf(error).remedy).toBe("Make the file and its folder writable for this process.");
    await readOnly.close();
  });

  test.skipIf(process.platform === "win32")("a file of somebody else", async () => {
    await fill(store, "cell", 1);
    await store.close();
    chmodSync(file.path, 0o444);
    chmodSync(file.folder, 0o555);
    // Permissions do not bind root: then a process of another user tries.
    const isRoot = process.getuid?.() === 0;
    const script = join(import.meta.dirname, "support", "claim-process.ts");
    const { stdout, stderr } = spawnSync(process.execPath, ["--conditions=troupe-source", script, file.path], {
      encoding: "utf8",
      ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
    });
    chmodSync(file.folder, 0o755);
    expect([stdout.trim(), stderr]).toEqual(["store.unavailable", ""]);
  });
});
