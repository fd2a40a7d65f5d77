import type { Fence, Store, StoreRecord } from "@troupe/core";
import type { Benchmark } from "../harness/benchmark.ts";
import { type Cost, leastCost } from "../harness/measure.ts";
import { openTemporaryStore } from "./temporary-store.ts";

const inFlight = 64;

/** A small message as its recipient's cell receives it. */
function received(number: number): StoreRecord {
  const at = 1_767_225_600_000 + number;
  const recipient = { type: "counter", key: `c${number % inFlight}` };
  const body = { n: number, text: `hello ${number}` };
  return {
    kind: "received",
    at,
    mail: { messageId: `m-${number}`, kind: "event", type: "Add", body, recipient, hops: 0, at },
  };
}

/** Appends one record after the other to each of the cells, all cells at once. */
async function appendAll(store: Store, cells: Map<string, Fence>, count: number): Promise<void> {
  const perCell = Math.floor(count / cells.size);
  const fill = async (cell: string, { epoch, position }: Fence): Promise<void> => {
    let next = position;
    for (let index = 0; index < perCell; index++) {
      next = await store.append(cell, { epoch, position: next }, [received(next)]);
    }
    cells.set(cell, { epoch, position: next });
  };
  await Promise.all([...cells].map(([cell, fence]) => fill(cell, fence)));
}

async function claimAll(store: Store, count: number): Promise<Map<string, Fence>> {
  const cells = new Map<string, Fence>();
  for (let index = 0; index < count; index++)
    cells.set(`counter/c${index}`, await store.claim(`counter/c${index}`, "bench"));
  return cells;
}

interface Appended extends Cost {
  readonly bytes: number;
}

async function measureAppends(options: {
  readonly sync: "full" | "normal";
  readonly cells: number;
  readonly count: number;
  readonly repetitions: number;
}): Promise<Appended> {
  const { store, size, remove } = openTemporaryStore({ sync: options.sync });
  const cells = await claimAll(store, options.cells);
  const cost = await leastCost(options.repetitions, () => appendAll(store, cells, options.count));
  await store.close();
  const bytes = size() / ((options.repetitions + 1) * options.count);
  await remove();
  return { ...cost, bytes };
}

/** Opens a file again and reads a log of so many records from its start. */
async function measureRead(count: number): Promise<number> {
  const { store, reopen, remove } = openTemporaryStore({ sync: "normal" });
  const cells = await claimAll(store, 1);
  await appendAll(store, cells, count);
  await store.close();
  const { wallMs } = await leastCost(3, async () => {
    const again = reopen();
    await again.claim("counter/c0", "reader");
    if ((await again.read("counter/c0")).length !== count) throw new Error("records are missing");
    await again.close();
  });
  await remove();
  return wallMs;
}

/** What the SQLite store itself costs, without a runtime. */
export const rawAppends: Benchmark = {
  claim:
    "the SQLite store takes 60,000 appends/s of 64 cells at synchronous = FULL, and 15 us of CPU for each without the disk",
  run: async (scale) => {
    const [count, repetitions] = [scale.count(64_000, 640), scale.count(5, 1)];
    const full = await measureAppends({ sync: "full", cells: inFlight, count, repetitions });
    const normal = await measureAppends({ sync: "normal", cells: inFlight, count, repetitions });
    const single = await measureAppends({ sync: "full", cells: 1, count: scale.count(5_000, 50), repetitions });
    const records = scale.count(10_000, 100);
    return [
      {
        label: `an append of one record, ${inFlight} in flight, FULL`,
        value: (full.wallMs * 1000) / count,
        unit: "us",
        limit: 1_000_000 / 60_000,
      },
      {
        label: "its CPU with NORMAL: no waiting for the disk",
        value: (normal.cpuMs * 1000) / count,
        unit: "us",
        limit: 15,
      },
      { label: "bytes of the file for each, after close", value: full.bytes, unit: "bytes" },
      { label: "an append, each awaited, FULL", value: (single.wallMs * 1000) / scale.count(5_000, 50), unit: "us" },
      {
        label: `open, claim and read a log of ${records.toLocaleString("en-US")} records`,
        value: await measureRead(records),
        unit: "ms",
        limit: 200,
      },
    ];
  },
};
