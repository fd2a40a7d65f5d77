import assert from "node:assert/strict";
import {
  InProcessRuntime,
  defineAgent,
  defineEvent,
  prefixSubscription,
  topicId,
  typeSubscription,
} from "@troupe/core";
import { z } from "zod";

const Reading = defineEvent("Reading", z.object({ celsius: z.number() }));
const heard: string[] = [];

const gauge = defineAgent({
  type: "gauge",
  state: () => ({}),
  handlers: (on) => [
    on.event(Reading, ({ celsius }, context) => {
      heard.push(`${context.id.key} ${celsius}`);
    }),
  ],
  subscriptions: [typeSubscription("weather.temperature")],
});
const archive = defineAgent({
  type: "archive",
  state: () => ({ count: 0 }),
  handlers: (on) => [
    on.event(Reading, (_reading, context) => {
      context.state.count += 1;
      heard.push(`archive ${context.state.count}`);
    }),
  ],
  subscriptions: [prefixSubscription("weather.")],
});

const runtime = new InProcessRuntime();
await runtime.register(gauge);
await runtime.register(archive);
await runtime.publish(Reading({ celsius: 21 }), topicId("weather.temperature", "duluth"));
await runtime.publish(Reading({ celsius: 24 }), topicId("weather.humidity", "duluth"));
await runtime.idle();
await runtime.close();
assert.deepEqual(heard.sort(), ["archive 1", "archive 2", "duluth 21"]);
