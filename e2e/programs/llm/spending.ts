import assert from "node:assert/strict";
import { type UsageLedger, bookUsage, emptyLedger, listPrices, priceOf, totalTokens } from "@troupe/llm";
import { ScriptedModel } from "@troupe/llm/testing";

const model = new ScriptedModel(["a", "b", "c"]);
let ledger: UsageLedger = emptyLedger;
for (const agent of ["writer", "writer", "editor"]) {
  const { usage } = await model.generate({ messages: [{ role: "user", content: [{ kind: "text", text: "Go." }] }] });
  const usd = priceOf(usage, model.name, { table: listPrices });
  ledger = bookUsage(ledger, { usage, usd, model: model.name, agent });
}
assert.equal(ledger.total.calls, 3);
assert.equal(ledger.byAgent["writer"]?.calls, 2);
assert.ok(totalTokens(ledger.total) > 0);
assert.equal(ledger.total.estimated, true);
assert.equal(ledger.total.usd, null, "an unknown price is not zero");
