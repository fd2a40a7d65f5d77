// An intervention watches what is published, and ends the program's work when a special message comes by.
import assert from "node:assert/strict";
import { type AgentDefinition, defineAgent, defineEvent, InProcessRuntime, topicId } from "troupe";
import { z } from "zod";

const Count = defineEvent("Count", z.object({ number: z.number() }));
const stopSchema = z.object({ reason: z.string() });
const Stop = defineEvent("Stop", stopSchema);

const counter: AgentDefinition<"Count"> = defineAgent({
  type: "counter",
  state: () => ({}),
  handlers: (on) => [
    on.event(Count, ({ number }, context) => {
      if (number === 5) context.publish(Stop({ reason: "five is enough" }), topicId("control", "all"));
      else context.tell(Count({ number: number + 1 }), counter.id(context.id.key));
    }),
  ],
});

export async function stopByIntervention(): Promise<string> {
  const { promise: stopped, resolve } = Promise.withResolvers<string>();
  const runtime = new InProcessRuntime({
    interventions: [
      {
        name: "stop-watch",
        onPublish: (message) => {
          if (message.type === "Stop") resolve(stopSchema.parse(message.payload).reason);
          return message;
        },
      },
    ],
  });
  await runtime.register(counter);
  await runtime.tell(Count({ number: 1 }), counter.id("one"));
  const reason = await stopped;
  await runtime.close();
  assert.equal(reason, "five is enough");
  return reason;
}
