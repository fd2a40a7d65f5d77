import { agentId, type Fence, type InboxEntry, type Store, type StoreRecord } from "@troupe/core";

/** A record that carries a number. */
export function record(mark: number | string): StoreRecord {
  return { kind: "control", at: 1, runId: "run", action: "pause", detail: mark };
}

/** The numbers of a cell's log. */
export async function marksOf(store: Store, cell: string): Promise<readonly unknown[]> {
  return (await store.read(cell)).map((entry) => (entry.kind === "control" ? entry.detail : entry.kind));
}

/** 0 to `count - 1`. */
export function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Claims a cell and returns the fence. */
export async function claimCell(store: Store, cell: string, owner = "owner"): Promise<Fence> {
  const { epoch, position } = await store.claim(cell, owner);
  return { epoch, position };
}

/** Writes one cell, one record at a time, each after the one before was acknowledged. */
export class CellDriver {
  readonly store: Store;
  readonly cell: string;
  acknowledged: number;
  readonly #epoch: number;

  constructor(store: Store, cell: string, fence: Fence) {
    this.store = store;
    this.cell = cell;
    this.#epoch = fence.epoch;
    this.acknowledged = fence.position;
  }

  static async claim(store: Store, cell: string, owner = "owner"): Promise<CellDriver> {
    return new CellDriver(store, cell, await claimCell(store, cell, owner));
  }

  /** Appends the next number. */
  async append(): Promise<void> {
    const fence = { epoch: this.#epoch, position: this.acknowledged };
    this.acknowledged = await this.store.append(this.cell, fence, [record(this.acknowledged)]);
  }

  async appendMany(count: number): Promise<void> {
    for (let index = 0; index < count; index++) await this.append();
  }
}

/** An inbox entry that carries a number. */
export function mailEntry(mark: number | string): InboxEntry {
  const recipient = agentId("account", "ada");
  return {
    kind: "mail",
    mail: { messageId: `m${mark}`, kind: "event", type: "Note", body: mark, recipient, hops: 0, at: 1 },
  };
}

/** What an entry carries. */
export function markOf(entry: InboxEntry): unknown {
  return entry.kind === "mail" ? entry.mail.body : entry.kind;
}
