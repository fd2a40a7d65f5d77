import { ConfigError, type RunStatus, type Store } from "@troupe/core";
import { countOf, formatAge, formatTime } from "../../terminal/human-units.ts";
import { standardOutput, type Terminal } from "../../terminal/terminal.ts";
import { writeTable } from "../../terminal/text-table.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { withStore } from "../store/open-store.ts";
import { describeStore, type StoreSpec } from "../store/store-spec.ts";
import { type ListedRun, type ListedStatus, listedStatuses, toListedRun } from "./find-run.ts";

/** `troupe runs` with its flags. */
export interface ListCall {
  readonly spec: StoreSpec;
  readonly status: readonly string[];
  readonly limit: number;
  readonly isJson: boolean;
}

/** Lists the runs of a store, newest first. @throws ConfigError for a wrong status or a store that is not there; StoreError. */
export async function listCommand(call: ListCall): Promise<ExitCode> {
  const statuses = call.status.map(parseStatus);
  const runs = await withStore(call.spec, (store) => listRuns(store, statuses, call.limit));
  if (call.isJson) process.stdout.write(`${JSON.stringify(runs, null, 2)}\n`);
  else writeRuns(standardOutput(), runs, describeStore(call.spec));
  return exitCodes.ok;
}

async function listRuns(store: Store, statuses: readonly ListedStatus[], limit: number): Promise<readonly ListedRun[]> {
  const stored = [...new Set(statuses.map((status): RunStatus => (status === "interrupted" ? "running" : status)))];
  const rows = await store.runs({ limit, ...(stored.length > 0 && { status: stored }) });
  const runs: ListedRun[] = [];
  for (const row of rows) runs.push(await toListedRun(store, row));
  return statuses.length === 0 ? runs : runs.filter(({ status }) => statuses.includes(status));
}

function writeRuns(terminal: Terminal, runs: readonly ListedRun[], storeName: string): void {
  if (runs.length === 0) {
    terminal.write(`No runs in ${storeName}.\n`);
    return;
  }
  writeTable(
    terminal,
    [
      { name: "run", maxWidth: 40 },
      { name: "team", maxWidth: 24 },
      { name: "status" },
      { name: "started" },
      { name: "updated", align: "right" },
      { name: "events", align: "right" },
      { name: "questions", align: "right" },
    ],
    runs.map((run) => [
      run.runId,
      run.team,
      describeStatus(run),
      formatTime(run.startedAt),
      formatAge(Date.now() - run.updatedAt),
      String(run.events),
      run.questions === 0 ? "" : String(run.questions),
    ]),
  );
  terminal.write(`\n${describeNext(runs)}`);
}

/** How a run stands, and how it ended when that says more. */
export function describeStatus({ status, end }: ListedRun): string {
  return status === "ended" && end !== undefined && end !== "finished" ? `ended (${end})` : status;
}

/** What a person may want to do next. */
function describeNext(runs: readonly ListedRun[]): string {
  for (const { status, runId } of runs) {
    const reason = reasonsToResume[status];
    if (reason !== undefined) return `${reason}: troupe resume ${runId}\n`;
  }
  return `${countOf(runs.length, "run")}. troupe runs show <run> tells what happened.\n`;
}

const reasonsToResume: Partial<Readonly<Record<ListedStatus, string>>> = {
  interrupted: "Its process has ended",
  waiting: "It waits for an answer",
  paused: "It is paused",
};

/** @throws ConfigError `config.invalid_option`. */
function parseStatus(text: string): ListedStatus {
  const found = listedStatuses.find((status) => status === text);
  if (found !== undefined) return found;
  throw new ConfigError("config.invalid_option", `"${text}" is no status of a run.`, {
    remedy: `Use ${listedStatuses.join(", ")}.`,
  });
}
