import { ConfigError } from "@troupe/core";
import { Client, type ClientConfig } from "pg";
import type { PostgresStoreOptions } from "../postgres-store-options.ts";

/** Options that were checked, with defaults: what the parts of the store work with. */
export interface ConnectionSettings {
  readonly client: ClientConfig;
  readonly schema: string;
  readonly maxConnections: number;
  readonly retryMs: number;
  readonly leaseMs: number;
  /** Removes the password from a text. */
  readonly redact: (text: string) => string;
}

/** Longer than the server's own limit, so that the server answers first: only a dead connection meets this one. */
const answerMarginMs = 2_000;

/**
 * Checks a store's options without connecting.
 *
 * @throws ConfigError `config.invalid_option`.
 */
export function connectionSettings(options: PostgresStoreOptions): ConnectionSettings {
  const statementTimeoutMs = positive("statementTimeoutMs", options.statementTimeoutMs ?? 10_000);
  const client: ClientConfig = {
    ...definedOf(options),
    connectionTimeoutMillis: positive("connectTimeoutMs", options.connectTimeoutMs ?? 5_000),
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + answerMarginMs,
    idle_in_transaction_session_timeout: statementTimeoutMs + answerMarginMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    fallback_application_name: "troupe",
  };
  const password = parsedPassword(client) ?? options.password;
  const secrets = typeof password === "string" && password !== "" ? [password, encodeURIComponent(password)] : [];
  return {
    client,
    schema: checkedSchema(options.schema ?? "troupe"),
    maxConnections: positive("maxConnections", options.maxConnections ?? 6),
    retryMs: positive("retryMs", options.retryMs ?? 10_000),
    leaseMs: positive("leaseMs", options.leaseMs ?? 15_000),
    redact: (text) => secrets.reduce((left, secret) => left.replaceAll(secret, "***"), text),
  };
}

/** Options that are undefined must be absent: the driver looks at which keys there are. */
function definedOf(options: PostgresStoreOptions): ClientConfig {
  const { connectionString, host, port, database, user, password, ssl } = options;
  return {
    ...(connectionString !== undefined && { connectionString }),
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(database !== undefined && { database }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(ssl !== undefined && { ssl }),
  };
}

/** A client that is never connected tells what the driver makes of the connection string. Its error may hold the string: it is dropped. */
function parsedPassword(config: ClientConfig): unknown {
  try {
    return new Client(config).password;
  } catch {
    throw invalid("connectionString", "cannot be read", "Write it as postgres://user:password@host:port/database.");
  }
}

/** The name goes into settings and statements: only what needs no quotes. */
function checkedSchema(schema: string): string {
  if (/^[a-z_][a-z0-9_]{0,50}$/.test(schema)) return schema;
  throw invalid("schema", "is not a plain schema name", "Use up to 51 lower-case letters, digits and underscores.");
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw invalid(name, "is not a whole number above 0", "Give a positive whole number.");
}

function invalid(option: string, problem: string, remedy: string): ConfigError {
  return new ConfigError("config.invalid_option", `The option "${option}" of postgresStore ${problem}`, {
    remedy,
    details: { option },
  });
}
