/**
 * Claims, and giving back (C24).
 *
 * Owns: which dead workers this process has met. Does not own: who is alive (the rows say so), snapshots.
 * Invariants:
 * L1. A cell is given to a worker that lives, from nobody, from itself, or from a worker that was declared dead before: never from one
 *     that lives. What decides is in the statement that gives it.
 * L2. Epochs come from one counter for all cells, so that none repeats, not even after a cell was pruned.
 * L3. A claim reads the snapshot after it has the cell: nobody can change it any more.
 * L4. A cell that holds nothing has no row once it was given back: agents that changed nothing leave nothing.
 */
import type { CellClaim, CellSnapshot } from "@troupe/core";
import type { Database, Statement } from "../connection/database.ts";
import { parseStored } from "../rows/parse-stored.ts";
import { fromStoredText, toStoredName } from "../rows/stored-text.ts";
import { deadWorker, ownedCell } from "../store-refusals.ts";
import { type Asked, Gather } from "../write/gather.ts";
import { isDead } from "./liveness.ts";
import type { Workers } from "./workers.ts";

const claim: Statement = {
  name: "claim",
  text: `WITH input AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) AS t(name, long_name, worker)
    WHERE EXISTS (SELECT FROM workers w WHERE w.id = t.worker AND NOT w.is_dead) ORDER BY name COLLATE "C"
  )
  INSERT INTO cells AS c (name, long_name, epoch, worker) SELECT name, long_name, nextval('epochs'), worker FROM input
  ON CONFLICT (name) DO UPDATE SET epoch = nextval('epochs'), worker_before = c.worker, worker = EXCLUDED.worker
    WHERE c.worker IS NULL OR c.worker = EXCLUDED.worker OR c.worker = ANY($4::bigint[])
  RETURNING c.id::float8, c.name, c.epoch::float8, c.position::float8,
    c.worker_before IS NULL OR c.worker_before = c.worker AS "isClean", c.xmax = 0 AS "isNew"`,
};

const snapshots: Statement = {
  name: "claim-snapshots",
  text: "SELECT cell::float8, body FROM snapshots WHERE cell = ANY($1::bigint[])",
};

/** Declares dead who holds one of the cells and is. A heartbeat that comes first is seen: the row is looked at again under its lock. */
const bury: Statement = {
  name: "claim-bury",
  text: `UPDATE workers w SET is_dead = true
    WHERE w.id IN (SELECT c.worker FROM cells c WHERE c.name = ANY($1::text[])) AND NOT w.is_dead AND ${isDead("$2")}`,
};

/** A worker without a row has ended after it was given a cell: there is nobody to wait for. */
const look: Statement = {
  name: "claim-look",
  text: `SELECT c.name, c.worker::float8, w.owner, w.id IS NULL OR w.is_dead AS "isDead"
    FROM cells c LEFT JOIN workers w ON w.id = c.worker WHERE c.name = ANY($1::text[])`,
};

const aliveOf: Statement = {
  name: "claim-alive",
  text: "SELECT id::float8 FROM workers WHERE id = ANY($1::bigint[]) AND NOT is_dead",
};

interface ClaimRequest {
  readonly cell: string;
  readonly owner: string;
  readonly worker: number;
}

interface ClaimedRow {
  readonly id: number;
  readonly name: string;
  readonly epoch: number;
  readonly position: number;
  readonly isClean: boolean;
  readonly isNew: boolean;
}

type AskedClaim = Asked<ClaimRequest, CellClaim>;

const maxBatch = 500;
/** Tries for cells that change hands meanwhile. */
const maxRounds = 4;
/** Dead workers kept in mind; those forgotten are looked up again. */
const maxDead = 100;

/** See the head of this file. */
export class Claims {
  readonly #database: Database;
  readonly #workers: Workers;
  readonly #gather: Gather<ClaimRequest, CellClaim>;
  #dead: readonly number[] = [];

  constructor(database: Database, workers: Workers) {
    this.#database = database;
    this.#workers = workers;
    this.#gather = new Gather<ClaimRequest, CellClaim>({
      run: (batch) => this.#run(batch),
      keyOf: ({ cell }) => cell,
      maxBatch,
    });
  }

  /** @throws StoreError `store.owned`; `store.fenced` when the claiming worker was declared dead. */
  async claim(cell: string, owner: string): Promise<CellClaim> {
    const worker = await this.#workers.idOf(owner);
    return this.#gather.add({ cell, owner, worker });
  }

  /** Resolves when nothing is on its way. */
  idle(): Promise<void> {
    return this.#gather.idle();
  }

  async #run(batch: readonly AskedClaim[]): Promise<void> {
    let open = batch;
    for (let round = 0; open.length > 0 && round < maxRounds; round++) {
      const claimed = await this.#claim(open);
      await this.#grant(open, claimed);
      open = open.filter(({ input }) => !claimed.has(toStoredName(input.cell).name));
      if (open.length > 0) open = await this.#refuseLive(open, round === maxRounds - 1);
    }
  }

  async #claim(open: readonly AskedClaim[]): Promise<ReadonlyMap<string, ClaimedRow>> {
    const names = open.map(({ input }) => toStoredName(input.cell));
    const values = [
      names.map(({ name }) => name),
      names.map(({ longName }) => longName),
      open.map(({ input }) => input.worker),
      this.#dead,
    ];
    const { rows } = await this.#database.query<ClaimedRow>(claim, values);
    return new Map(rows.map((row) => [row.name, row]));
  }

  async #grant(open: readonly AskedClaim[], claimed: ReadonlyMap<string, ClaimedRow>): Promise<void> {
    const old = [...claimed.values()].filter(({ isNew }) => !isNew).map(({ id }) => id);
    const bodies = new Map<number, string>();
    if (old.length > 0) {
      const { rows } = await this.#database.query<{ cell: number; body: string }>(snapshots, [old]);
      for (const { cell, body } of rows) bodies.set(cell, body);
    }
    for (const { input, resolve, reject } of open) {
      const row = claimed.get(toStoredName(input.cell).name);
      if (row === undefined) continue;
      try {
        resolve(toClaim(input.cell, row, bodies.get(row.id)));
      } catch (error) {
        reject(error);
      }
    }
  }

  /** Refuses the claims of cells whose owner lives, or whose claimer does not; returns those to try again. */
  async #refuseLive(open: readonly AskedClaim[], isLast: boolean): Promise<readonly AskedClaim[]> {
    const alive = await this.#alive(open);
    const names = open.map(({ input }) => toStoredName(input.cell).name);
    await this.#database.query(bury, [names, this.#database.settings.leaseMs]);
    const { rows } = await this.#database.query<{
      name: string;
      worker: number;
      owner: string | null;
      isDead: boolean;
    }>(look, [names]);
    const holders = new Map(rows.map((row) => [row.name, row]));
    const dead = rows.flatMap(({ worker, isDead: isGone }) => (isGone && worker !== null ? [worker] : []));
    this.#dead = [...new Set([...dead, ...this.#dead])].slice(0, Math.max(maxDead, dead.length));
    return open.filter(({ input, reject }) => {
      const holder = holders.get(toStoredName(input.cell).name);
      if (!alive.has(input.worker)) {
        this.#workers.bury(input.owner);
        reject(deadWorker(input.owner));
        return false;
      }
      const isFree = holder === undefined || holder.worker === null || holder.isDead || holder.worker === input.worker;
      if (isFree && !isLast) return true;
      reject(ownedCell(input.cell, fromStoredText(holder?.owner ?? "")));
      return false;
    });
  }

  async #alive(open: readonly AskedClaim[]): Promise<ReadonlySet<number>> {
    const ids = [...new Set(open.map(({ input }) => input.worker))];
    const { rows } = await this.#database.query<{ id: number }>(aliveOf, [ids]);
    return new Set(rows.map(({ id }) => id));
  }
}

function toClaim(cell: string, { epoch, position, isClean }: ClaimedRow, body: string | undefined): CellClaim {
  const snapshot = body === undefined ? undefined : parseStored<CellSnapshot>(body, cell, "snapshot");
  return { epoch, position, snapshot, isClean };
}
