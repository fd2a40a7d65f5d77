import assert from "node:assert/strict";
import { AssistantAgent, type ChatModel, type Tool, jsonSchema, tool } from "troupe";
import { ScriptedModel, reply } from "troupe/testing";

interface Item {
  readonly name: string;
  readonly cents: number;
}

/** Everything an agent needs, made for one basket: tools close over it. */
function createShop(model: ChatModel, basket: Item[]): AssistantAgent {
  const add = tool({
    name: "add_item",
    description: "Puts an item into the basket",
    input: jsonSchema<Item>({
      type: "object",
      properties: { name: { type: "string" }, cents: { type: "integer", minimum: 0 } },
      required: ["name", "cents"],
    }),
    idempotent: false,
    execute: (item) => {
      basket.push(item);
      return { items: basket.length };
    },
  });
  const tools: readonly Tool[] = [add];
  return new AssistantAgent({ name: "shop", model, tools, reflectOnToolUse: true });
}

const basket: Item[] = [];
const model = new ScriptedModel([
  reply.toolCall("add_item", { name: "lamp", cents: 4900 }),
  "The lamp is in your basket.",
]);
const result = await createShop(model, basket).run("A lamp, please.");
assert.deepEqual(basket, [{ name: "lamp", cents: 4900 }]);
assert.equal(result.text, "The lamp is in your basket.");
