import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { TeamError } from "@troupe/core";
import { parseReport, type WorkerOrder, type WorkerReport } from "./crash-protocol.ts";

/** What becomes of a worker process. */
export interface WorkerOptions {
  readonly order: WorkerOrder;
  /** Hears every line of the worker, in order. */
  readonly onReport: (report: WorkerReport) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs a worker process to its end, and kills it without warning where it was told to stand still.
 *
 * @throws TeamError `run.failed` when it ends by itself without a result; the signal's reason after an abort.
 */
export async function runWorker({ order, onReport, signal }: WorkerOptions): Promise<void> {
  signal?.throwIfAborted();
  const worker = spawn(process.execPath, [...process.execArgv, fileURLToPath(workerUrl()), JSON.stringify(order)], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const kill = (): void => void worker.kill("SIGKILL");
  signal?.addEventListener("abort", kill, { once: true });
  const told = { isFinished: false, isKilled: false, errors: "" };
  worker.stderr.on("data", (chunk: Buffer) => (told.errors += chunk.toString()));
  const lines = createInterface({ input: worker.stdout });
  lines.on("line", (line) => {
    const report = parseReport(line);
    told.isFinished ||= report.kind === "finished";
    if (report.kind === "stopped") {
      told.isKilled = true;
      kill();
    } else onReport(report);
  });
  try {
    await ended(worker);
    signal?.throwIfAborted();
    if (!told.isFinished && !told.isKilled) throw workerFailed(told.errors);
  } finally {
    signal?.removeEventListener("abort", kill);
    lines.close();
  }
}

/** Resolves when the process has ended and everything that it wrote has been read. */
function ended(worker: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("close", () => resolve());
  });
}

function workerFailed(errors: string): TeamError {
  return new TeamError(
    "run.failed",
    `The process of the run ended without a result: ${errors.trim() || "it said nothing"}`,
    {
      remedy: "See what it said; `troupe demo` without --crash runs the same team in one process.",
    },
  );
}

/** The worker's file, built or not. */
function workerUrl(): URL {
  return import.meta.url.endsWith(".ts")
    ? new URL("./crash-worker.ts", import.meta.url)
    : new URL("./crash-worker.js", import.meta.url);
}
