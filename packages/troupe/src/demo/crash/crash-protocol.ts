import type { RunEvent, RunResult } from "@troupe/agentchat";

/** What a worker process is told, as JSON in its first argument. */
export interface WorkerOrder {
  readonly storePath: string;
  readonly dataPath?: string;
  readonly modelId?: string;
  /** The worker stands still right after this event has been written, until it is killed. */
  readonly stopAt?: number;
}

/** What a worker process tells, as lines of JSON on its standard output; each line is written before the worker goes on. */
export type WorkerReport =
  /** A durable event is on disk. */
  | { readonly kind: "event"; readonly event: RunEvent }
  /** A model is about to be asked, a program about to run. */
  | { readonly kind: "calling"; readonly what: "model" | "program" }
  /** The event at which it was to stand still is on disk. */
  | { readonly kind: "stopped" }
  | { readonly kind: "finished"; readonly result: RunResult<undefined> };

/** The one run of the demonstration's store. */
export const crashRunId = "demo";

/** Both ends of the pipe are this program: what one writes the other may trust. */
export function parseOrder(text: string): WorkerOrder {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: see above
  return JSON.parse(text) as WorkerOrder;
}

/** See `parseOrder`. */
export function parseReport(line: string): WorkerReport {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: see above
  return JSON.parse(line) as WorkerReport;
}
