import type { JsonValue, Store, StoreRecord } from "@troupe/core";
import { onceOnly } from "../scenario/team-scenario.ts";

/** What the log of a run holds at one moment, as far as the campaign can know what that means. */
export interface JournalView {
  /** Serial numbers of the model calls whose outcome is recorded. */
  readonly modelSerials: ReadonlySet<number>;
  /** Calls of tools whose outcome is recorded. */
  readonly settledCalls: ReadonlySet<string>;
  /** Steps that must not run twice and were claimed but never settled: call ids where there is one, else turn and key. */
  readonly openClaims: ReadonlySet<string>;
  /** Kinds of the durable events, by number. */
  readonly events: ReadonlyMap<number, string>;
}

const callPattern = /[a-z][\w-]*\.\d+\.\d+\.\d+/;

/** Reads the logs of the cells whose name holds `runId`. */
export async function readJournal(store: Store, runId: string): Promise<JournalView> {
  const cells = await store.cells();
  const records: StoreRecord[] = [];
  for (const { cell } of cells) if (cell.includes(runId)) records.push(...(await store.read(cell)));
  return viewOf(records, runId);
}

function viewOf(records: readonly StoreRecord[], runId: string): JournalView {
  const modelSerials = new Set<number>();
  const settledCalls = new Set<string>();
  const open = new Set<string>();
  const events = new Map<number, string>();
  for (const record of records) {
    if ("events" in record)
      for (const event of record.events ?? []) if (event.runId === runId) events.set(event.sequence, event.kind);
    if (record.kind === "step-claimed" && isOnceOnly(record.key)) open.add(nameOf(record));
    if (record.kind !== "step-settled") continue;
    open.delete(nameOf(record));
    const call = callPattern.exec(record.key)?.[0];
    if (call !== undefined) settledCalls.add(call);
    const serial = record.outcome.status === "done" ? serialOf(record.outcome.value) : undefined;
    if (serial !== undefined) modelSerials.add(serial);
  }
  return { modelSerials, settledCalls, openClaims: open, events };
}

function nameOf({ turn, key }: { readonly turn: string; readonly key: string }): string {
  return callPattern.exec(key)?.[0] ?? `${turn}#${key}`;
}

/** Step keys hold the name of the step; `code` is a program of the code executor. */
function isOnceOnly(key: string): boolean {
  return ["code", ...onceOnly].some((name) => new RegExp(`(^|[^a-z])${name}([^a-z]|$)`).test(key));
}

/** A model of the world outside marks its results. */
function serialOf(value: JsonValue | undefined): number | undefined {
  const serial = member(member(member(member(value, "result"), "providerMetadata"), "outside"), "serial");
  return typeof serial === "number" ? serial : undefined;
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
