import { type AppendNotes, type Fence, MemoryStore, type StoreRecord } from "@troupe/core";
import { simulate, SimulationViolation } from "@troupe/core/testing";
import { describe, expect, test } from "vitest";

/** A store that loses every so many-th append while it says that all is well. */
class LossyStore extends MemoryStore {
  readonly #every: number;
  #appends = 0;

  constructor(every: number) {
    super({ isDurable: true });
    this.#every = every;
  }

  // oxlint-disable-next-line max-params -- the port has four
  override append(cell: string, fence: Fence, records: readonly StoreRecord[], notes?: AppendNotes): number {
    this.#appends += 1;
    if (this.#appends % this.#every !== 0) return super.append(cell, fence, records, notes);
    // The position moves on as if the records were there.
    const others = records.map(
      (): StoreRecord => ({ kind: "control", at: 0, runId: "lost", action: "resume", detail: null }),
    );
    return super.append(cell, fence, others, notes);
  }
}

describe("the simulation", () => {
  test("C1, C4, C5, C10, C12, C16, C18, C20, C28: random interleavings keep every invariant", async () => {
    const report = await simulate({ seed: "unit", steps: 10_000 });
    expect(report.failure).toBeUndefined();
    expect(report).toMatchObject({ steps: 10_000, episodes: 40 });
  }, 60_000);

  test("I11: the same seed gives the same episodes to the last event, another seed others", async () => {
    const run = async (seed: string): Promise<string> => (await simulate({ seed, steps: 2500 })).fingerprint;
    const first = await run("same");
    expect(await run("same")).toBe(first);
    expect(await run("other")).not.toBe(first);
  });

  test("a store that loses records is found out, and the failing episode replays", async () => {
    const createStore = (): LossyStore => new LossyStore(15);
    const { failure } = await simulate({ seed: "lossy", steps: 25_000, createStore });
    expect(failure?.error).toBeInstanceOf(SimulationViolation);
    const again = await simulate({ seed: "lossy", steps: 250, firstEpisode: failure?.episode, createStore });
    expect(again.failure).toMatchObject({ episode: failure?.episode, step: failure?.step });
    expect(String(again.failure?.error)).toBe(String(failure?.error));
  });

  test("violations name their invariant", () => {
    expect(new SimulationViolation("C5", "what")).toMatchObject({ invariant: "C5", message: "C5: what" });
  });
});
