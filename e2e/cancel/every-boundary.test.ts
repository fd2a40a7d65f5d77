import type { RunHandle } from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import type { ModelMessage } from "@troupe/llm";
import { describe, expect, test } from "vitest";
import { hear, type OutsideReply, type OutsideRequest } from "../crash/outside/outside-call.ts";
import type { OutsideClient } from "../crash/outside/outside-client.ts";
import { createOutsideParts } from "../crash/outside/outside-parts.ts";
import type { TeamScenario } from "../crash/scenario/team-scenario.ts";
import { teamScenarios } from "../crash/scenario/team-scenarios.ts";

/** A world that answers by the scenario's script and judges every conversation that a model is shown. */
class JudgingWorld implements OutsideClient {
  readonly faults: string[] = [];
  readonly #scenario: TeamScenario;

  constructor(scenario: TeamScenario) {
    this.#scenario = scenario;
  }

  async ask(request: OutsideRequest): Promise<OutsideReply> {
    await new Promise((resolve) => setImmediate(resolve));
    switch (request.kind) {
      case "model":
        this.faults.push(...faultsOf(request.messages).map((fault) => `${request.agent}: ${fault}`));
        return { kind: "said", said: this.#scenario.script(hear(request.agent, request.messages)), serial: 0 };
      case "effect":
        return { kind: "effect", value: `${request.tool} done` };
      case "answer":
        return { kind: "answer", answer: request.prompt.startsWith("May ") ? { approved: true } : "words" };
    }
  }

  close(): void {}
}

/** I1: every call has exactly one result, in the message that follows; nothing is answered that was not asked. */
function faultsOf(messages: readonly ModelMessage[]): readonly string[] {
  const faults: string[] = [];
  let open: readonly string[] = [];
  for (const message of messages) {
    const answered = message.role === "tool" ? message.content.map((part) => part.callId) : [];
    if (answered.join() !== open.join())
      faults.push(`calls ${open.join() || "none"}, results ${answered.join() || "none"}`);
    open =
      message.role === "assistant"
        ? message.content.flatMap((part) => (part.kind === "tool-call" ? [part.callId] : []))
        : [];
  }
  if (open.length > 0) faults.push(`calls ${open.join()} were never answered`);
  return faults;
}

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
