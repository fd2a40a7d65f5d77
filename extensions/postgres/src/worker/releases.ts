import type { Database, Statement } from "../connection/database.ts";
import { isBare } from "../rows/cell-rows.ts";
import { toStoredName } from "../rows/stored-text.ts";
import { type Asked, Gather } from "../write/gather.ts";

/** Locked first, in the order of all writers; deliveries wait, so that what follows sees all that have arrived. */
const lockCells: Statement = {
  name: "release-lock",
  text: `SELECT id::float8 FROM cells WHERE worker = $1 AND name = ANY($2::text[]) ORDER BY name FOR UPDATE`,
};

const lockAll: Statement = {
  name: "release-lock-all",
  text: "SELECT id::float8 FROM cells WHERE worker = $1 ORDER BY name FOR UPDATE",
};

const free: Statement = {
  name: "release-free",
  text: "UPDATE cells SET worker = NULL WHERE id = ANY($1::bigint[])",
};

const dropBare: Statement = {
  name: "release-drop",
  text: `DELETE FROM cells c WHERE c.id = ANY($1::bigint[]) AND ${isBare}`,
};

const endWorker: Statement = {
  name: "release-end",
  text: "DELETE FROM workers WHERE id = $1 AND NOT is_dead",
};

interface ReleaseRequest {
  readonly worker: number;
  readonly cell: string;
}

const maxBatch = 500;

/** Gives cells back. */
export class Releases {
  readonly #database: Database;
  readonly #gather: Gather<ReleaseRequest, void>;

  constructor(database: Database) {
    this.#database = database;
    this.#gather = new Gather<ReleaseRequest, void>({
      run: (batch) => this.#release(batch),
      keyOf: ({ worker, cell }) => `${worker} ${cell}`,
      maxBatch,
    });
  }

  release(worker: number, cell: string): Promise<void> {
    return this.#gather.add({ worker, cell });
  }

  /** All cells of a worker, and its row: the worker ends. */
  async releaseAll(worker: number): Promise<void> {
    await this.#database.transaction(async (run) => {
      const ids = (await run<{ id: number }>(lockAll, [worker])).map(({ id }) => id);
      if (ids.length > 0) {
        await run(free, [ids]);
        await run(dropBare, [ids]);
      }
      await run(endWorker, [worker]);
    });
  }

  /** Resolves when nothing is on its way. */
  idle(): Promise<void> {
    return this.#gather.idle();
  }

  async #release(batch: readonly Asked<ReleaseRequest, void>[]): Promise<void> {
    const byWorker = Map.groupBy(batch, ({ input }) => input.worker);
    await this.#database.transaction(async (run) => {
      for (const [worker, asked] of byWorker) {
        const names = asked.map(({ input }) => toStoredName(input.cell).name);
        const ids = (await run<{ id: number }>(lockCells, [worker, names])).map(({ id }) => id);
        if (ids.length === 0) continue;
        await run(free, [ids]);
        await run(dropBare, [ids]);
      }
    });
    for (const { resolve } of batch) resolve();
  }
}
