// Services that fail now and then, a model that is down, a budget in dollars, and a trail of all of it.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fallbackModel, retryMiddleware, wrapModel } from "@troupe/llm";
import { AssistantAgent, InProcessRuntime, ModelError, RoundRobinGroupChat, tool } from "troupe";
import { eventLogFile } from "troupe/node";
import { reply, ScriptedModel } from "troupe/testing";
import { z } from "zod";

// 1. Quotes come from a service that fails two times out of three. It may be asked again: it is idempotent.
let quoteCalls = 0;
const quote = tool({
  name: "quote",
  description: "The price of a share, in cents",
  input: z.object({ symbol: z.string() }),
  idempotent: true,
  retries: 3,
  timeoutMs: 1_000,
  execute: () => {
    quoteCalls += 1;
    if (quoteCalls % 3 !== 0) throw new Error("503: the exchange is busy");
    return 12_345;
  },
});

// 2. Orders must not be placed twice. The key is the same for every retry and after a crash: the broker knows it again.
const placed = new Map<string, string>();
const order = tool({
  name: "order",
  description: "Buy shares",
  input: z.object({ symbol: z.string(), count: z.number().int().positive() }),
  retries: 1,
  execute: ({ symbol, count }, { idempotencyKey }) => {
    const isFirst = !placed.has(idempotencyKey);
    placed.set(idempotencyKey, `${count} x ${symbol}`);
    if (isFirst) throw new Error("the connection broke after the order was taken"); // the retry finds it placed
    return `placed ${count} ${symbol}`;
  },
});

// 3. The first model is overloaded; after its retries the second answers.
const overloaded = new ScriptedModel(
  () => reply.failure(new ModelError("model.overloaded", "too many requests", { remedy: "wait" })),
  { name: "scripted:first" },
);
const second = new ScriptedModel(
  [
    reply.toolCall("quote", { symbol: "ACME" }),
    reply.toolCall("order", { symbol: "ACME", count: 2 }),
    "Bought 2 ACME at 123.45 each.",
  ],
  { name: "scripted:second" },
);
const trader = new AssistantAgent({
  name: "trader",
  model: fallbackModel([wrapModel(overloaded, [retryMiddleware({ retries: 1, baseDelayMs: 1 })]), second]),
  tools: [quote, order],
});
const auditor = new AssistantAgent({ name: "auditor", model: new ScriptedModel(["The order is within the rules."]) });

const priceOf = (id: string) => ({
  model: `scripted:${id}`,
  since: "2026-01-01",
  usdPerMillionInput: 0.5,
  usdPerMillionCachedInput: 0.05,
  usdPerMillionOutput: 2,
});

// 4. Everything that happens is a line in a file that cannot fill the disk.
const folder = mkdtempSync(join(tmpdir(), "financial-"));
const trail = eventLogFile({ path: join(folder, "audit.jsonl"), maxBytes: 1_000_000, maxFiles: 3 });
const runtime = new InProcessRuntime({ observer: trail.observe });
const team = new RoundRobinGroupChat({
  name: "trading",
  participants: [trader, auditor],
  maxTurns: 2,
  prices: { checked: "2026-11-01", source: "our contract", prices: ["first", "second", "model"].map(priceOf) },
  budget: { usd: 0.05 },
});
const result = await team.run("Buy two shares of ACME.", { runtime });
await runtime.close();
await trail.close();

assert.equal(result.text, "The order is within the rules.");
assert.deepEqual([...placed.values()], ["2 x ACME"]); // once, although it was tried twice
assert.equal(quoteCalls, 3);
assert.ok((result.usage.total.usd ?? 1) < 0.05);
const lines = readFileSync(join(folder, "audit.jsonl"), "utf8").trimEnd().split("\n");
assert.ok(lines.some((line) => line.includes("placed 2 ACME")));
rmSync(folder, { recursive: true });
console.log(
  `${result.messages[1]?.text} ${lines.length} lines in the audit trail, $${result.usage.total.usd?.toFixed(6)}.`,
);
