import { simulate } from "@troupe/core/testing";
import { expect, test } from "vitest";

test("C28: 20,000 simulated crashes lose nothing and repeat nothing", async () => {
  const { failure, steps, episodes, counts } = await simulate({ seed: "crashes", steps: 60_000, crashRate: 0.35 });
  console.log(`${steps} steps in ${episodes} episodes: ${JSON.stringify(counts)}`);
  expect(`${failure?.episode}: ${String(failure?.error)}`).toBe("undefined: undefined");
  expect(counts.crashes).toBeGreaterThanOrEqual(20_000);
}, 400_000);
