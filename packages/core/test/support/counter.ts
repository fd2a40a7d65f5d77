import { defineAgent, defineEvent, defineRequest } from "@troupe/core";
import { z } from "zod";

export const Add = defineRequest("Add", z.object({ n: z.number() }), z.object({ total: z.number() }));
export const Raise = defineEvent("Raise", z.object({ n: z.number() }));

/** Adds up what it is told, one agent in each cell. */
export const counter = defineAgent({
  type: "counter",
  state: () => ({ total: 0 }),
  handlers: (on) => [
    on.request(Add, ({ n }, context) => {
      context.state.total += n;
      return { total: context.state.total };
    }),
    on.event(Raise, ({ n }, context) => {
      context.state.total += n;
    }),
  ],
});
