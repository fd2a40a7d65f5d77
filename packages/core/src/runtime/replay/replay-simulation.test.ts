import { type AppendNotes, type Fence, MemoryStore, type StoreRecord } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { Episode } from "../../testing/simulation/episode.ts";
import { createSimulatedAgent, memberCell } from "../../testing/simulation/simulated-agent.ts";
import { agentTypes } from "../../testing/simulation/task.ts";
import { eventsOf } from "../../../test/support/recorded-session.ts";
import { replayCell } from "./replay-cell.ts";

/** Keeps every record of every cell, also of logs that are dropped. */
class ArchivingStore extends MemoryStore {
  readonly logs = new Map<string, StoreRecord[]>();

  constructor() {
    super({ isDurable: true });
  }

  // oxlint-disable-next-line max-params -- the port has four
  override append(cell: string, fence: Fence, records: readonly StoreRecord[], notes?: AppendNotes): number {
    const position = super.append(cell, fence, records, notes);
    this.logs.set(cell, [...(this.logs.get(cell) ?? []), ...records]);
    return position;
  }
}

/** The simulated agents as an offline program has them: without effects. */
const agents = agentTypes.map((type) =>
  createSimulatedAgent(type, {
    begin: () => () => {},
    run: () => Promise.reject(new Error("a step ran offline")),
  }),
);

describe("the replay of simulated programs", () => {
  test("C7, C27, V1: every log of crashes, take-overs, controls, forks and faults replays to the identical events", async () => {
    let turns = 0;
    for (let episode = 0; episode < 20; episode++) {
      const store = new ArchivingStore();
      // Whether the program kept its promises is the simulation's own test: what it wrote must replay in any case.
      await new Episode({ seed: `replay/${episode}`, steps: 250, store }).run().catch(() => {});
      expect([...store.logs.keys()]).toContain(memberCell);
      for (const [cell, records] of store.logs) {
        // What a worker keeps for itself is no agent's.
        if (cell.startsWith("~")) continue;
        const replay = await replayCell({ records, agents });
        expect(replay.mismatches.map(({ error }) => `episode ${episode}, ${cell}: ${error.message}`)).toEqual([]);
        expect(replay.events).toEqual(eventsOf(records));
        turns += replay.turns;
      }
    }
    expect(turns).toBeGreaterThan(2_000);
  }, 60_000);
});
