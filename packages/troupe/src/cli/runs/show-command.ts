import { formatTime } from "../../terminal/human-units.ts";
import { paint, printable, standardOutput, type Terminal } from "../../terminal/terminal.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { withStore } from "../store/open-store.ts";
import { repeatStoreOption, type StoreSpec } from "../store/store-spec.ts";
import { describeFigures, sumMoments } from "../timeline/run-figures.ts";
import { type Moment, readMoments } from "../timeline/run-moments.ts";
import { writeTimeline } from "../timeline/write-timeline.ts";
import { findRun, type ListedRun } from "./find-run.ts";
import { describeStatus } from "./list-command.ts";

/** `troupe runs show <id>` with its flags. */
export interface ShowCall {
  readonly spec: StoreSpec;
  readonly runId: string;
  readonly isJson: boolean;
}

/** A stored run with its course. */
export interface RunStory {
  readonly run: ListedRun;
  readonly moments: readonly Moment[];
}

/** Shows the course of a stored run; needs neither its code nor its owner. @throws ConfigError for an unknown run; StoreError. */
export async function showCommand({ spec, runId, isJson }: ShowCall): Promise<ExitCode> {
  const story = await readStory(spec, runId);
  if (isJson) {
    process.stdout.write(
      `${JSON.stringify({ ...story.run, figures: sumMoments(story.moments), moments: story.moments }, null, 2)}\n`,
    );
    return exitCodes.ok;
  }
  const terminal = standardOutput();
  writeHeading(terminal, story.run);
  writeTimeline(terminal, story.moments);
  writeEnding(terminal, story);
  terminal.write(describeWayOn(story.run, spec));
  return exitCodes.ok;
}

/** Reads a run and its course. @throws ConfigError for an unknown run; StoreError. */
export function readStory(spec: StoreSpec, runId: string): Promise<RunStory> {
  return withStore(spec, async (store) => {
    const run = await findRun(store, runId);
    return { run, moments: await readMoments(store, run) };
  });
}

/** One line: which run of which team, when, how it stands. */
export function writeHeading(terminal: Terminal, run: ListedRun): void {
  const session = run.sessionId === run.runId ? "" : ` in session ${printable(run.sessionId)}`;
  const name = paint(terminal, "bold", printable(run.runId));
  terminal.write(
    `${name} of ${printable(run.team)}${session}, started ${formatTime(run.startedAt)}: ${describeStatus(run)}\n\n`,
  );
}

/** The sums below a timeline. */
export function writeEnding(terminal: Terminal, { moments }: Pick<RunStory, "moments">): void {
  terminal.write(`\n${describeFigures(sumMoments(moments))}\n`);
}

/** How to go on with a run that has not ended. */
function describeWayOn(run: ListedRun, spec: StoreSpec): string {
  if (run.status === "ended" || run.status === "running") return "";
  return `Go on with: troupe resume ${run.runId}${repeatStoreOption(spec)}\n`;
}
