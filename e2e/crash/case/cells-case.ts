import type { Assignment, ReportLine } from "../worker/assignment.ts";
import { openStore } from "../worker/open-store.ts";
import { hubKeys } from "../worker/run-cells.ts";
import { gatherEvidence } from "./case-evidence.ts";
import { writesOf, type CaseOptions, type CaseOutcome, describeEnd, faultsOf } from "./case-outcome.ts";
import { judgeAcknowledgements, judgeMemories } from "../judge/judge-cells.ts";
import { type CaseTools, commonParts, runLane } from "./lane.ts";
import type { Kill } from "../campaign/kill-plan.ts";
import type { Life } from "./life.ts";

/** Numbers that each sender sends. */
const messagesEach = 12;

/** Which hubs and accounts each process sends to: one process, or two at once that own some of the agents each. */
const lanesOf: Readonly<Record<string, readonly (readonly string[])[]>> = {
  cells: [hubKeys],
  "two-workers": hubKeys.map((key) => [key]),
};

/** Names of the scenarios without a team. */
export const cellScenarios: readonly string[] = Object.keys(lanesOf);

/** Stand-alone agents, each in a cell of its own, that get numbered messages from outside while processes die again and again. */
export async function playCellsCase(options: CaseOptions, tools: CaseTools): Promise<CaseOutcome> {
  const { runId, store, seed, kills, scenario } = options;
  const book = tools.server.open(runId, { script: () => ({ text: "" }), seed, maxDelayMs: 4 });
  const onlooker = await openStore(store);
  const violations: string[] = [];
  const acknowledged: Extract<ReportLine, { kind: "acknowledged" }>[] = [];
  const lives: Life[] = [];
  let deaths = 0;
  let writes = 0;
  const onLife = (life: Life): void => {
    lives.push(life);
    for (const line of life.lines) if (line.kind === "acknowledged") acknowledged.push(line);
    violations.push(...faultsOf(life));
    if (life.isKilled) deaths += 1;
    else if (life.end.code !== 0) violations.push(describeEnd(life));
  };
  const runKeys = (lane: string, keys: readonly string[], laneKills: readonly Kill[]): Promise<Life> => {
    const assignment = (kill: Kill | undefined): Assignment => {
      const work = { keys, count: messagesEach, isReading: keys.length === 0 };
      return { kind: "cells", runId, store, lane, ...work, ...commonParts(tools, kill) };
    };
    const start = (): { entrance: "run"; from: Record<string, number> } => {
      const from: Record<string, number> = {};
      for (const { sender, number } of acknowledged) from[sender] = Math.max(from[sender] ?? 0, number + 1);
      return { entrance: "run", from };
    };
    return runLane({ lane, book, kills: laneKills, assignment, start, seen: () => 0, onLife }, tools);
  };
  try {
    const lanes = lanesOf[scenario] ?? [];
    const ends = await Promise.all(
      lanes.map((keys, index) =>
        runKeys(
          `sends-${index}`,
          keys,
          kills.filter((_kill, position) => position % lanes.length === index),
        ),
      ),
    );
    // A death must come before the end of any lane.
    writes = Math.min(...ends.map(writesOf));
    const reader = await runKeys("reads", [], []);
    const memories = reader.lines.find((line) => line.kind === "memories")?.memories;
    const unknown = { count: 0 };
    const known = { runId, calls: book.calls, count: messagesEach, deaths, unknown };
    if (memories === undefined) violations.push(describeEnd(reader));
    else violations.push(...judgeMemories(memories, known));
    violations.push(...judgeAcknowledgements(acknowledged, messagesEach));
    const busy = (await onlooker.cells()).filter((row) => row.cell.includes(runId) && (row.isBusy || row.hasMail));
    violations.push(...busy.map((row) => `left behind: ${JSON.stringify(row)}`));
    const sums = { kills: deaths, unknown: unknown.count, writes, requests: book.calls.length };
    const evidence =
      violations.length === 0 ? undefined : await gatherEvidence(runId, { store: onlooker, lives, calls: book.calls });
    const workedMs = Math.min(...ends.map((end) => end.workedMs));
    return { violations, ...sums, transcript: undefined, events: 0, workedMs, evidence };
  } finally {
    await onlooker.close();
    tools.server.forget(runId);
  }
}
