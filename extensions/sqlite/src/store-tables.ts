import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Clock } from "@troupe/core";
import { integerOf } from "./connection/stored-value.ts";
import { FileSpace } from "./retention/file-space.ts";
import { RetiredCells } from "./retention/retired-cells.ts";
import { BlobRows } from "./rows/blob-rows.ts";
import { CellRows } from "./rows/cell-rows.ts";
import { InboxRows } from "./rows/inbox-rows.ts";
import { LogReader } from "./rows/log-reader.ts";
import { LogRows } from "./rows/log-rows.ts";
import { LogWriter } from "./rows/log-writer.ts";
import { RunRows } from "./rows/run-rows.ts";
import { SnapshotRows } from "./rows/snapshot-rows.ts";
import type { LeaseClock } from "./worker/lease-clock.ts";
import type { ProcessProbe } from "./worker/process-identity.ts";
import { Workers } from "./worker/workers.ts";

/** What the tables need from outside. */
export interface TablesOptions {
  readonly clock: Clock;
  readonly leaseClock: LeaseClock;
  readonly processes: ProcessProbe;
}

/** Everything that belongs to one open file: the connection and its prepared statements. */
export class StoreTables {
  readonly database: DatabaseSync;
  readonly blobs: BlobRows;
  readonly cells: CellRows;
  readonly inbox: InboxRows;
  readonly logs: LogRows;
  readonly reader: LogReader;
  readonly runs: RunRows;
  readonly snapshots: SnapshotRows;
  readonly retired: RetiredCells;
  readonly file: FileSpace;
  readonly workers: Workers;
  readonly writer: LogWriter;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  readonly #dataVersion: StatementSync;

  constructor(database: DatabaseSync, options: TablesOptions) {
    this.database = database;
    this.blobs = new BlobRows(database);
    this.cells = new CellRows(database);
    this.inbox = new InboxRows(database);
    this.logs = new LogRows(database, this.blobs);
    this.reader = new LogReader(database, this.blobs);
    this.runs = new RunRows(database);
    this.snapshots = new SnapshotRows(database, this.blobs);
    this.retired = new RetiredCells(database);
    this.file = new FileSpace(database);
    this.workers = new Workers(database, options.leaseClock, options.processes);
    this.writer = new LogWriter(database, this, options.clock);
    this.#begin = database.prepare("BEGIN");
    this.#end = database.prepare("COMMIT");
    this.#dataVersion = database.prepare("PRAGMA data_version");
  }

  /** Several reads that see the same state of the file. */
  readTogether<T>(read: () => T): T {
    this.#begin.run();
    try {
      return read();
    } finally {
      // An error that ended the transaction by itself is the one to show.
      if (this.database.isTransaction) this.#end.run();
    }
  }

  /** Changes when another connection has committed. */
  dataVersion(): number {
    return integerOf(this.#dataVersion.get() ?? {}, "data_version");
  }
}
