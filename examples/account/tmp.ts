import assert from "node:assert/strict";
import {
  agentId,
  defineAgent,
  defineEvent,
  defineRequest,
  InProcessRuntime,
  topicId,
  typeSubscription,
} from "@troupe/core";
import { z } from "zod";

const Deposit = defineRequest("Deposit", z.object({ cents: z.number().int() }), z.object({ cents: z.number().int() })); // payload, reply
const Holiday = defineEvent("Holiday", z.object({ name: z.string() }));
const Greeting = defineEvent("Greeting", z.object({ text: z.string() }));

const account = defineAgent({
  type: "account",
  state: () => ({ cents: 0 }), // small, saved whole
  lists: { entries: z.object({ cents: z.number() }) }, // append-only
  handlers: (on) => [
    on.request(Deposit, (payload, context) => {
      context.state.cents += payload.cents;
      context.lists.entries.append(payload);
      return { cents: context.state.cents };
    }),
    on.event(Holiday, (payload, context) => context.publish(Greeting({ text: payload.name }), topicId("news", "all"))),
  ],
  subscriptions: [typeSubscription("calendar")],
});
const reader = defineAgent({
  type: "reader",
  state: () => ({ read: [] as string[] }),
  handlers: (on) => [on.event(Greeting, (payload, context) => void context.state.read.push(payload.text))],
  subscriptions: [typeSubscription("news")],
});

const runtime = new InProcessRuntime();
await runtime.register(account);
await runtime.register(reader);
console.log("registered");
const balance = await runtime.send(Deposit({ cents: 500 }), account.id("ada")); // { cents: number }
console.log("sent");
await runtime.publish(Holiday({ name: "Midsummer" }), topicId("calendar", "ada"));
console.log("published");
await runtime.idle();

assert.equal(balance.cents, 500);
assert.equal((await runtime.send(Deposit({ cents: 1 }), agentId("account", "ada"))).cents, 501);
console.log("second");
assert.deepEqual((await runtime.snapshot(account.id("ada")))?.lists["entries"], [{ cents: 500 }, { cents: 1 }]);
assert.deepEqual((await runtime.snapshot(reader.id("all")))?.state, { read: ["Midsummer"] });
await assert.rejects(
  runtime.send(Deposit({ cents: 0.5 }), account.id("ada")).catch((e) => {
    console.log(e.code);
    throw e;
  }),
  { code: "serialization.invalid_message" },
);
await runtime.close();
console.log(`Ada's account holds ${balance.cents + 1} cents, and the news has reached its reader.`);
