import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { StoreAddress } from "../worker/assignment.ts";
import type { StoreFactory } from "./campaign.ts";

/** A file in a folder of its own for every case. */
export const sqliteFiles: StoreFactory = {
  name: "sqlite",
  create: async () => ({ kind: "sqlite", path: join(await mkdtemp(join(tmpdir(), "troupe-crash-")), "runs.db") }),
  drop: async (address: StoreAddress) => {
    if (address.kind === "sqlite") await rm(dirname(address.path), { recursive: true, force: true });
  },
};

/** Memory that ends with each process: no promise of the runtime can hold on it. */
export const forgetfulStores: StoreFactory = {
  name: "memory",
  create: () => Promise.resolve({ kind: "memory" }),
  drop: () => Promise.resolve(),
};

/** One schema of a Postgres database for all cases: they meet in its tables, as workers of one service do. */
export function postgresSchema(connectionString: string, schema: string): StoreFactory {
  return {
    name: "postgres",
    create: () => Promise.resolve({ kind: "postgres", connectionString, schema }),
    drop: () => Promise.resolve(),
  };
}

/** Stores for a campaign, and what has to be closed after it. */
export interface OpenStores {
  readonly factory: StoreFactory;
  close(): Promise<void>;
}

/** The stores of a name from the command line; undefined for an unknown one. */
export async function openStores(name: string): Promise<OpenStores | undefined> {
  switch (name) {
    case "memory":
      return { factory: forgetfulStores, close: () => Promise.resolve() };
    case "sqlite":
      return { factory: sqliteFiles, close: () => Promise.resolve() };
    default:
      return undefined;
  }
}
