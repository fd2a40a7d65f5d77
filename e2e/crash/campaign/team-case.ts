import type { DurableRunEvent } from "@troupe/agentchat";
import type { Store } from "@troupe/core";
import type { OutsideServer } from "../outside/outside-server.ts";
import { teamScenario } from "../scenario/team-scenarios.ts";
import type { Assignment, Entrance, ReportLine, StoreAddress } from "../worker/assignment.ts";
import { openStore } from "../worker/open-store.ts";
import { judgeEnd, judgeEvents, judgeRepeats, type Death } from "./judge-team.ts";
import type { Kill } from "./kill-plan.ts";
import { appendKill, eventsOf, type Life, live } from "./life.ts";
import { readJournal } from "./read-journal.ts";
import { type Transcript, transcriptOf } from "./transcript.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** What every case of a campaign shares. */
export interface CaseTools {
  readonly pool: WorkerPool;
  readonly server: OutsideServer;
  /** Milliseconds that one process may take. */
  readonly limitMs: number;
}

/** One run and how it is to be killed. */
export interface CaseOptions {
  readonly scenario: string;
  readonly runId: string;
  readonly store: StoreAddress;
  readonly kills: readonly Kill[];
  readonly entrances: readonly Entrance[];
  /** The uninterrupted run; undefined when this is it. */
  readonly expected: Transcript | undefined;
}

/** What came of a case. */
export interface CaseOutcome {
  readonly violations: readonly string[];
  /** Processes that were really killed. */
  readonly kills: number;
  /** Steps that ended as `unknown`. */
  readonly unknown: number;
  readonly transcript: Transcript | undefined;
  readonly events: number;
  readonly appends: number;
  readonly requests: number;
  readonly durationMs: number;
}

/** Plays a run through all its deaths to its end, and says what was not as promised. */
export async function playTeamCase(options: CaseOptions, tools: CaseTools): Promise<CaseOutcome> {
  const { runId } = options;
  const startedAt = performance.now();
  const book = tools.server.open(runId, { script: teamScenario(options.scenario).script, seed: runId, maxDelayMs: 4 });
  const onlooker = await openStore(options.store);
  const deaths: Death[] = [];
  const violations: string[] = [];
  let seen: readonly DurableRunEvent[] = [];
  try {
    for (;;) {
      const life = await nextLife(options, tools, { book, deaths: deaths.length, seen: seen.length });
      const { problems, longest } = judgeEvents(seen, eventsOf(life.lines));
      seen = longest;
      violations.push(...problems, ...faultsOf(life));
      if (!life.isKilled) {
        const finish = life.lines.find((line) => line.kind === "finished" || line.kind === "failed");
        const appends = life.lines.find((line) => line.kind === "closed")?.appends ?? 0;
        if (finish?.kind !== "finished") violations.push(describeEnd(life, finish));
        const transcript = finish?.kind === "finished" ? transcriptOf(finish.result, seen) : undefined;
        violations.push(...judgeRepeats(book.calls, deaths));
        if (transcript !== undefined) violations.push(...judgeEnd(transcript, options.expected, deaths));
        violations.push(...(await leftovers(onlooker, runId)));
        const sums = { events: seen.length, appends, requests: book.calls.length };
        const unknown = transcript?.unknown.length ?? 0;
        return {
          violations,
          kills: deaths.length,
          unknown,
          transcript,
          ...sums,
          durationMs: performance.now() - startedAt,
        };
      }
      const journal = await readJournal(onlooker, runId);
      violations.push(...unstored(seen, journal.events));
      deaths.push({ life: book.life, journal });
      book.life += 1;
    }
  } finally {
    await onlooker.close();
    tools.server.forget(runId);
  }
}

async function nextLife(
  { scenario, runId, store, kills, entrances }: CaseOptions,
  { pool, server, limitMs }: CaseTools,
  { book, deaths, seen }: { book: ReturnType<OutsideServer["open"]>; deaths: number; seen: number },
): Promise<Life> {
  const kill = kills[deaths];
  const entrance = deaths === 0 ? "run" : (entrances[deaths - 1] ?? "run");
  const assignment: Assignment = {
    kind: "team",
    scenario,
    runId,
    store,
    outsideUrl: server.url,
    kill: appendKill(kill),
    // A run that nobody has heard of cannot be attached to: it may have died before its first record.
    entrance: seen === 0 ? "run" : entrance,
  };
  return live({ worker: await pool.take(), assignment, book, kill, seen, limitMs });
}

/** A healthy process reports nothing to the error port. */
function faultsOf({ lines }: Life): readonly string[] {
  return lines.flatMap((line) => (line.kind === "fault" ? [`fault: ${line.message}`] : []));
}

function describeEnd({ end, isStuck }: Life, failed: Extract<ReportLine, { kind: "failed" }> | undefined): string {
  if (isStuck) return "the process did not come to an end";
  if (failed !== undefined) return `the run failed with ${failed.code}: ${failed.message}`;
  return `the process ended with code ${end.code}, signal ${end.signal}: ${end.errors.slice(0, 2000)}`;
}

/** C20: what was shown is stored. */
function unstored(seen: readonly DurableRunEvent[], stored: ReadonlyMap<number, string>): readonly string[] {
  return seen
    .filter((event) => stored.get(event.sequence) !== event.kind)
    .map((event) => `event ${event.sequence} (${event.kind}) was shown, but is not in the log`);
}

/** A run that is over leaves its cell at rest. */
async function leftovers(store: Store, runId: string): Promise<readonly string[]> {
  const rows = await store.cells();
  return rows
    .filter(({ cell, isBusy, hasMail, owner }) => cell.includes(runId) && (isBusy || hasMail || owner !== undefined))
    .map((row) => `left behind: ${JSON.stringify(row)}`);
}
