import type { CellRow, Store, StoreRecord } from "@troupe/core";
import type { CountedCall } from "../outside/outside-call.ts";
import type { Life } from "./life.ts";

/** Everything that is known of a case that went wrong: what each process said, what the world outside counted, what is stored. */
export interface CaseEvidence {
  readonly lives: readonly Life[];
  readonly calls: readonly CountedCall[];
  /** The cells of the case, when all was over. */
  readonly cells: readonly CellRow[];
  /** Their logs, by name. */
  readonly logs: Readonly<Record<string, readonly StoreRecord[]>>;
}

/** Puts together what is known of the case `runId`. */
export async function gatherEvidence(
  runId: string,
  { store, lives, calls }: Pick<CaseEvidence, "lives" | "calls"> & { readonly store: Store },
): Promise<CaseEvidence> {
  const cells = (await store.cells()).filter(({ cell }) => cell.includes(runId));
  const logs: Record<string, readonly StoreRecord[]> = {};
  for (const { cell } of cells) logs[cell] = await store.read(cell);
  return { lives, calls, cells, logs };
}
