import { standardOutput } from "../../terminal/terminal.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import type { StoreSpec } from "../store/store-spec.ts";
import type { Moment } from "../timeline/run-moments.ts";
import { writeTimeline } from "../timeline/write-timeline.ts";
import { readStory, writeEnding, writeHeading } from "./show-command.ts";

/** `troupe replay <id>` with its flags. */
export interface ReplayCall {
  readonly spec: StoreSpec;
  readonly runId: string;
  /** The last event that is wanted; default all. */
  readonly until: number | undefined;
}

/** Shows what is stored of a run, up to an event. @throws ConfigError for an unknown run; StoreError. */
export async function replayCommand({ spec, runId, until }: ReplayCall): Promise<ExitCode> {
  const story = await readStory(spec, runId);
  const moments = cutAfter(story.moments, until ?? Number.POSITIVE_INFINITY);
  const terminal = standardOutput();
  writeHeading(terminal, story.run);
  writeTimeline(terminal, moments);
  writeEnding(terminal, { moments });
  return exitCodes.ok;
}

/** Everything up to the event with this number, and nothing that happened after it. */
function cutAfter(moments: readonly Moment[], sequence: number): readonly Moment[] {
  const last = moments.findLastIndex((moment) => moment.kind === "event" && moment.event.sequence <= sequence);
  return moments.slice(0, last + 1);
}
