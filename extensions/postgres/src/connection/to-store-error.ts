import { type JsonObject, StoreError, type StoreErrorCode, TroupeError } from "@troupe/core";

/**
 * What a failed statement means for whoever asked.
 * `lost`: the connection broke, so the statement may have been executed or not. `refused`: it was not executed, and may be tried again.
 * `final`: trying again cannot help.
 */
export type FaultKind = "lost" | "refused" | "final";

/** Errors of the network that pass, https://nodejs.org/api/errors.html#common-system-errors */
const networkCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EHOSTDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EADDRNOTAVAIL",
  "ENOENT",
]);

/** What the driver says, without a code, when a connection could not be had: nothing was sent. */
const notSent = /^(timeout e|Connection terminated due to connection timeout)/;
/** What it says when a connection broke. */
const broken = /^(Connection terminated|Query read timeout|Client (has encountered|was closed))/;

/**
 * SQLSTATE classes and codes that pass, https://www.postgresql.org/docs/current/errcodes-appendix.html: transaction rollback,
 * insufficient resources, lock not available, cancelled by its deadline.
 */
const refused = /^(40|53|55P03|57014|57P03)/;
/** Connection exceptions, and the server ending the connection. */
const lost = /^(08|57P|25P03)/;

/** Says whether, and how, a failed statement can be tried again. */
export function faultKindOf(error: unknown): FaultKind {
  if (TroupeError.isTroupeError(error)) return "final";
  const state = sqlStateOf(error);
  if (state !== undefined) return refused.test(state) ? "refused" : lost.test(state) ? "lost" : "final";
  if (!(error instanceof Error)) return "final";
  if (error instanceof AggregateError && error.errors.some((inner) => faultKindOf(inner) !== "final")) return "refused";
  if (notSent.test(error.message)) return "refused";
  if (broken.test(error.message)) return "lost";
  const code = codeOf(error);
  if (code === undefined || !networkCodes.has(code)) return "final";
  return code === "ECONNRESET" || code === "EPIPE" || code === "ETIMEDOUT" || code === "ECONNABORTED"
    ? "lost"
    : "refused";
}

/** The five characters of a server's error. https://www.postgresql.org/docs/current/protocol-error-fields.html */
export function sqlStateOf(error: unknown): string | undefined {
  const code = error instanceof Error && "severity" in error ? codeOf(error) : undefined;
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

function codeOf(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** How a statement failed in the end. */
export interface FailedStatement {
  /** True when an attempt may have been executed all the same. */
  readonly isOutcomeUnknown: boolean;
  readonly redact: (text: string) => string;
}

/**
 * What the driver or the server said, as an error of the store. The cause is a copy of the message and the code alone: the driver's own
 * errors carry clients, rows and connection strings.
 */
export function toStoreError(error: unknown, { isOutcomeUnknown, redact }: FailedStatement): Error {
  if (TroupeError.isTroupeError(error)) return error;
  const text = redact(messageOf(error));
  const state = sqlStateOf(error);
  const { code, remedy } = adviceFor(state, faultKindOf(error));
  const cause = new Error(text);
  cause.name = state === undefined ? "ConnectionError" : "DatabaseError";
  const details: JsonObject = {
    ...(state !== undefined && { sqlState: state }),
    ...(code === "store.unavailable" && { outcome: isOutcomeUnknown ? "unknown" : "refused" }),
  };
  return new StoreError(code, `PostgreSQL ${happened(code, isOutcomeUnknown)}: ${text}`, { remedy, cause, details });
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}

function happened(code: StoreErrorCode, isOutcomeUnknown: boolean): string {
  if (code === "store.corrupted") return "reports damaged or missing data";
  return isOutcomeUnknown ? "did not confirm a statement, which may have been executed" : "did not execute a statement";
}

interface Advice {
  readonly code: StoreErrorCode;
  readonly remedy: string;
}

function adviceFor(state: string | undefined, kind: FaultKind): Advice {
  const unavailable = (remedy: string): Advice => ({ code: "store.unavailable", remedy });
  const corrupted = (remedy: string): Advice => ({ code: "store.corrupted", remedy });
  if (state === undefined) {
    return unavailable(
      kind === "final"
        ? "See the cause; check the connection options, TLS among them."
        : "Check that the server runs and can be reached; then go on: nothing that was acknowledged is lost.",
    );
  }
  if (state.startsWith("28")) return unavailable("Check the user name and the password, and the server's pg_hba.conf.");
  if (state === "3D000") return unavailable("Create the database, or name another one in the connection options.");
  if (state === "42501")
    return unavailable("Grant the role CREATE on the database, or all rights on the store's schema.");
  if (state === "25006") return unavailable("Connect to the primary server: this one accepts no writes.");
  if (state === "53100") return unavailable("Free space on the server's disk, or prune the store; then go on.");
  if (state === "53300")
    return unavailable("Raise max_connections of the server, or lower maxConnections of the stores.");
  if (/^(42P01|42703|3F000)$/.test(state))
    return corrupted("Somebody changed the store's schema: restore the database.");
  if (state.startsWith("XX")) return corrupted("Restore the database from a backup; see the server's log.");
  return unavailable("See the cause and the server's log.");
}
