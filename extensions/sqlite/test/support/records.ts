import type { Fence, JsonValue, Store, StoreRecord } from "@troupe/core";

export function pause(mark: JsonValue, at = 1): StoreRecord {
  return { kind: "control", at, runId: "run", action: "pause", detail: mark };
}

export function pauses(from: number, count: number): readonly StoreRecord[] {
  return Array.from({ length: count }, (_, index) => pause(from + index));
}

/** What the records of `pause` carry. */
export function marks(log: readonly StoreRecord[]): readonly JsonValue[] {
  return log.map((record) => (record.kind === "control" ? record.detail : null));
}

/** Claims a cell and appends so many records one by one; the fence of the next append. */
export async function fill(store: Store, cell: string, count: number): Promise<Fence> {
  const { epoch, position } = await store.claim(cell, "worker");
  let next = position;
  for (let index = 0; index < count; index++) next = await store.append(cell, { epoch, position: next }, [pause(next)]);
  return { epoch, position: next };
}
