import { type AgentDefinition, type CellEvent, MemoryStore, type StoreRecord } from "@troupe/core";
import { actor, type Context, run } from "./actor.ts";
import { Ask, type Bench, createBench, turnUntil } from "./fixtures.ts";

/** A handler of an `actor`. */
export type Handler = (payload: unknown, context: Context) => unknown;

/** How tests ask: within a run, with all the time in the world. */
export const ask = { run, deadlineMs: 10_000_000 } as const;

/** What the agents of a session leave in its log when `work` is done with them. */
export async function recordsOf(
  agents: readonly AgentDefinition[],
  work: (bench: Bench) => Promise<unknown>,
): Promise<readonly StoreRecord[]> {
  const store = new MemoryStore();
  const bench = createBench({ store });
  for (const agent of agents) await bench.runtime.register(agent);
  await work(bench);
  const records = store.read("session");
  await bench.runtime.close();
  return records;
}

/** The log of one request to a handler, however it ends. */
export function recordsOfAsk(
  handler: Handler,
  options: Parameters<typeof actor>[1] = {},
): Promise<readonly StoreRecord[]> {
  const agent = actor(handler, options);
  return recordsOf([agent], async ({ runtime, clock }) => {
    const reply = runtime.send(Ask("go"), agent.id("x"), ask).catch(() => {});
    await turnUntil(clock, reply);
  });
}

/** The events in a log, in its order. */
export function eventsOf(records: readonly StoreRecord[]): readonly CellEvent[] {
  return records.flatMap((record) => ("events" in record ? (record.events ?? []) : []));
}
