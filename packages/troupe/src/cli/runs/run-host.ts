import { InProcessRuntime, type Logger, type RunRow, type Store } from "@troupe/core";
import { type EventLogFile, eventLogFile } from "../../node/event-log/event-log-file.ts";
import { lastLogged } from "../../node/event-log/last-logged.ts";
import { openExistingStore, openStore } from "../store/open-store.ts";
import type { StoreSpec } from "../store/store-spec.ts";
import { readMoments } from "../timeline/run-moments.ts";
import { createFaultLogger } from "./fault-logger.ts";

/** What a command runs a team on. */
export interface RunHost {
  readonly runtime: InProcessRuntime;
  readonly store: Store;
  /** Closes what it opened, the runtime first. */
  close(): Promise<void>;
}

/** How a host is made. */
export interface HostOptions {
  readonly spec: StoreSpec;
  /** True where a store that is not there yet is a mistake. */
  readonly mustExist?: boolean | undefined;
  /** True parks at every wait, so that code which does not survive a restart shows (C17). */
  readonly isDev?: boolean | undefined;
  /** Where every durable event is written as a line of JSON. */
  readonly logPath?: string | undefined;
  /** The run that is gone on with: what its last process did not get to log is added. */
  readonly runId?: string | undefined;
}

/** Opens a store, a runtime on it, and an event log. @throws ConfigError, StoreError for what cannot be opened. */
export async function openHost({ spec, mustExist, isDev, logPath, runId }: HostOptions): Promise<RunHost> {
  const logger = createFaultLogger((text) => void process.stderr.write(text), process.argv.includes("--debug"));
  const log = logPath === undefined ? undefined : await openLog(logPath, logger);
  const store = await (mustExist === true ? openExistingStore(spec) : openStore(spec));
  try {
    // A store that cannot be used says so now, before anything is begun.
    const [run] = await store.runs({ runId, limit: 1 });
    if (log !== undefined && logPath !== undefined && run !== undefined)
      await completeLog(log, logPath, { store, run });
  } catch (error) {
    await store.close();
    await log?.close();
    throw error;
  }
  const runtime = new InProcessRuntime({
    store,
    logger,
    ...(isDev === true && { parkAfterMs: 0 }),
    ...(log !== undefined && { observer: log.observe }),
  });
  return {
    runtime,
    store,
    close: async () => {
      await runtime.close();
      await store.close();
      await log?.close();
    },
  };
}

/** Logs the stored events of a run that come after the last one logged; a process that works on it logs its own. */
async function completeLog(
  log: EventLogFile,
  logPath: string,
  { store, run }: { readonly store: Store; readonly run: RunRow },
): Promise<void> {
  const [cell] = await store.cells({ cell: run.cell });
  if (cell?.owner !== undefined) return;
  const last = await lastLogged(logPath, run.runId);
  for (const moment of await readMoments(store, run))
    if (moment.kind === "event" && moment.event.sequence > last)
      log.observe({ kind: "event-stored", cell: run.cell, event: moment.event });
}

async function openLog(path: string, logger: Logger): Promise<EventLogFile> {
  const log = eventLogFile({ path, logger });
  await log.open();
  return log;
}
