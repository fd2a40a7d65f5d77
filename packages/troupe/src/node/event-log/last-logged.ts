import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { logFilesOf } from "./rotating-file.ts";

/**
 * The number of the last event of a run that an event log has, over all its files; 0 when it has none.
 *
 * A process that is killed leaves out what committed in its last moments: who goes on with the run can write the rest.
 */
export async function lastLogged(path: string, runId: string): Promise<number> {
  const wanted = `"runId":${JSON.stringify(runId)}`;
  let last = 0;
  for (const file of await logFilesOf(path)) {
    const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
    for await (const line of lines) if (line.includes(wanted)) last = Math.max(last, sequenceOf(line, runId));
  }
  return last;
}

/** 0 for half a line, and for one that only quotes the run. */
function sequenceOf(line: string, runId: string): number {
  try {
    const parsed: unknown = JSON.parse(line);
    const isOfRun = typeof parsed === "object" && parsed !== null && "runId" in parsed && parsed.runId === runId;
    return isOfRun && "sequence" in parsed && typeof parsed.sequence === "number" ? parsed.sequence : 0;
  } catch {
    return 0;
  }
}
