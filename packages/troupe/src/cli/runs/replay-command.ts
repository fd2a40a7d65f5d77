import { type AgentDefinition, type CellReplay, InProcessRuntime, replayCell, type Store } from "@troupe/core";
import { countOf } from "../../terminal/human-units.ts";
import { oneLine, paint, standardOutput, type Terminal } from "../../terminal/terminal.ts";
import type { AnyRunner } from "../any-runner.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { withStore } from "../store/open-store.ts";
import type { StoreSpec } from "../store/store-spec.ts";
import { findTeam } from "../store/team-places.ts";
import { type Moment, readMoments } from "../timeline/run-moments.ts";
import { writeTimeline } from "../timeline/write-timeline.ts";
import { findRun, type ListedRun } from "./find-run.ts";
import { loadTeamOf } from "./resume-command.ts";
import { writeEnding, writeHeading } from "./show-command.ts";

/** `troupe replay <id> [file]` with its flags. */
export interface ReplayCall {
  readonly spec: StoreSpec;
  readonly runId: string;
  readonly file: string | undefined;
  /** The last event that is wanted; default all. */
  readonly until: number | undefined;
}

/** Mismatches that are shown one by one. */
const shownMismatches = 5;

/**
 * Goes through a run again from its journal, offline: the team's code gets every recorded outcome, no model is asked and no tool called.
 * Shows the timeline, and whether the code does today what it did then; exit code 1 when not.
 *
 * @throws ConfigError for an unknown run or a wrong team; StoreError.
 */
export async function replayCommand(call: ReplayCall): Promise<ExitCode> {
  const terminal = standardOutput();
  return await withStore(call.spec, async (store) => {
    const run = await findRun(store, call.runId);
    const moments = cutAfter(await readMoments(store, run), call.until ?? Number.POSITIVE_INFINITY);
    writeHeading(terminal, run);
    writeTimeline(terminal, moments);
    writeEnding(terminal, { moments });
    if (call.file === undefined && findTeam(run.team) === undefined) {
      terminal.write(
        `This is what is stored. To see whether the code does the same: troupe replay ${run.runId} path/to/team.ts\n`,
      );
      return exitCodes.ok;
    }
    const replay = await replayRun({ store, run, runner: await loadTeamOf(run, call.file), until: call.until });
    return writeVerdict(terminal, replay);
  });
}

/** Everything up to the event with this number, and nothing that happened after it. */
function cutAfter(moments: readonly Moment[], sequence: number): readonly Moment[] {
  const last = moments.findLastIndex((moment) => moment.kind === "event" && moment.event.sequence <= sequence);
  return moments.slice(0, last + 1);
}

interface ReplayWork {
  readonly store: Store;
  readonly run: ListedRun;
  readonly runner: AnyRunner;
  readonly until: number | undefined;
}

async function replayRun({ store, run, runner, until }: ReplayWork): Promise<CellReplay> {
  const collector = new DefinitionCollector();
  try {
    await runner.register(collector);
    return await replayCell({
      records: await store.read(run.cell),
      agents: collector.definitions,
      runId: run.runId,
      ...(until !== undefined && { until: { runId: run.runId, sequence: until } }),
    });
  } finally {
    await collector.close();
    await runner.close?.();
  }
}

/** A runtime that is only asked what a runner registers. */
class DefinitionCollector extends InProcessRuntime {
  readonly definitions: AgentDefinition[] = [];

  override async register(agent: AgentDefinition): Promise<void> {
    this.definitions.push(agent);
    await super.register(agent);
  }
}

function writeVerdict(terminal: Terminal, { events, turns, openTurns, mismatches }: CellReplay): ExitCode {
  const extent = `${countOf(events.length, "event")} in ${countOf(turns + openTurns, "turn")}`;
  if (mismatches.length === 0) {
    terminal.write(`${paint(terminal, "green", `The code reproduces the run: ${extent}, nothing differs.`)}\n`);
    return exitCodes.ok;
  }
  terminal.write(
    `${paint(terminal, "red", `The code does something else today: ${countOf(mismatches.length, "difference")}.`)}\n`,
  );
  for (const { what, agent, recorded, replayed } of mismatches.slice(0, shownMismatches)) {
    const [left, right] = excerpts(JSON.stringify(recorded), JSON.stringify(replayed));
    terminal.write(`  ${what} of ${agent}\n`);
    terminal.write(`    recorded: ${oneLine(left, terminal.width - 14)}\n`);
    terminal.write(`    replayed: ${oneLine(right, terminal.width - 14)}\n`);
  }
  const [first] = mismatches;
  if (first !== undefined) terminal.write(`  remedy: ${first.error.remedy}\n`);
  return exitCodes.failed;
}

/** What is shown before the place where two texts part. */
const sharedCharacters = 24;

/** Two texts from shortly before the place where they part: the same beginning of both says nothing. */
function excerpts(left: string, right: string): readonly [string, string] {
  let same = 0;
  while (same < left.length && left[same] === right[same]) same += 1;
  const from = Math.max(0, same - sharedCharacters);
  const excerpt = (text: string): string => (from === 0 ? text : `...${text.slice(from)}`);
  return [excerpt(left), excerpt(right)];
}
