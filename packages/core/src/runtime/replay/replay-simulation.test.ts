import { describe, expect, test } from "vitest";
import type { AgentDefinition } from "../../agent/index.ts";
import { type AppendNotes, type CellEvent, type Fence, type LogRecord, MemoryStore } from "../../store/index.ts";
import { Episode } from "../../testing/simulation/episode.ts";
import { createSimulatedAgent, memberCell } from "../../testing/simulation/simulated-agent.ts";
import { agentTypes, type Target } from "../../testing/simulation/task.ts";
import { replayCell } from "./replay-cell.ts";

/** Keeps every record of every cell, also of logs that are dropped. */
class ArchivingStore extends MemoryStore {
  readonly logs = new Map<string, LogRecord[]>();

  // oxlint-disable-next-line max-params -- the port's signature
  override append(cell: string, fence: Fence, records: readonly LogRecord[], notes?: AppendNotes): number {
    const position = super.append(cell, fence, records, notes);
    const log = this.logs.get(cell) ?? [];
    log.push(...records);
    this.logs.set(cell, log);
    return position;
  }
}

/** The simulated agents as an offline program has them: no gates, and steps that must not run. */
function replica(type: Target["type"]): AgentDefinition {
  return createSimulatedAgent(type, {
    begin: () => () => {},
    run: () => Promise.reject(new Error("a step ran offline")),
  });
}

const eventsOf = (records: readonly LogRecord[]): readonly CellEvent[] =>
  records.flatMap((record) => ("events" in record ? (record.events ?? []) : []));

describe("the replay of simulated programs", () => {
  test("C7, C27, V1: every log replays to the identical events, with nothing run", async () => {
    const agents = agentTypes.map(replica);
    let turns = 0;
    for (let episode = 0; episode < 12; episode++) {
      const store = new ArchivingStore({ isDurable: true });
      await new Episode({ seed: `replay/${episode}`, steps: 250, store }).run();
      for (const [cell, records] of store.logs) {
        const replay = await replayCell({ records, agents });
        expect(replay.mismatches.map(({ error }) => `episode ${episode}, ${cell}: ${error.message}`)).toEqual([]);
        expect(replay.events).toEqual(eventsOf(records));
        turns += replay.turns;
      }
      expect(store.logs.has(memberCell)).toBe(true);
    }
    expect(turns).toBeGreaterThan(500);
  }, 120_000);
});
