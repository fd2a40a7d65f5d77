export { type SqliteStore, sqliteStore } from "./sqlite-store.ts";
export type { RetentionOptions, SqliteStoreOptions } from "./sqlite-store-options.ts";
export type { ProcessIdentity, ProcessProbe } from "./worker/process-identity.ts";
