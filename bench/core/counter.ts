import { type AgentDefinition, defineAgent, defineEvent, defineRequest, InProcessRuntime } from "@troupe/core";
import { passthrough } from "./passthrough.ts";

/** A number on its way. */
export interface Count {
  readonly n: number;
}

/** Answered with the next number. */
export const Next = defineRequest("Next", passthrough<Count>(), passthrough<Count>());

/** Adds to the total. */
export const Add = defineEvent("Add", passthrough<Count>());

/** The least an agent can do: answer one message, count another. */
export function createCounter(type: string, onAdd: (n: number) => void): AgentDefinition<"Next" | "Add"> {
  return defineAgent({
    type,
    state: () => ({}),
    handlers: (on) => [on.request(Next, ({ n }) => ({ n: n + 1 })), on.event(Add, ({ n }) => onAdd(n))],
  });
}

/** A runtime with one counter in it. */
export async function openCounter(onAdd: (n: number) => void = () => {}): Promise<{
  readonly runtime: InProcessRuntime;
  readonly counter: AgentDefinition<"Next" | "Add">;
}> {
  const runtime = new InProcessRuntime();
  const counter = createCounter("counter", onAdd);
  await runtime.register(counter);
  return { runtime, counter };
}
