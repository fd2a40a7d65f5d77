import { getEventListeners } from "node:events";
import type { Runner } from "@troupe/agentchat";
import { InProcessRuntime, type RuntimeStats } from "@troupe/core";
import { requireCollector } from "./require-collector.ts";
import { createNestedTeam, runOnce } from "./nested-team.ts";

/** How long a soak is. */
export interface SoakOptions {
  /** Runs in all. */
  readonly runs: number;
  /** Runs before the first look at the heap: everything is compiled and every cache is full by then. */
  readonly warmUp: number;
  /** Runs at a time. */
  readonly parallel: number;
  readonly onProgress: (done: number) => void;
}

/** What a soak left behind. */
export interface MemoryReport {
  readonly firstHeap: number;
  readonly lastHeap: number;
  /** On the signal that all runs shared. */
  readonly listeners: number;
  readonly warnings: readonly string[];
  readonly stats: RuntimeStats;
  readonly seconds: number;
}

/** Runs a nested team again and again on one runtime and one signal, in memory, and looks at the heap early and late. */
export async function soakMemory(options: SoakOptions): Promise<MemoryReport> {
  const collect = requireCollector();
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => void warnings.push(`${warning.name}: ${warning.message}`);
  process.on("warning", onWarning);
  const runtime = new InProcessRuntime();
  const shared = new AbortController();
  const team = createNestedTeam();
  const startedAt = performance.now();
  try {
    await repeat(options.warmUp, options, { team, runtime, signal: shared.signal });
    const firstHeap = collect();
    await repeat(options.runs - options.warmUp, options, { team, runtime, signal: shared.signal });
    const lastHeap = collect();
    // Warnings are emitted in a later tick.
    await new Promise((resolve) => setImmediate(resolve));
    const listeners = getEventListeners(shared.signal, "abort").length;
    const seconds = (performance.now() - startedAt) / 1000;
    return { firstHeap, lastHeap, listeners, warnings, stats: runtime.stats(), seconds };
  } finally {
    await runtime.close();
    process.off("warning", onWarning);
  }
}

interface Shared {
  readonly team: Runner<unknown>;
  readonly runtime: InProcessRuntime;
  readonly signal: AbortSignal;
}

async function repeat(count: number, { parallel, onProgress }: SoakOptions, { team, ...run }: Shared): Promise<void> {
  let started = 0;
  const work = async (): Promise<void> => {
    while (started < count) {
      started += 1;
      if (started % 1_000 === 0) onProgress(started);
      await runOnce(team, run);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
}
