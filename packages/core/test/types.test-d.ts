// What the compiler must infer, and what it must refuse.
import {
  type AgentId,
  type AnyAgentId,
  agentId,
  ConfigError,
  DeliveryError,
  defineAgent,
  defineEvent,
  defineRequest,
  type EventMessage,
  formatAgentId,
  InProcessRuntime,
  type RequestMessage,
  sameAgent,
  StateError,
  topicId,
  ToolError,
  validate,
} from "@troupe/core";
import { z } from "zod";

/** Fails to compile unless both types are identical. */
type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
function expectType<Holds extends true>(): Holds | undefined {
  return undefined;
}

const Count = defineRequest(
  "Count",
  z.object({ text: z.string() }),
  z.string().transform((text) => text.length),
);
const Tick = defineEvent("Tick", z.object({ at: z.coerce.number() }));

// Messages: the name is a literal, the payload has the schema's input form, the reply its output form.
const count = Count({ text: "four" });
expectType<Same<typeof count, RequestMessage<"Count", { text: string }, number>>>();
expectType<Same<(typeof count)["~reply"], number>>();
const tick = Tick({ at: "12" });
expectType<Same<(typeof tick)["type"], "Tick">>();
const event: EventMessage = tick;
void event;
// @ts-expect-error a payload must fit
Count({ text: 4 });
// @ts-expect-error a payload must be whole
Count({});

// Handlers: the payload has the output form, the reply the input form; state and lists are typed.
const counter = defineAgent({
  type: "counter",
  state: () => ({ total: 0 }),
  lists: { texts: z.string() },
  handlers: (on) => [
    on.request(Count, (payload, context) => {
      expectType<Same<typeof payload, { text: string }>>();
      expectType<Same<typeof context.state, { total: number }>>();
      context.lists.texts.append(payload.text);
      // @ts-expect-error an item must fit its list
      context.lists.texts.append(1);
      return payload.text;
    }),
    on.event(Tick, (payload) => {
      expectType<Same<typeof payload, { at: number }>>();
    }),
  ],
});
defineAgent({
  type: "wrong",
  state: () => ({}),
  // @ts-expect-error a reply must have the schema's input form
  handlers: (on) => [on.request(Count, () => 4)],
});

// Addresses carry what the agent handles; functions that only look at them take any.
const id = counter.id("a");
expectType<Same<typeof id, AgentId<"Count" | "Tick">>>();
const any: AnyAgentId = id;
const text: string = formatAgentId(any);
const isSame: boolean = sameAgent(id, agentId("counter", "a"));
void [text, isSame];

const runtime = new InProcessRuntime();
const length: Promise<number> = runtime.send(count, id);
void [length, runtime.snapshot(id), runtime.tell(tick, id), runtime.publish(tick, topicId("ticks", "a"))];
const Other = defineRequest("Other", z.string(), z.string());
// @ts-expect-error the agent does not handle it
void runtime.send(Other("x"), id);
// @ts-expect-error a request cannot be told
void runtime.tell(count, id);

// Errors: codes are closed where core owns them, open families otherwise.
const options = { remedy: "Do this." };
void [
  new DeliveryError("delivery.dropped", "x", options),
  new StateError("wait.unknown", "x", options),
  new ToolError("tool.mine", "x", options),
];
// @ts-expect-error no such code
void new DeliveryError("delivery.lost", "x", options);
// @ts-expect-error a code of another family
void new ConfigError("delivery.dropped", "x", options);
// @ts-expect-error an error says what to do
void new ConfigError("config.invalid_option", "x", {});

const validated: { at: number } = validate(Tick.schema, { at: "1" }, { what: "payload" });
void validated;
