import { InProcessRuntime, type Store } from "@troupe/core";
import { type EventLogFile, eventLogFile } from "../../node/event-log/event-log-file.ts";
import { openExistingStore, openStore } from "../store/open-store.ts";
import type { StoreSpec } from "../store/store-spec.ts";

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
}

/** Opens a store, a runtime on it, and an event log. @throws ConfigError, StoreError for what cannot be opened. */
export async function openHost({ spec, mustExist, isDev, logPath }: HostOptions): Promise<RunHost> {
  const log = logPath === undefined ? undefined : await openLog(logPath);
  const store = await (mustExist === true ? openExistingStore(spec) : openStore(spec));
  try {
    // A store that cannot be used says so now, before anything is begun.
    await store.runs({ limit: 1 });
  } catch (error) {
    await store.close();
    await log?.close();
    throw error;
  }
  const runtime = new InProcessRuntime({
    store,
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

async function openLog(path: string): Promise<EventLogFile> {
  const log = eventLogFile({ path });
  await log.open();
  return log;
}
