import { type AppendNotes, type Fence, MemoryStore, type StoreRecord } from "@troupe/core";

/** A store that keeps what each append brought: what a durable one would have to write. */
export class RecordingStore extends MemoryStore {
  readonly appends: (readonly StoreRecord[])[] = [];

  constructor() {
    super({ isDurable: true });
  }

  // oxlint-disable-next-line max-params -- the port's signature
  override append(cell: string, fence: Fence, records: readonly StoreRecord[], notes?: AppendNotes): number {
    this.appends.push([...records]);
    return super.append(cell, fence, records, notes);
  }
}
