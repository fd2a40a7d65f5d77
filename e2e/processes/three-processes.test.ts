import { afterEach, describe, expect, test, vi } from "vitest";
import { Stage } from "./stage.ts";

vi.setConfig({ testTimeout: 90_000 });

let stage: Stage | undefined;

async function openStage(scenario: string): Promise<Stage> {
  stage = await Stage.open({ scenario });
  return stage;
}

afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

const approved = { approved: true };

describe.each([
  { scenario: "parallel", lookups: ["left.0.0.0", "right.0.0.0"], charges: ["left.0.1.0", "right.0.1.0"], calls: 6 },
  { scenario: "approval", lookups: ["cashier.0.0.1"], charges: ["cashier.0.0.0", "cashier.0.0.2"], calls: 2 },
])("two questions at once ($scenario), three processes", ({ scenario, lookups, charges, calls }) => {
  test.each([
    { order: [0, 1], end: "closes" },
    { order: [1, 0], end: "closes" },
    { order: [1, 0], end: "is killed" },
  ])(
    "C16: one asks and $end, one answers in order $order, one finishes, and nothing recorded runs again",
    async ({ order, end }) => {
      const { start, effects, modelCalls } = bind(await openStage(scenario));

      const asks = await start("asks");
      await asks.tell({ kind: "run" });
      const rest = await asks.result();
      expect(rest.stop).toBe("input-required");
      expect(rest.questions).toHaveLength(2);
      await (end === "closes" ? asks.close() : asks.kill());
      const before = { effects: effects(), models: modelCalls() };
      expect(before.effects).toEqual(Object.fromEntries(lookups.map((callId) => [callId, 1])));

      const answers = await start("answers");
      await answers.tell({ kind: "attach" });
      const again = await answers.result();
      expect(again.questions).toEqual(rest.questions);
      const [first, second] = order.map((index) => rest.questions[index]?.id ?? "");
      await answers.tell({ kind: "respond", questionId: first ?? "", answer: approved });
      await expect(answers.tell({ kind: "respond", questionId: first ?? "", answer: approved })).rejects.toMatchObject({
        code: "wait.already_settled",
      });
      await answers.tell({ kind: "respond", questionId: second ?? "", answer: approved });
      await answers.close();

      const finishes = await start("finishes");
      await finishes.tell({ kind: "attach" });
      const result = await finishes.result();
      expect(result.stop).toBe(scenario === "parallel" ? "condition" : "finished");
      await finishes.close();

      expect(effects()).toEqual(Object.fromEntries([...lookups, ...charges].map((callId) => [callId, 1])));
      expect(modelCalls()).toEqual({ calls, repeated: 0 });
    },
  );
});

function bind(on: Stage): Pick<Stage, "start" | "effects" | "modelCalls"> {
  return { start: (lane) => on.start(lane), effects: () => on.effects(), modelCalls: () => on.modelCalls() };
}
