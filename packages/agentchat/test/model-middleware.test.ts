import { ModelError } from "@troupe/core";
import { AssistantAgent } from "@troupe/agentchat";
import {
  cacheMiddleware,
  fallbackModel,
  MemoryModelCache,
  type PriceTable,
  retryMiddleware,
  rollingSummaryContext,
  wrapModel,
} from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect, test } from "vitest";

/** Dollars for a million tokens. */
function priceTable(dollars: Readonly<Record<string, number>>): PriceTable {
  const prices = Object.entries(dollars).map(([model, usd]) => ({
    model,
    since: "2020-01-01",
    usdPerMillionInput: usd,
    usdPerMillionCachedInput: usd,
    usdPerMillionOutput: usd,
  }));
  return { checked: "2026-01-01", source: "test", prices };
}

const usage = { inputTokens: 1_000, outputTokens: 1_000 };

test("a fallback that answered is the one that is paid and named", async () => {
  const down = new ModelError("model.overloaded", "down", { remedy: "wait" });
  const first = new ScriptedModel([reply.failure(down)], { name: "test:dear" });
  const second = new ScriptedModel([reply.text("ok", { usage })], { name: "test:cheap" });
  const prices = priceTable({ "test:dear": 100, "test:cheap": 1 });
  const agent = new AssistantAgent({ name: "a", model: fallbackModel([first, second]), prices });
  const { usage: used, text } = await agent.run("go");
  expect(text).toBe("ok");
  expect(Object.keys(used.byModel)).toEqual(["test:cheap"]);
  expect(used.total.usd).toBeCloseTo(0.002, 9);
});

test("an answer out of a cache costs and uses nothing", async () => {
  const cache = new MemoryModelCache();
  const model = new ScriptedModel([reply.text("ok", { usage })], { name: "test:cheap" });
  const prices = priceTable({ "test:cheap": 1 });
  const make = () => new AssistantAgent({ name: "a", model: wrapModel(model, [cacheMiddleware({ cache })]), prices });
  const results = [await make().run("go"), await make().run("go")];
  expect(results.map(({ text }) => text)).toEqual(["ok", "ok"]);
  expect(results.map(({ usage: { total } }) => total.inputTokens)).toEqual([1_000, 0]);
  expect(results[1]?.usage.total.usd).toBe(0);
  expect(model.calls).toBe(1);
});

test("a limit in dollars needs the prices of whoever may answer: fallbacks, through middleware, and the writer of summaries", async () => {
  const prices = priceTable({ "test:cheap": 1 });
  const cheap = new ScriptedModel(() => "ok", { name: "test:cheap" });
  const secret = new ScriptedModel(() => "ok", { name: "test:secret" });
  const agents = [
    new AssistantAgent({ name: "a", model: wrapModel(fallbackModel([cheap, secret]), [retryMiddleware()]), prices }),
    new AssistantAgent({
      name: "a",
      model: cheap,
      modelContext: rollingSummaryContext({ maxTokens: 100, model: secret }),
      prices,
    }),
  ];
  for (const agent of agents) {
    const end = agent.run("go", { budget: { usd: 1 } });
    await expect(end).rejects.toMatchObject({
      code: "run.unpriced_model",
      message: expect.stringContaining("test:secret"),
    });
  }
});
