import type { PostgresServer } from "../../extensions/postgres/test/support/postgres-server.ts";

/** Databases on one server, each with its own data. */
export interface BenchServer {
  /** Makes an empty database, or a copy of one to which nobody is connected; returns where a store connects. */
  readonly create: (template?: string) => Promise<BenchDatabase>;
}

/** One database of a benchmark. */
export interface BenchDatabase {
  readonly name: string;
  readonly connectionString: string;
  /** Drops it once nobody is connected. */
  readonly remove: () => Promise<void>;
}

/** Databases with names of their own on a server. */
export function benchServer(server: PostgresServer): BenchServer {
  let count = 0;
  return {
    create: async (template = "template1") => {
      count += 1;
      const name = `bench_${count}`;
      await server.query(`CREATE DATABASE ${name} TEMPLATE ${template}`, "postgres");
      return {
        name,
        connectionString: server.connectionString({ database: name }),
        remove: async () => {
          await server.query(`DROP DATABASE ${name} WITH (FORCE)`, "postgres");
        },
      };
    },
  };
}
