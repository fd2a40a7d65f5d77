import { defineAgent, defineEvent, InProcessRuntime } from "@troupe/core";
import { passthrough } from "../core/passthrough.ts";
import type { Benchmark } from "../harness/benchmark.ts";
import { type Cost, leastCost } from "../harness/measure.ts";
import { openTemporaryStore } from "./temporary-store.ts";

const inFlight = 64;

const Add = defineEvent("Add", passthrough<{ readonly n: number }>());

/** Tells a number of agents to add, so many messages stored and handled. */
async function measureTells(options: {
  readonly agents: number;
  readonly inFlight: number;
  readonly count: number;
  readonly repetitions: number;
}): Promise<Cost> {
  const { store, remove } = openTemporaryStore();
  const runtime = new InProcessRuntime({ store });
  let handled = 0;
  const counter = defineAgent({
    type: "counter",
    state: () => ({ total: 0 }),
    handlers: (on) => [
      on.event(Add, ({ n }, context) => {
        context.state.total += n;
        handled += 1;
      }),
    ],
  });
  await runtime.register(counter);
  const send = async (lane: number): Promise<void> => {
    const perLane = options.count / options.inFlight;
    const id = counter.id(`c${lane % options.agents}`);
    for (let index = 0; index < perLane; index++) await runtime.tell(Add({ n: 1 }), id);
  };
  const cost = await leastCost(options.repetitions, async () => {
    const before = handled;
    await Promise.all(Array.from({ length: options.inFlight }, (_, lane) => send(lane)));
    await runtime.idle();
    if (handled - before !== options.count) throw new Error(`${options.count} sent, ${handled - before} handled`);
  });
  await runtime.close();
  await remove();
  return cost;
}

/** What one-way messages cost that survive the loss of power. */
export const durableOneWay: Benchmark = {
  claim: "a durable one-way message, stored and handled, at 20,000/s on one SQLite file at synchronous = FULL",
  run: async (scale) => {
    const [count, repetitions] = [scale.count(32_000, 640), scale.count(5, 1)];
    const many = await measureTells({ agents: inFlight, inFlight, count, repetitions });
    const [queued, singles] = [scale.count(6_400, 64), scale.count(1_000, 20)];
    const one = await measureTells({ agents: 1, inFlight, count: queued, repetitions });
    const single = await measureTells({ agents: 1, inFlight: 1, count: singles, repetitions });
    const perMessage = (ms: number, messages: number): number => (ms * 1000) / messages;
    return [
      {
        label: `a message to one of ${inFlight} agents, ${inFlight} in flight, FULL`,
        value: perMessage(many.wallMs, count),
        unit: "us",
        limit: 50,
      },
      { label: "its CPU", value: perMessage(many.cpuMs, count), unit: "us" },
      { label: `to one agent, ${inFlight} in flight, FULL`, value: perMessage(one.wallMs, queued), unit: "us" },
      { label: "to one agent, each awaited, FULL", value: perMessage(single.wallMs, singles), unit: "us" },
    ];
  },
};
