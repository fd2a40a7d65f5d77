import { type AgentContext, type AgentDefinition, defineAgent, type RunContext } from "@troupe/core";
import { anything, Ask, Next, Note } from "./fixtures.ts";

/** What the handlers of an `actor` get. */
export type Context = AgentContext<Record<string, unknown>, { log: typeof anything }>;

/** An agent of the cell `session` whose Ask handler is the test's. */
export function actor(
  run: (payload: unknown, context: Context) => unknown,
  options: {
    readonly type?: string;
    readonly maxAttempts?: number;
    readonly idleLimitMs?: number;
    readonly next?: typeof run;
  } = {},
): AgentDefinition<"Ask" | "Next" | "Note"> {
  return defineAgent({
    type: options.type ?? "actor",
    state: (): Record<string, unknown> => ({}),
    lists: { log: anything },
    cell: () => "session",
    maxAttempts: options.maxAttempts,
    idleLimitMs: options.idleLimitMs,
    handlers: (on) => [
      on.request(Ask, run),
      on.request(Next, options.next ?? ((payload) => payload)),
      on.event(Note, (_, context) => {
        context.state["notes"] = Number(context.state["notes"] ?? 0) + 1;
      }),
    ],
  });
}

/** The run of most tests. */
export const run: RunContext = { runId: "run", path: [] };
