import type { ContractSubject, StoreEnvironment } from "@troupe/core/testing";
import { type PostgresStore, postgresStore, type PostgresStoreOptions } from "@troupe/postgres";
import type { PostgresServer } from "./postgres-server.ts";

let count = 0;

/** A schema that no test has used. */
export function freshSchema(): string {
  count += 1;
  return `test_${count}`;
}

/** Opens a store on a test's server. */
export function openStore(server: PostgresServer, options: PostgresStoreOptions = {}): PostgresStore {
  return postgresStore({ connectionString: server.connectionString(), ...options });
}

/** Makes a worker silent for longer than its lease, as a paused process would be. */
export async function silenceWorker(server: PostgresServer, schema: string, owner: string): Promise<void> {
  await server.query(`UPDATE ${schema}.workers SET beat = beat - interval '1 minute' WHERE owner = '${owner}'`);
}

/** The store under the store contract, each case in a schema of its own. */
export function postgresSubject(server: () => PostgresServer): ContractSubject<StoreEnvironment> {
  return {
    create: () => {
      const schema = freshSchema();
      return {
        store: openStore(server(), { schema }),
        open: () => openStore(server(), { schema }),
        expire: (owner) => silenceWorker(server(), schema, owner),
        storedBytes: async () => {
          const [bytes] = await server().query(
            `SELECT (SELECT coalesce(sum(length(body)), 0) FROM ${schema}.log) + (SELECT coalesce(sum(length(body)), 0) FROM ${schema}.blobs)`,
          );
          return Number(bytes);
        },
      };
    },
    dispose: ({ store }) => store.close(),
  };
}
