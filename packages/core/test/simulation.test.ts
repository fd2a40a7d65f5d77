import { type AppendNotes, type Fence, MemoryStore, type StoreRecord } from "@troupe/core";
import { simulate, SimulationViolation } from "@troupe/core/testing";
import { describe, expect, test } from "vitest";

/** A store that loses every so many-th append while it says that all is well. */
class LossyStore extends MemoryStore {
  #appends = 0;

  // oxlint-disable-next-line max-params -- the port has four
  override append(cell: string, fence: Fence, records: readonly StoreRecord[], notes?: AppendNotes): number {
    this.#appends += 1;
    if (this.#appends % 15 !== 0) return super.append(cell, fence, records, notes);
    // The position moves on as if the records were there.
    const others = records.map(
      (): StoreRecord => ({ kind: "control", at: 0, runId: "lost", action: "resume", detail: null }),
    );
    return super.append(cell, fence, others, notes);
  }
}

/** A store that lets whoever lost a cell go on writing to it. */
class UnfencedStore extends MemoryStore {
  readonly #epochs = new Map<string, number>();

  override claim(cell: string, owner: string): ReturnType<MemoryStore["claim"]> {
    const claim = super.claim(cell, owner);
    this.#epochs.set(cell, claim.epoch);
    return claim;
  }

  // oxlint-disable-next-line max-params -- the port has four
  override append(cell: string, fence: Fence, records: readonly StoreRecord[], notes?: AppendNotes): number {
    const row = this.cells({ cell })[0];
    const epoch = this.#epochs.get(cell) ?? fence.epoch;
    return super.append(cell, { epoch, position: row?.position ?? fence.position }, records, notes);
  }
}

/** A store that hands out what an append has taken once more. */
class ForgetfulInbox extends MemoryStore {
  // oxlint-disable-next-line max-params -- the port has four
  override append(cell: string, fence: Fence, records: readonly StoreRecord[], notes: AppendNotes = {}): number {
    const { collected, ...others } = notes;
    return super.append(
      cell,
      fence,
      records,
      collected === undefined ? others : { ...others, collected: collected - 1 },
    );
  }
}

describe("the simulation", () => {
  test("C1, C4, C5, C8, C10, C12, C16, C18, C20, C24, C27, C28: random interleavings keep every invariant", async () => {
    const report = await simulate({ seed: "unit", steps: 15_000 });
    expect(`${report.failure?.episode}: ${String(report.failure?.error)}`).toBe("undefined: undefined");
    expect(report).toMatchObject({ steps: 15_000, episodes: 60 });
    for (const [what, count] of Object.entries(report.counts)) expect(count, what).toBeGreaterThan(20);
  }, 120_000);

  test("I11: the same seed gives the same episodes and logs to the last record, another seed others", async () => {
    const run = async (seed: string): Promise<string> => (await simulate({ seed, steps: 2500 })).fingerprint;
    const first = await run("same");
    expect(await run("same")).toBe(first);
    expect(await run("other")).not.toBe(first);
  }, 60_000);

  test.each([
    { what: "loses records", Store: LossyStore },
    { what: "fences nobody", Store: UnfencedStore },
    { what: "forgets what was collected", Store: ForgetfulInbox },
  ])(
    "a store that $what is found out, and the failing episode replays",
    async ({ Store }) => {
      const createStore = (): MemoryStore => new Store({ isDurable: true });
      const { failure } = await simulate({ seed: "broken", steps: 25_000, createStore });
      expect(failure?.error).toBeInstanceOf(SimulationViolation);
      const episode = { seed: "broken", steps: 250, firstEpisode: failure?.episode };
      const again = await simulate({ ...episode, createStore });
      expect(again.failure).toMatchObject({ episode: failure?.episode, step: failure?.step });
      expect(String(again.failure?.error)).toBe(String(failure?.error));
      // It is the store's fault.
      expect((await simulate(episode)).failure?.error).toBeUndefined();
    },
    60_000,
  );

  test("violations name their invariant", () => {
    expect(new SimulationViolation("C5", "what")).toMatchObject({ invariant: "C5", message: "C5: what" });
  });
});
