import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  missingPostgres,
  type PostgresServer,
  startPostgres,
} from "../../../extensions/postgres/test/support/postgres-server.ts";
import type { StoreAddress } from "../worker/assignment.ts";
import type { StoreFactory } from "./case-player.ts";

/** A file in a folder of its own for every case. */
export const sqliteFiles: StoreFactory = {
  name: "sqlite",
  hasStandby: false,
  create: async () => ({ kind: "sqlite", path: join(await mkdtemp(join(tmpdir(), "troupe-crash-")), "runs.db") }),
  drop: async (address: StoreAddress) => {
    if (address.kind === "sqlite") await rm(dirname(address.path), { recursive: true, force: true });
  },
};

/** Memory that ends with each process: no promise of the runtime can hold on it. */
export const forgetfulStores: StoreFactory = {
  name: "memory",
  hasStandby: false,
  create: () => Promise.resolve({ kind: "memory" }),
  drop: () => Promise.resolve(),
};

/** Cases that use a schema one after the other: what is left of them makes each further one slower. */
const casesPerSchema = 20;

/**
 * Schemas of one Postgres database. Cases at the same time have one each, for whoever recovers takes all that is there; those that
 * come after one another use the same for a while, and meet what is left of those before.
 */
function postgresSchemas(server: PostgresServer): StoreFactory {
  const connectionString = server.connectionString();
  const free: string[] = [];
  const uses = new Map<string, number>();
  return {
    name: "postgres",
    hasStandby: true,
    create: () => {
      const schema = free.pop() ?? `crash_${uses.size + 1}`;
      uses.set(schema, (uses.get(schema) ?? 0) + 1);
      return Promise.resolve({ kind: "postgres", connectionString, schema });
    },
    drop: async (address, isClean) => {
      if (address.kind !== "postgres" || !isClean) return;
      if ((uses.get(address.schema) ?? 0) < casesPerSchema) free.push(address.schema);
      // The database goes with the campaign: a schema that does not go before it takes room and nothing else.
      else await server.query(`DROP SCHEMA ${address.schema} CASCADE`).catch(() => []);
    },
  };
}

/** Stores for a campaign, and what has to be closed after it. */
export interface OpenStores {
  readonly factory: StoreFactory;
  close(): Promise<void>;
}

/** Why a campaign cannot run here; undefined when it can. In CI nothing may be missing. */
export async function missingStores(name: string): Promise<string | undefined> {
  return name === "postgres" && process.env["CI"] === undefined ? missingPostgres() : undefined;
}

/** The stores of a name: `sqlite`, `postgres` or `memory`. @throws RangeError for any other. */
export async function openStores(name: string): Promise<OpenStores> {
  switch (name) {
    case "memory":
      return { factory: forgetfulStores, close: () => Promise.resolve() };
    case "sqlite":
      return { factory: sqliteFiles, close: () => Promise.resolve() };
    case "postgres": {
      const server = await startPostgres();
      const factory = postgresSchemas(server);
      return { factory, close: () => server.stop() };
    }
    default:
      throw new RangeError(`there are no stores "${name}": use sqlite or postgres`);
  }
}
