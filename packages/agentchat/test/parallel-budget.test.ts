import { ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, test } from "vitest";
import {
  AssistantAgent,
  type BudgetOption,
  GroupChat,
  type SelectionInput,
  type SpeakerSelection,
} from "../src/index.ts";

/** Everybody speaks at once, round after round. */
class Crowd extends GroupChat {
  protected select({ speakers }: SelectionInput): SpeakerSelection {
    return { kind: "speak", speakers, memory: null };
  }
}

interface Crowded {
  readonly team: Crowd;
  /** Calls that models began, and the most that were under way at once. */
  readonly calls: { begun: number; most: number };
}

function createCrowd(size: number): Crowded {
  const calls = { begun: 0, most: 0, open: 0 };
  const participants = Array.from({ length: size }, (_, index) => {
    const model = new ScriptedModel(async () => {
      calls.begun += 1;
      calls.open += 1;
      calls.most = Math.max(calls.most, calls.open);
      await new Promise((resolve) => setImmediate(resolve));
      calls.open -= 1;
      return "a word";
    });
    return new AssistantAgent({ name: `agent${index}`, model, settings: { maxOutputTokens: 10 } });
  });
  return { team: new Crowd({ name: "crowd", participants }, "Crowd"), calls };
}

describe("with 50 agents at once, no call begins beyond", () => {
  test.each([1, 7, 49, 50, 51, 120])("%d calls of models", async (modelCalls) => {
    const { team, calls } = createCrowd(50);
    const budget: BudgetOption = { modelCalls, turns: 10_000 };
    const result = await team.run("Go", { budget });
    expect(result.stopReason.kind).toBe("budget");
    expect(calls.begun).toBe(modelCalls);
    expect(result.usage.total.calls).toBe(modelCalls);
    expect(calls.most).toBeLessThanOrEqual(Math.min(50, modelCalls));
    await team.close();
  });

  test("what tokens allow, reserved before each call", async () => {
    const { team, calls } = createCrowd(50);
    const tokens = 900;
    const result = await team.run("Go", { budget: { tokens, modelCalls: 10_000, turns: 10_000 } });
    expect(result.stopReason.kind).toBe("budget");
    const { inputTokens, outputTokens } = result.usage.total;
    expect(inputTokens + outputTokens).toBeLessThanOrEqual(tokens);
    expect(calls.begun).toBe(result.usage.total.calls);
    expect(calls.begun).toBeLessThan(50);
    await team.close();
  });
});
