export { type PostgresStore, postgresStore } from "./postgres-store.ts";
export type { PostgresStoreOptions } from "./postgres-store-options.ts";
export type { RetentionOptions } from "./retention/retention-options.ts";
