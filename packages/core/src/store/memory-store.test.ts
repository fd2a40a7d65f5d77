import { describe, expect, test } from "vitest";
import type { LogRecord } from "./log-record.ts";
import { MemoryStore } from "./memory-store.ts";

const pause = (at: number): LogRecord => ({ kind: "control", at, runId: "r", action: "pause", detail: null });

describe("MemoryStore", () => {
  test("M1: a cell without records, snapshot and mail has no entry", () => {
    const store = new MemoryStore();
    const { epoch } = store.claim("a", "me");
    expect(store.cells().map((row) => row.cell)).toEqual([]);
    store.snapshot("a", { epoch, position: 0 }, { position: 0, agents: { x: { state: "1", lists: {} } } });
    expect(store.cells().map((row) => row.cell)).toEqual(["a"]);
    store.snapshot("a", { epoch, position: 0 }, { position: 0, agents: {} });
    expect(store.cells().map((row) => row.cell)).toEqual([]);
    store.deliver("a", []);
    store.collect("a", { epoch, position: 0 });
    expect(store.cells().map((row) => row.cell)).toEqual([]);
    store.append("a", { epoch, position: 0 }, [pause(1)]);
    store.prune("a");
    expect(store.cells().map((row) => row.cell)).toEqual([]);
  });

  test("M2: an append with an older epoch or another position changes nothing", () => {
    const store = new MemoryStore();
    const old = store.claim("a", "first");
    store.append("a", { epoch: old.epoch, position: 0 }, [pause(1)]);
    const fresh = store.claim("a", "second");
    expect(() => store.append("a", { epoch: old.epoch, position: 1 }, [pause(2)])).toThrow(/was claimed by "second"/);
    expect(() => store.append("a", { epoch: fresh.epoch, position: 7 }, [pause(3)])).toThrow(/is at position 1, not 7/);
    expect(store.read("a")).toEqual([pause(1)]);
  });

  test("M3: what was read can be thrown about without touching what is stored", () => {
    const store = new MemoryStore();
    const { epoch } = store.claim("a", "me");
    store.append("a", { epoch, position: 0 }, [pause(1), pause(2)]);
    const read = store.read("a") as LogRecord[];
    read.length = 0;
    expect(store.read("a")).toHaveLength(2);
  });
});
