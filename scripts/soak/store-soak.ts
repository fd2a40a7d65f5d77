import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InProcessRuntime } from "@troupe/core";
import { sqliteStore } from "@troupe/sqlite";
import { requireCollector } from "./require-collector.ts";
import { createNestedTeam, runOnce } from "./nested-team.ts";

/** How long a soak on a file is. */
export interface StoreSoakOptions {
  readonly runs: number;
  readonly parallel: number;
  /** Runs that retention keeps. */
  readonly keepLast: number;
  readonly onProgress: (done: number) => void;
}

/** What a soak on a file left behind. */
export interface StoreReport {
  /** Bytes of the database and its write-ahead log after each tenth of the runs, as retention by itself has left them. */
  readonly sizes: readonly number[];
  /** The same behind a sweep, when nothing waits to be dropped. */
  readonly sweptSizes: readonly number[];
  /** Bytes of heap in use after each tenth, garbage collected. */
  readonly heaps: readonly number[];
  /** Runs that the store still lists. */
  readonly kept: number;
  readonly seconds: number;
}

/** Runs a nested team again and again, each run stored under an id of its own, with retention at work, and looks at the size of the file. */
export async function soakStore({ runs, parallel, keepLast, onProgress }: StoreSoakOptions): Promise<StoreReport> {
  const folder = await mkdtemp(join(tmpdir(), "troupe-soak-"));
  const path = join(folder, "runs.db");
  const store = sqliteStore(path, { retention: { keepLast, everyMs: 250 } });
  const runtime = new InProcessRuntime({ store });
  const team = createNestedTeam();
  const startedAt = performance.now();
  const sizes: number[] = [];
  const sweptSizes: number[] = [];
  const heaps: number[] = [];
  const collect = requireCollector();
  const measure = async (): Promise<number> => (await sizeOf(path)) + (await sizeOf(`${path}-wal`));
  try {
    for (let tenth = 1; tenth <= 10; tenth++) {
      let started = Math.round(((tenth - 1) * runs) / 10);
      const end = Math.round((tenth * runs) / 10);
      const work = async (): Promise<void> => {
        while (started < end) {
          started += 1;
          await runOnce(team, { runtime, runId: `run-${started}` });
        }
      };
      await Promise.all(Array.from({ length: parallel }, work));
      sizes.push(await measure());
      await store.sweep?.({ keepLast });
      sweptSizes.push(await measure());
      heaps.push(collect());
      onProgress(end);
    }
    const kept = (await store.runs({ limit: runs + 1 })).length;
    return { sizes, sweptSizes, heaps, kept, seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    await runtime.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => 0,
  );
}
