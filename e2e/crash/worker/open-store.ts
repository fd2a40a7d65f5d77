import { MemoryStore, type Store } from "@troupe/core";
import type { StoreAddress } from "./assignment.ts";

/** Opens the store of an address. Loaded when needed: each needs a library of its own. */
export async function openStore(address: StoreAddress): Promise<Store> {
  if (address.kind === "memory") return new MemoryStore({ isDurable: true });
  if (address.kind === "sqlite") {
    const { sqliteStore } = await import("@troupe/sqlite");
    return sqliteStore(address.path);
  }
  const { postgresStore } = await import("@troupe/postgres");
  const { connectionString, schema, leaseMs } = address;
  return postgresStore({ connectionString, schema, leaseMs });
}
