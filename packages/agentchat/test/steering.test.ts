import {
  AssistantAgent,
  type FailurePolicy,
  MaxMessageTermination,
  RoundRobinGroupChat,
  type Run,
  UserProxyAgent,
} from "@troupe/agentchat";
import { InProcessRuntime, TroupeError } from "@troupe/core";
import { createSeededRandom } from "@troupe/core/testing";
import { type Tool, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

type Dice = () => number;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const policies: readonly FailurePolicy[] = ["fail", "skip", "retry", "feed-back"];

function slowTool(dice: Dice): Tool {
  return tool({
    name: "slow",
    description: "Takes a while",
    input: z.object({}),
    execute: (_, { signal }) =>
      new Promise<string>((resolve, reject) => {
        const timer = setTimeout(() => resolve("done"), dice() * 8);
        const onAbort = (): void => {
          clearTimeout(timer);
          reject(signal.reason as Error);
        };
        signal.addEventListener("abort", onAbort, { once: true });
      }),
  });
}

function whimsical(dice: Dice): ScriptedModel {
  return new ScriptedModel(() => {
    const delayMs = Math.floor(dice() * 5);
    const choice = dice();
    if (choice < 0.1) return reply.failure(new Error("down"));
    if (choice < 0.4) return reply.toolCalls([{ name: "slow" }, { name: dice() < 0.5 ? "slow" : "none" }], { delayMs });
    return reply.text("words and more words", { delayMs, chunkDelayMs: dice() < 0.3 ? 1 : 0, chunkSize: 5 });
  });
}

function makeTeam(dice: Dice): RoundRobinGroupChat {
  const policy = (): FailurePolicy => policies[Math.floor(dice() * policies.length)] ?? "fail";
  const agent = (name: string): AssistantAgent =>
    new AssistantAgent({ name, model: whimsical(dice), tools: [slowTool(dice)], maxToolIterations: 3 });
  const person = new UserProxyAgent({ name: "person" });
  const inner = new RoundRobinGroupChat({
    name: "inner",
    participants: [agent("x"), person],
    maxTurns: 2,
    onError: policy(),
  });
  const termination = new MaxMessageTermination(8);
  return new RoundRobinGroupChat({
    name: "team",
    participants: [agent("a"), inner, agent("b")],
    termination,
    onError: policy(),
    loops: "off",
  });
}

/** Does something to a run, or nothing. */
async function steer(run: Run<unknown>, dice: Dice): Promise<void> {
  for (let step = 0; step < 4; step++) {
    await pause(dice() * 12);
    const choice = dice();
    if (choice < 0.1) await run.stop();
    else if (choice < 0.2) {
      await run.pause();
      await pause(3);
      await run.resume();
    } else if (choice < 0.3) await run.interrupt("listen", { at: dice() < 0.5 ? "now" : "after-step" });
    else if (choice < 0.4) await run.cancel();
  }
}

/** Numbers must come without gaps, for a reader that may leave. */
async function watch(run: Run<unknown>, dice: Dice): Promise<void> {
  let last = 0;
  for await (const event of run.events()) {
    if (event.isLive) continue;
    expect(event.sequence).toBe(last + 1);
    last = event.sequence;
    if (dice() < 0.02) return;
  }
}

/** Answers until the run ends; how it ended. */
async function finish(run: Run<unknown>): Promise<string> {
  for (;;) {
    const result = await run.handle.result();
    if (result.stopReason.kind !== "input-required") return result.stopReason.kind;
    for (const question of result.questions) {
      await run.respond(question.id, "late").catch((error: unknown) => {
        if (!TroupeError.isTroupeError(error) || !error.code.startsWith("wait.")) throw error;
      });
    }
  }
}

async function settleAs(run: Run<unknown>): Promise<string> {
  try {
    return await finish(run);
  } catch (error) {
    return TroupeError.isTroupeError(error) ? error.code : String(error);
  }
}

describe("runs that are steered at random", () => {
  for (const seed of [1, 2, 3, 4]) {
    it(`all end, lose no event and leave nothing at work (seed ${seed})`, async () => {
      const random = createSeededRandom(seed);
      const dice: Dice = () => random.next();
      const parkAfterMs = seed % 2 === 0 ? 0 : Number.POSITIVE_INFINITY;
      await using runtime = new InProcessRuntime({ logger: quiet, parkAfterMs, cancelGraceMs: 50 });
      const team = makeTeam(dice);
      const endings = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const controller = new AbortController();
          const run = team.run(`go ${index}`, {
            runtime,
            signal: controller.signal,
            ...(dice() < 0.5 && { onQuestion: () => "at once" }),
            ...(dice() < 0.5 && { runId: `run-${index}` }),
          });
          const aborting =
            dice() < 0.1 ? pause(dice() * 20).then(() => controller.abort(new Error("gone"))) : undefined;
          const [ending] = await Promise.all([settleAs(run), steer(run, dice), watch(run, dice), aborting]);
          return ending;
        }),
      );
      expect(new Set(endings).size).toBeGreaterThan(1);
      for (const ending of endings)
        expect(["condition", "stopped", "cancelled", "run.failed", "Error: gone"]).toContain(ending);
      await runtime.idle();
      expect(runtime.stats()).toMatchObject({
        watchers: 0,
        pendingRequests: 0,
        openWaits: 0,
        parkedTurns: 0,
        runningTurns: 0,
      });
    });
  }
});
