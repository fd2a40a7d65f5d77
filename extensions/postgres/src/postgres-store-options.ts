import type { ConnectionOptions } from "node:tls";
import type { RetentionOptions } from "./retention/retention-options.ts";

/** How a `postgresStore` reaches its database. What is left out comes from the `PG...` environment variables, as in `psql`. */
export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`; what it says wins over the options below. Never shown in an error. */
  readonly connectionString?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly database?: string | undefined;
  readonly user?: string | undefined;
  /** A function is asked for every new connection: for passwords that expire. */
  readonly password?: string | (() => string | Promise<string>) | undefined;
  readonly ssl?: boolean | ConnectionOptions | undefined;
  /** The schema that holds the tables: lower-case letters, digits and `_`. Stores with different schemas share nothing. Default `troupe`. */
  readonly schema?: string | undefined;
  /** What to drop by itself, now and then after a write. Default: nothing; `sweep` drops when it is called. */
  readonly retention?: RetentionOptions | undefined;
  /** Connections for statements, besides the one that holds the leases. Default 6. */
  readonly maxConnections?: number | undefined;
  /** Limit for opening a connection. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Limit for one statement on the server. Default 10,000. */
  readonly statementTimeoutMs?: number | undefined;
  /** How long an operation is tried again while the server cannot be reached. Default 10,000. */
  readonly retryMs?: number | undefined;
  /** Silence after which a worker counts as dead though its connection stands. Default 15,000, as the port promises; less is for tests. */
  readonly leaseMs?: number | undefined;
}
