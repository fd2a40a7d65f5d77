import { StoreError, TroupeError } from "@troupe/core";

/** SQLite's primary result codes, https://www.sqlite.org/rescode.html */
const resultCode = {
  perm: 3,
  busy: 5,
  locked: 6,
  noMemory: 7,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

const systemic: ReadonlySet<number> = new Set<number>([
  resultCode.perm,
  resultCode.noMemory,
  resultCode.readOnly,
  resultCode.ioError,
  resultCode.corrupt,
  resultCode.full,
  resultCode.cannotOpen,
  resultCode.notADatabase,
]);

function resultCodeOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code: unknown = Reflect.get(error, "errcode");
  return typeof code === "number" ? code & 0xff : undefined;
}

/** True when somebody else has the database locked: trying again helps. */
export function isBusy(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === resultCode.busy || code === resultCode.locked;
}

/** True when the file or the disk is to blame and not the statement: whatever else is written now would fail as well. */
export function isSystemic(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code !== undefined && systemic.has(code);
}

/** What SQLite threw, as an error of the store: what happened to which file, and who can do something about it. */
export function toStoreError(error: unknown, path: string): Error {
  if (TroupeError.isTroupeError(error)) return error;
  const code = resultCodeOf(error);
  const details = { path };
  switch (code) {
    case undefined:
      return error instanceof Error ? error : new Error(String(error), { cause: error });
    case resultCode.corrupt:
    case resultCode.notADatabase:
      return new StoreError(
        "store.corrupted",
        code === resultCode.corrupt ? `The database file "${path}" is damaged` : `"${path}" is not a SQLite database`,
        { remedy: "Restore the file from a backup, or give another path.", cause: error, details },
      );
    default:
      return new StoreError("store.unavailable", `The database file "${path}" ${happened(code)}`, {
        remedy: remedyOf(code),
        cause: error,
        details,
      });
  }
}

function happened(code: number): string {
  switch (code) {
    case resultCode.busy:
    case resultCode.locked:
      return "stays locked by another process";
    case resultCode.full:
      return "cannot grow: the disk or the file's limit is full";
    case resultCode.readOnly:
    case resultCode.perm:
      return "cannot be written";
    case resultCode.cannotOpen:
      return "cannot be opened";
    case resultCode.ioError:
      return "cannot be read or written: the disk reports an error";
    default:
      return "refused a statement";
  }
}

function remedyOf(code: number): string {
  switch (code) {
    case resultCode.busy:
    case resultCode.locked:
      return "End the process that holds a transaction open, then try again.";
    case resultCode.full:
      return "Free space on the disk, or prune the store, then go on: nothing that was acknowledged is lost.";
    case resultCode.readOnly:
    case resultCode.perm:
      return "Make the file and its folder writable for this process.";
    case resultCode.cannotOpen:
      return "Create the folder, and make it readable and writable for this process.";
    default:
      return "See the cause; check the disk and the file's permissions.";
  }
}
