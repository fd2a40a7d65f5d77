import { codeOf } from "@troupe/core/testing";
import { sqliteStore } from "@troupe/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { executeOn } from "./support/sqlite-subject.ts";
import { marks, pause } from "./support/records.ts";
import { WriterProcess } from "./support/spawn-writer.ts";
import { temporaryFile, type TemporaryFile } from "./support/temporary-file.ts";

let file: TemporaryFile;
let writers: WriterProcess[];

beforeEach(() => {
  file = temporaryFile();
  writers = [];
});

afterEach(async () => {
  for (const writer of writers) await writer.kill();
  file.remove();
});

function spawnWriter(cell: string, owner: string, stopAfter = ""): WriterProcess {
  const writer = new WriterProcess(file.path, cell, owner, stopAfter);
  writers.push(writer);
  return writer;
}

const isLinux = process.platform === "linux";

describe("processes that share a SQLite file", () => {
  test.skipIf(!isLinux)(
    "S1: what a killed process was told is stored is there, and its cell is free at once",
    async () => {
      let position = 0;
      for (let round = 0; round < 5; round++) {
        const writer = spawnWriter("cell", `owner ${round}`);
        await writer.reach(position + 20 + round * 7);
        await writer.kill();
        const store = sqliteStore(file.path);
        const claim = await store.claim("cell", "reader");
        expect(claim.isClean).toBe(false);
        expect(claim.position).toBeGreaterThanOrEqual(writer.acknowledged);
        // At most the one append that was on its way.
        expect(claim.position).toBeLessThanOrEqual(writer.acknowledged + 1);
        position = claim.position;
        expect(marks(await store.read("cell"))).toEqual(Array.from({ length: position }, (_, index) => index));
        await store.close();
      }
    },
  );

  test.skipIf(!isLinux)("S2: a stopped process that wakes after its lease finds itself fenced", async () => {
    const writer = spawnWriter("cell", "first");
    await writer.reach(10);
    const store = sqliteStore(file.path, { lockedMs: 500 });
    // Stopped in the middle of a write it would hold the file: then it goes on a little and is stopped again.
    for (let isBetweenWrites = false; !isBetweenWrites; ) {
      writer.signal("SIGSTOP");
      const refusal = await Promise.resolve(store.claim("cell", "second")).then(
        () => undefined,
        (error: unknown) => error,
      );
      isBetweenWrites = codeOf(refusal) !== "store.unavailable";
      if (isBetweenWrites) expect(codeOf(refusal)).toBe("store.owned");
      else {
        writer.signal("SIGCONT");
        // It has to get on: stopped for longer than its lease it would not own the cell any more.
        await writer.reach(writer.acknowledged + 1);
      }
    }
    executeOn(file.path, "UPDATE worker SET beat = beat - 16000 WHERE name = 'first'");
    const { epoch, position, isClean } = await store.claim("cell", "second");
    expect(isClean).toBe(false);
    writer.signal("SIGCONT");
    expect(await writer.ended()).toBe(1);
    expect(await store.append("cell", { epoch, position }, [pause("second")])).toBe(position + 1);
    const log = marks(await store.read("cell"));
    expect(log.slice(0, -1)).toEqual(Array.from({ length: position }, (_, index) => index));
    expect(log.at(-1)).toBe("second");
    await store.close();
  });

  test("G5: two processes write at once, and neither starves", async () => {
    const count = 300;
    const [first, second] = [spawnWriter("a", "first", String(count)), spawnWriter("b", "second", String(count))];
    await Promise.all([first.reach(1), second.reach(1)]);
    const between = second.acknowledged;
    await first.reach(count);
    // While one wrote everything, the other got on as well.
    expect(second.acknowledged - between).toBeGreaterThan(count / 10);
    await second.reach(count);
    expect(await Promise.all([first.ended(), second.ended()])).toEqual([0, 0]);
    const store = sqliteStore(file.path);
    for (const cell of ["a", "b"]) {
      expect(marks(await store.read(cell))).toEqual(Array.from({ length: count }, (_, index) => index));
    }
    expect((await store.cells()).map(({ owner }) => owner)).toEqual([undefined, undefined]);
    await store.close();
  });

  test("a watcher hears of each append of another process before long", async () => {
    const store = sqliteStore(file.path, { pollMs: 5 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = store.watch(() => {
      const log = store.read("cell");
      if (Array.isArray(log) && log.length === 50) resolve();
    });
    const writer = spawnWriter("cell", "first", "50");
    await writer.reach(50);
    await writer.ended();
    await promise;
    stop();
    await store.close();
  });
});
