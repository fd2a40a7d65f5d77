import type { StandardSchemaV1 } from "@standard-schema/spec";
import {
  type AgentDefinition,
  defineAgent,
  typeSubscription,
  defineEvent,
  defineRequest,
  type EventType,
  InProcessRuntime,
  type RequestType,
  type RuntimeOptions,
} from "@troupe/core";
import { ManualClock } from "@troupe/core/testing";

/** Accepts everything. */
export const anything: StandardSchemaV1<unknown, unknown> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
};

/** Requests and an event that take and return anything. */
export const Ask: RequestType<"Ask", unknown, unknown, unknown, unknown> = defineRequest("Ask", anything, anything);
export const Next: RequestType<"Next", unknown, unknown, unknown, unknown> = defineRequest("Next", anything, anything);
export const Note: EventType<"Note", unknown, unknown> = defineEvent("Note", anything);

/** A runtime with a manual clock and the faults it reported. */
export interface Bench {
  readonly runtime: InProcessRuntime;
  readonly clock: ManualClock;
  readonly reported: string[];
}

export function createBench(options: RuntimeOptions = {}): Bench {
  const clock = new ManualClock();
  const reported: string[] = [];
  const logger = {
    debug() {},
    info() {},
    warn() {},
    error: (entry: { readonly message: string }) => reported.push(entry.message),
  };
  return { runtime: new InProcessRuntime({ clock, logger, ...options }), clock, reported };
}

/** Lets the event loop run. */
export async function settleRounds(rounds = 10): Promise<void> {
  for (let round = 0; round < rounds; round++) await new Promise((resolve) => setImmediate(resolve));
}

/** Turns the clock on in steps until the promise settles. */
export async function turnUntil<T>(clock: ManualClock, promise: Promise<T>, stepMs = 100): Promise<T> {
  let isOver = false;
  const done = promise.finally(() => (isOver = true));
  done.catch(() => {});
  for (let round = 0; round < 200 && !isOver; round++) {
    await settleRounds(5);
    if (!isOver) clock.advance(stepMs);
  }
  if (!isOver) throw new Error("it did not settle");
  return done;
}

/** The code of an error, for comparisons. */
export function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : error;
}

/** The code with which a promise rejects; its value when it does not. */
export async function codeFrom(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return codeOf(error);
  }
}

/** Adds what it gets. */
export const counter: AgentDefinition<"Ask" | "Note"> = defineAgent({
  type: "counter",
  state: () => ({ sum: 0 }),
  handlers: (on) => [
    on.request(Ask, (n, context) => (context.state.sum += Number(n))),
    on.event(Note, (n, context) => {
      context.state.sum += Number(n);
    }),
  ],
  subscriptions: [typeSubscription("notes")],
});
