import type { RunHandle } from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { createOutsideParts } from "../crash/outside/outside-parts.ts";
import { teamScenarios } from "../crash/scenario/team-scenarios.ts";
import { JudgingWorld } from "./judging-world.ts";

/** Cancels a run when it shows its n-th durable event; tells how many it has shown. */
async function cancelAt(run: RunHandle<unknown>, boundary: number): Promise<number> {
  let count = 0;
  for await (const event of run.events()) {
    if (event.isLive) continue;
    count += 1;
    if (count === boundary) await run.cancel("enough");
  }
  return count;
}

describe.each(teamScenarios)("a run of $name that is cancelled", (scenario) => {
  test("at any event ends as cancelled, leaves histories that every provider takes, and a team that goes on", async () => {
    const world = new JudgingWorld(scenario);
    const parts = createOutsideParts(world);
    const onQuestion = ({ prompt }: { readonly prompt: string }): Promise<unknown> => parts.answer(prompt);
    const whole = scenario.createTeam(parts);
    const total = await cancelAt(whole.run(scenario.task, { onQuestion }).handle, 0);
    await whole.close();
    expect(total).toBeGreaterThan(3);
    const kinds = new Set<string>();
    for (let boundary = 1; boundary < total; boundary += 1) {
      await using runtime = new InProcessRuntime();
      const session = scenario.createTeam(parts).session("s", { runtime });
      const run = session.run(scenario.task, { onQuestion });
      await cancelAt(run.handle, boundary);
      kinds.add((await run).stopReason.kind);
      const again = await session.run("Go on.", { onQuestion });
      expect(again.stopReason.kind, `after a cancel at event ${boundary}`).not.toBe("cancelled");
    }
    expect(world.faults).toEqual([]);
    expect(kinds).toContain("cancelled");
  });
});
