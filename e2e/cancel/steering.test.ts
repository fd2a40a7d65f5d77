import type { DurableRunEvent, RunEvent, RunHandle } from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { createOutsideParts } from "../crash/outside/outside-parts.ts";
import { transcriptOf } from "../crash/judge/transcript.ts";
import type { TeamScenario } from "../crash/scenario/team-scenario.ts";
import { teamScenarios } from "../crash/scenario/team-scenarios.ts";
import { JudgingWorld } from "./judging-world.ts";

/** A run with what it takes to steer it. */
class SteeredRun {
  readonly world: JudgingWorld;
  readonly runtime = new InProcessRuntime();
  readonly run: RunHandle<unknown>;
  readonly events: DurableRunEvent[] = [];
  readonly #scenario: TeamScenario;

  constructor(scenario: TeamScenario) {
    this.#scenario = scenario;
    this.world = new JudgingWorld(scenario);
    const parts = createOutsideParts(this.world);
    const onQuestion = ({ prompt }: { readonly prompt: string }): Promise<unknown> => parts.answer(prompt);
    this.run = scenario.createTeam(parts).run(scenario.task, { runtime: this.runtime, onQuestion }).handle;
  }

  /** Watches to the end, and does something once, when the n-th durable event is shown. */
  async watch(boundary: number, act: () => Promise<void>): Promise<void> {
    for await (const event of this.run.events()) {
      if (!isDurable(event)) continue;
      this.events.push(event);
      if (this.events.length === boundary) await act();
    }
  }

  /** What the run came to, without what no two runs share. */
  async transcript(): Promise<{ readonly messages: readonly string[]; readonly stop: string }> {
    const { messages, stop } = transcriptOf(await this.run.result(), this.events, this.#scenario.isParallel);
    return { messages, stop };
  }
}

function isDurable(event: RunEvent): event is DurableRunEvent {
  return !event.isLive;
}

async function wholeRun(scenario: TeamScenario): Promise<SteeredRun> {
  const whole = new SteeredRun(scenario);
  await whole.watch(0, () => Promise.resolve());
  return whole;
}

/** About a dozen boundaries of a run. */
function boundariesOf(total: number): readonly number[] {
  const stride = Math.max(1, Math.floor(total / 12));
  return Array.from({ length: Math.floor((total - 1) / stride) }, (_, index) => 1 + index * stride);
}

describe.each(teamScenarios)("a run of $name", (scenario) => {
  test("pauses at any event, does nothing until it is resumed, and comes to the same", async () => {
    const whole = await wholeRun(scenario);
    const expected = await whole.transcript();
    for (const boundary of boundariesOf(whole.events.length)) {
      const steered = new SteeredRun(scenario);
      let stood = 0;
      await steered.watch(boundary, async () => {
        await steered.run.pause();
        await steered.runtime.idle();
        const { sequence } = steered.run.snapshot();
        for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
        expect(steered.run.snapshot().sequence, `paused at event ${boundary}`).toBe(sequence);
        stood += 1;
        await steered.run.resume();
      });
      expect(stood).toBe(1);
      expect(await steered.transcript(), `paused at event ${boundary}`).toEqual(expected);
      await steered.runtime.close();
    }
    await whole.runtime.close();
  });

  test.each(["now", "after-step"] as const)(
    "hears what is said in between (%s), once, and keeps its histories valid",
    async (at) => {
      const whole = await wholeRun(scenario);
      const expected = await whole.transcript();
      const boundaries = boundariesOf(whole.events.length);
      let tooLate = 0;
      for (const boundary of boundaries) {
        const steered = new SteeredRun(scenario);
        await steered.watch(boundary, () => steered.run.interrupt("By the way.", { at }));
        const result = await steered.run.result();
        const heard = result.messages.filter(({ text }) => text === "By the way.");
        // What comes when the run has ended, although its last events have not been shown, is too late.
        if (heard.length === 0) tooLate += 1;
        if (heard.length === 0) expect(await steered.transcript()).toEqual(expected);
        else expect(heard.length, `interrupted at event ${boundary}`).toBe(1);
        expect(["cancelled", "stalled"]).not.toContain(result.stopReason.kind);
        expect(steered.world.faults, `interrupted at event ${boundary}`).toEqual([]);
        await steered.runtime.close();
      }
      expect(tooLate).toBeLessThan(boundaries.length / 2);
      await whole.runtime.close();
    },
  );

  test("stops after the current speaker", async () => {
    const whole = await wholeRun(scenario);
    for (const boundary of boundariesOf(whole.events.length)) {
      const steered = new SteeredRun(scenario);
      await steered.watch(boundary, () => steered.run.stop());
      const result = await steered.run.result();
      expect(result.messages.length).toBeGreaterThan(0);
      expect(result.stopReason.kind, `stopped at event ${boundary}`).not.toBe("cancelled");
      expect(steered.world.faults).toEqual([]);
      await steered.runtime.close();
    }
    await whole.runtime.close();
  });
});
