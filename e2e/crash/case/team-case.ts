import type { DurableRunEvent } from "@troupe/agentchat";
import type { Store } from "@troupe/core";
import { teamScenario } from "../scenario/team-scenarios.ts";
import { openStore } from "../worker/open-store.ts";
import { gatherEvidence } from "./case-evidence.ts";
import { writesOf, type CaseOptions, type CaseOutcome, describeEnd, faultsOf } from "./case-outcome.ts";
import { judgeEnd, judgeEvents, judgeLostCalls, judgeRepeats, type Death } from "../judge/judge-team.ts";
import { eventsOf, type Life } from "./life.ts";
import { type CaseTools, commonParts, runLane } from "./lane.ts";
import { readJournal } from "../judge/read-journal.ts";
import { transcriptOf } from "../judge/transcript.ts";

/** Plays a team's run through all its deaths to its end, and says what was not as promised. */
export async function playTeamCase(options: CaseOptions, tools: CaseTools): Promise<CaseOutcome> {
  const { runId, store, seed, kills, entrances, durability } = options;
  const scenario = teamScenario(options.scenario);
  const book = tools.server.open(runId, { script: scenario.script, seed, maxDelayMs: 4 });
  const onlooker = await openStore(store);
  const lives: Life[] = [];
  const deaths: Death[] = [];
  const violations: string[] = [];
  let seen: readonly DurableRunEvent[] = [];
  try {
    const lane = "team";
    const last = await runLane(
      {
        lane,
        book,
        kills,
        assignment: (kill) => ({
          kind: "team",
          scenario: scenario.name,
          durability,
          runId,
          store,
          lane,
          ...commonParts(tools, kill),
        }),
        // A run that nobody has heard of cannot be attached to: it may have died before its first record.
        start: (died) => ({ entrance: seen.length === 0 ? "run" : (entrances[died - 1] ?? "run"), from: {} }),
        seen: () => seen.length,
        onLife: async (life) => {
          lives.push(life);
          const { problems, longest } = judgeEvents(seen, eventsOf(life.lines));
          seen = longest;
          violations.push(...problems, ...faultsOf(life));
          if (!life.isKilled) return;
          const journal = await readJournal(onlooker, runId);
          violations.push(...unstored(seen, journal.events));
          deaths.push({ life: deaths.length, journal });
        },
      },
      tools,
    );
    const finish = last.lines.find((line) => line.kind === "finished");
    if (finish === undefined) violations.push(describeEnd(last));
    const transcript = finish && transcriptOf(finish.result, seen, scenario.isParallel);
    violations.push(...judgeRepeats(book.calls, deaths));
    if (transcript !== undefined) {
      violations.push(...judgeEnd(transcript, options.expected, deaths));
      violations.push(...judgeLostCalls(transcript, { calls: book.calls, deaths, durability }));
    }
    violations.push(...(await leftovers(onlooker, runId)));
    return {
      violations,
      kills: deaths.length,
      unknown: transcript?.unknown.length ?? 0,
      transcript,
      events: seen.length,
      writes: writesOf(last),
      requests: book.calls.length,
      workedMs: last.workedMs,
      evidence:
        violations.length === 0
          ? undefined
          : await gatherEvidence(runId, { store: onlooker, lives, calls: book.calls }),
    };
  } finally {
    await onlooker.close();
    tools.server.forget(runId);
  }
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
    .filter(
      ({ cell, isBusy, hasMail, owner }) => cell.endsWith(`/${runId}`) && (isBusy || hasMail || owner !== undefined),
    )
    .map((row) => `left behind: ${JSON.stringify(row)}`);
}
