import type { CellEvent, JsonValue, Store, StoreRecord } from "@troupe/core";

/** One thing that a store knows about the course of a run. */
export type Moment =
  | { readonly kind: "event"; readonly event: CellEvent }
  /** The process that worked on the run had died; another one took over. */
  | { readonly kind: "recovered"; readonly at: number }
  /** Somebody steered the run from outside. */
  | { readonly kind: "control"; readonly at: number; readonly action: string; readonly detail: JsonValue };

/** Epoch milliseconds of a moment; 0 for none. */
export function timeOf(moment: Moment | undefined): number {
  return moment === undefined ? 0 : moment.kind === "event" ? moment.event.at : moment.at;
}

/** Which run, and in which cell its log is. */
export interface RunPlace {
  readonly cell: string;
  readonly runId: string;
}

/** Reads the course of a run from its cell's log, in order; needs neither a runtime nor the run's code. */
export async function readMoments(store: Store, { cell, runId }: RunPlace): Promise<readonly Moment[]> {
  const moments = (await store.read(cell)).flatMap((record) => momentsOf(record, runId));
  // A session's log holds other runs too: what happened to the cell before and after this one is not about it.
  const first = moments.findIndex((moment) => moment.kind === "event");
  const end = moments.findIndex((moment) => moment.kind === "event" && moment.event.end !== undefined);
  return first < 0 ? [] : moments.slice(first, end < 0 ? undefined : end + 1);
}

function momentsOf(record: StoreRecord, runId: string): readonly Moment[] {
  switch (record.kind) {
    case "recovered":
      return [{ kind: "recovered", at: record.at }];
    case "control":
      return record.runId === runId
        ? [{ kind: "control", at: record.at, action: record.action, detail: record.detail }]
        : [];
    default: {
      const events = "events" in record ? (record.events ?? []) : [];
      return events.filter((event) => event.runId === runId).map((event) => ({ kind: "event", event }));
    }
  }
}
