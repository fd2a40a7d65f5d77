// Who hears what: one tenant or several, one topic or several. The source of a topic becomes the key of the agent.
import assert from "node:assert/strict";
import { defineAgent, defineEvent, InProcessRuntime, topicId, typeSubscription } from "troupe";
import { z } from "zod";

const Order = defineEvent("Order", z.object({ item: z.string() }));

/** An agent that notes which of its instances heard what. */
const specialist = (type: string, topic: string, heard: string[]) =>
  defineAgent({
    type,
    state: () => ({}),
    handlers: (on) => [on.event(Order, ({ item }, context) => void heard.push(`${type}/${context.id.key} ${item}`))],
    subscriptions: [typeSubscription(topic)],
  });

interface Scenario {
  /** Topic of each agent. */
  readonly agents: { readonly tax: string; readonly stock: string };
  /** What is published, by topic and source. */
  readonly orders: readonly { readonly to: readonly [topic: string, source: string]; readonly item: string }[];
  readonly heard: readonly string[];
}

const oneTopic = { tax: "shop", stock: "shop" };
const topics = { tax: "money", stock: "goods" };
const scenarios: Readonly<Record<string, Scenario>> = {
  "one tenant, one topic": {
    agents: oneTopic,
    orders: [{ to: ["shop", "default"], item: "lamp" }],
    heard: ["stock/default lamp", "tax/default lamp"],
  },
  "one tenant, several topics": {
    agents: topics,
    orders: [
      { to: ["money", "default"], item: "lamp" },
      { to: ["goods", "default"], item: "desk" },
    ],
    heard: ["stock/default desk", "tax/default lamp"],
  },
  "several tenants, one topic": {
    agents: oneTopic,
    orders: [
      { to: ["shop", "ada"], item: "lamp" },
      { to: ["shop", "bob"], item: "desk" },
    ],
    heard: ["stock/ada lamp", "stock/bob desk", "tax/ada lamp", "tax/bob desk"],
  },
  "several tenants, several topics": {
    agents: topics,
    orders: [
      { to: ["money", "ada"], item: "lamp" },
      { to: ["goods", "bob"], item: "desk" },
    ],
    heard: ["stock/bob desk", "tax/ada lamp"],
  },
};

export async function separateTenants(): Promise<string> {
  for (const [name, { agents, orders, heard }] of Object.entries(scenarios)) {
    const seen: string[] = [];
    const runtime = new InProcessRuntime();
    for (const [type, topic] of Object.entries(agents)) await runtime.register(specialist(type, topic, seen));
    for (const { to, item } of orders) await runtime.publish(Order({ item }), topicId(...to));
    await runtime.idle();
    await runtime.close();
    assert.deepEqual(seen.sort(), heard, name);
  }
  return `${Object.keys(scenarios).length} scenarios`;
}
