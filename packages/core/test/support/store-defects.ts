import { type Fence, type Store, StoreError } from "@troupe/core";
import { type SharedData, SharedStore } from "@troupe/core/testing";

type AppendOf = Parameters<Store["append"]>;

/** A store with one defect, and the case that must find it. */
export interface Defect {
  readonly foundBy: string;
  readonly open: (data: SharedData) => SharedStore;
}

/** The fence that would be accepted now. */
function fenceOf(data: SharedData, cell: string): Fence {
  const { epoch, position } = data.memory.claim(cell, data.owners.get(cell) ?? "");
  return { epoch, position };
}

/** By what the store does. */
export const storeDefects: Readonly<Record<string, Defect>> = {
  "writes the notes of a refused append": {
    foundBy: "a refused append writes none of its notes",
    open: (data) =>
      new (class extends SharedStore {
        override async append(...[cell, fence, records, notes]: AppendOf): Promise<number> {
          try {
            return await super.append(cell, fence, records, notes);
          } catch (error) {
            await super.append(cell, fenceOf(data, cell), [], notes);
            throw error;
          }
        }
      })(data),
  },
  "forgets notes that come without records": {
    foundBy: "notes are stored with the records; what they leave out stays",
    open: (data) =>
      new (class extends SharedStore {
        override async append(...[cell, fence, records, notes]: AppendOf): Promise<number> {
          return super.append(cell, fence, records, records.length === 0 ? undefined : notes);
        }
      })(data),
  },
  "takes what is collected": {
    foundBy: "anyone may deliver; what is collected stays, in order, until an append takes it",
    open: (data) =>
      new (class extends SharedStore {
        override async collect(cell: string, fence: Fence): Promise<Awaited<ReturnType<Store["collect"]>>> {
          const collected = await super.collect(cell, fence);
          await super.append(cell, fence, [], { collected: collected.at(-1)?.id });
          return collected;
        }
      })(data),
  },
  "takes nothing": {
    foundBy: "a heartbeat names the worker's own cells that have mail, until an append has taken it",
    open: (data) =>
      new (class extends SharedStore {
        override async append(...[cell, fence, records, notes]: AppendOf): Promise<number> {
          return super.append(cell, fence, records, { ...notes, collected: undefined });
        }
      })(data),
  },
  "lists the oldest runs first": {
    foundBy: "runs are listed newest first, by cell, id and status, up to a limit",
    open: (data) =>
      new (class extends SharedStore {
        override async runs(...call: Parameters<Store["runs"]>): Promise<Awaited<ReturnType<Store["runs"]>>> {
          return [...(await super.runs(...call))].reverse();
        }
      })(data),
  },
  "lists every run there is": {
    foundBy: "a listing of runs shows 1,000 unless told otherwise",
    open: (data) =>
      new (class extends SharedStore {
        override async runs(filter: Parameters<Store["runs"]>[0] = {}): Promise<Awaited<ReturnType<Store["runs"]>>> {
          return super.runs({ ...filter, limit: filter.limit ?? 1e9 });
        }
      })(data),
  },
  "keeps the end of a run that goes on": {
    foundBy: "a note replaces the one before it, ends included, and keeps the run's start",
    open: (data) =>
      new (class extends SharedStore {
        override async append(...[cell, fence, records, notes]: AppendOf): Promise<number> {
          const known = new Map(data.memory.runs({ cell }).map((row) => [row.runId, row]));
          const runs = notes?.runs?.map((note) => ({ ...known.get(note.runId), ...note }));
          return super.append(cell, fence, records, { ...notes, runs });
        }
      })(data),
  },
  "shows a listing of all cells whatever was asked": {
    foundBy: "cells do not touch each other, whatever their names",
    open: (data) =>
      new (class extends SharedStore {
        override async cells(): Promise<Awaited<ReturnType<Store["cells"]>>> {
          return super.cells();
        }
      })(data),
  },
  "gives everything back when asked for one cell": {
    foundBy: "claims and releases of one cell do not fence the owner of another",
    open: (data) =>
      new (class extends SharedStore {
        override async release(owner: string): Promise<void> {
          return super.release(owner);
        }
      })(data),
  },
  "gives back what others hold": {
    foundBy: "a release without a cell gives all back, and nobody gives back what another holds",
    open: (data) =>
      new (class extends SharedStore {
        override async release(owner: string, cell?: string): Promise<void> {
          return super.release(cell === undefined ? owner : (data.owners.get(cell) ?? owner), cell);
        }
      })(data),
  },
  "lets a fenced owner write": {
    foundBy: "an owner that lost its cell cannot write any more",
    open: (data) =>
      new (class extends SharedStore {
        override async append(...[cell, fence, records, notes]: AppendOf): Promise<number> {
          try {
            return await super.append(cell, fence, records, notes);
          } catch (error) {
            if (!(error instanceof StoreError) || error.code !== "store.fenced") throw error;
            return super.append(cell, fenceOf(data, cell), records, notes);
          }
        }
      })(data),
  },
  "fails all appends of a tick with the one that is fenced": {
    foundBy: "of appends asked for in one tick a fenced and a misplaced one fail alone",
    open: (data) =>
      new (class extends SharedStore {
        #group: Promise<unknown> = Promise.resolve();
        override async append(...call: AppendOf): Promise<number> {
          const own = async (): Promise<number> => super.append(...call);
          this.#group = Promise.all([this.#group, own()]);
          const group = this.#group;
          queueMicrotask(() => {
            this.#group = Promise.resolve();
          });
          await group;
          return data.memory.cells({ cell: call[0] })[0]?.position ?? 0;
        }
      })(data),
  },
  "says that every claim is clean": {
    foundBy: "the cell of a silent worker is taken, not cleanly, and its owner before is fenced",
    open: (data) =>
      new (class extends SharedStore {
        override async claim(cell: string, owner: string): Promise<Awaited<ReturnType<Store["claim"]>>> {
          return { ...(await super.claim(cell, owner)), isClean: true };
        }
      })(data),
  },
  "asks nobody who lives": {
    foundBy: "nobody takes a cell from a live worker, here or in another process",
    open: (data) =>
      new (class extends SharedStore {
        override async claim(cell: string, owner: string): Promise<Awaited<ReturnType<Store["claim"]>>> {
          data.owners.delete(cell);
          return super.claim(cell, owner);
        }
      })(data),
  },
  "lets a worker that was declared dead beat": {
    foundBy: "the cell of a silent worker is taken, not cleanly, and its owner before is fenced",
    open: (data) =>
      new (class extends SharedStore {
        override async heartbeat(owner: string): Promise<readonly string[]> {
          if (data.workers.get(owner) === "dead") data.workers.set(owner, "alive");
          return super.heartbeat(owner);
        }
      })(data),
  },
  "keeps the leases of a store that has closed": {
    foundBy: "a store that closes ends its workers: nobody waits for their leases",
    open: (data) =>
      new (class extends SharedStore {
        override async close(): Promise<void> {
          const owners = new Map(data.owners);
          const workers = new Map(data.workers);
          await super.close();
          for (const [cell, owner] of owners) data.owners.set(cell, owner);
          for (const [worker, state] of workers) data.workers.set(worker, state);
        }
      })(data),
  },
  "names mail of all cells": {
    foundBy: "a heartbeat names the worker's own cells that have mail, until an append has taken it",
    open: (data) =>
      new (class extends SharedStore {
        override async heartbeat(owner: string): Promise<readonly string[]> {
          await super.heartbeat(owner);
          return data.memory.cells().flatMap((row) => (row.hasMail ? [row.cell] : []));
        }
      })(data),
  },
  "goes on calling who has stopped watching": {
    foundBy: "deliveries wake whoever watches; one that has stopped watching is left alone",
    open: (data) =>
      new (class extends SharedStore {
        override watch(listener: () => void): () => void {
          super.watch(listener);
          return () => {};
        }
      })(data),
  },
  "keeps the agents of a snapshot alone": {
    foundBy: "the newest snapshot comes with the claim, whole; an empty one removes it",
    open: (data) =>
      new (class extends SharedStore {
        override async snapshot(
          ...[cell, fence, { position, agents }, options]: Parameters<Store["snapshot"]>
        ): Promise<void> {
          return super.snapshot(cell, fence, { position, agents }, options);
        }
      })(data),
  },
  "never drops a log": {
    foundBy: "a snapshot may take the place of the log before it, and no position moves",
    open: (data) =>
      new (class extends SharedStore {
        override async snapshot(...[cell, fence, snapshot]: Parameters<Store["snapshot"]>): Promise<void> {
          return super.snapshot(cell, fence, snapshot);
        }
      })(data),
  },
  "drops the log of a snapshot that it refuses": {
    foundBy: "a refused snapshot drops nothing",
    open: (data) =>
      new (class extends SharedStore {
        override async snapshot(...[cell, fence, snapshot, options]: Parameters<Store["snapshot"]>): Promise<void> {
          if (options?.dropsLog === true) data.memory.prune(cell, snapshot.position);
          return super.snapshot(cell, fence, snapshot, options);
        }
      })(data),
  },
  "writes record by record": {
    foundBy: "a read never shows half an append",
    open: (data) =>
      new (class extends SharedStore {
        override async append(...[cell, fence, records, notes]: AppendOf): Promise<number> {
          let position = await super.append(cell, fence, records.slice(0, 1), notes);
          await new Promise((resolve) => setImmediate(resolve));
          if (records.length > 1)
            position = await super.append(cell, { epoch: fence.epoch, position }, records.slice(1));
          return position;
        }
      })(data),
  },
  "writes a tick's appends in any order": {
    foundBy: "appends to one cell that are asked for in one tick are kept in the order asked for",
    open: (data) =>
      new (class extends SharedStore {
        #count = 0;
        override async append(...call: AppendOf): Promise<number> {
          this.#count += 1;
          if (this.#count % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
          return super.append(...call);
        }
      })(data),
  },
  "puts the newest mail first": {
    foundBy: "what several senders deliver at once arrives whole, in each sender's order",
    open: (data) =>
      new (class extends SharedStore {
        override async deliver(...[cell, entries]: Parameters<Store["deliver"]>): Promise<void> {
          await super.deliver(cell, [...entries].reverse());
        }
      })(data),
  },
  "starts positions again after all was pruned": {
    foundBy: "pruning beyond the end keeps the end",
    open: (data) =>
      new (class extends SharedStore {
        override async prune(cell: string, before = 0): Promise<void> {
          const end = data.memory.cells({ cell })[0]?.position ?? 0;
          return before >= end ? super.prune(cell) : super.prune(cell, before);
        }
      })(data),
  },
  "keeps the runs of what was pruned": {
    foundBy: "pruning without a position leaves nothing of a cell, and of no other",
    open: (data) =>
      new (class extends SharedStore {
        #pruned: Awaited<ReturnType<Store["runs"]>> = [];
        override async prune(cell: string, before?: number): Promise<void> {
          if (before === undefined) this.#pruned = data.memory.runs({ cell });
          return super.prune(cell, before);
        }
        override async runs(...call: Parameters<Store["runs"]>): Promise<Awaited<ReturnType<Store["runs"]>>> {
          return [...(await super.runs(...call)), ...this.#pruned];
        }
      })(data),
  },
};
