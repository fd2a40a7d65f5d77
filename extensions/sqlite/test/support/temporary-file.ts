import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A path for a database in a folder of its own, and how to remove both. */
export interface TemporaryFile {
  readonly folder: string;
  readonly path: string;
  readonly remove: () => void;
}

export function temporaryFile(): TemporaryFile {
  const folder = mkdtempSync(join(tmpdir(), "troupe-sqlite-"));
  return { folder, path: join(folder, "runs.db"), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
