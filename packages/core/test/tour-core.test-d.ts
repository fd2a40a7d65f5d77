// The tour of the public face: it compiles as written, and the marked lines do not.
import { z } from "zod";
import {
  InProcessRuntime,
  agentId,
  defineAgent,
  defineEvent,
  defineRequest,
  topicId,
  typeSubscription,
} from "@troupe/core";
const Deposit = defineRequest("Deposit", z.object({ cents: z.number().int() }), z.object({ cents: z.number().int() }));
const Holiday = defineEvent("Holiday", z.object({ name: z.string() }));
const Greeting = defineEvent("Greeting", z.object({ text: z.string() }));
const account = defineAgent({
  type: "account",
  state: () => ({ cents: 0 }),
  lists: { entries: z.object({ cents: z.number() }) },
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
const manager = defineAgent({
  type: "m",
  state: () => ({ open: 0 }),
  handlers: (on) => [
    on.event(Holiday, (_, context) => context.request(Deposit({ cents: 1 }), account.id("ada"), { tag: "bonus" })),
    on.settled(Deposit, (settlement, context) => {
      if (settlement.kind === "reply") context.state.open = settlement.reply.cents;
    }),
  ],
});
const runtime = new InProcessRuntime();
await runtime.register(account);
await runtime.register(manager);
const balance = await runtime.send(Deposit({ cents: 500 }), account.id("ada"));
const n: number = balance.cents;
void n;
const m: number = (await runtime.send(Deposit({ cents: 1 }), agentId("account", "ada"))).cents;
void m;
const Other = defineRequest("Other", z.object({}), z.object({}));
// @ts-expect-error account has no handler
await runtime.send(Other({}), account.id("ada"));
// @ts-expect-error an event has no reply
await runtime.send(Holiday({ name: "x" }), account.id("ada"));
// @ts-expect-error a request is not published
await runtime.publish(Deposit({ cents: 1 }), topicId("a", "b"));
// @ts-expect-error the manager does not handle Deposit, it only receives settlements
await runtime.send(Deposit({ cents: 1 }), manager.id("x"));
