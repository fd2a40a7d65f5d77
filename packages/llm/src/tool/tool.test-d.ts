import { z } from "zod";
import { jsonSchema } from "./json-schema.ts";
import { tool, type Tool } from "./tool.ts";

const orders = [{ customer: "ada", item: "lamp" }];

export const search: Tool<{ customer: string; limit: number }> = tool({
  name: "search_orders",
  description: "Find the orders of a customer",
  input: z.object({ customer: z.string(), limit: z.number().default(5) }),
  execute: ({ customer, limit }) => orders.filter((order) => order.customer === customer.toLowerCase()).slice(0, limit),
});

export const raw = tool({
  name: "r",
  description: "r",
  input: jsonSchema<{ n: number }>({ type: "object" }),
  execute: ({ n }) => n + 1,
});

export const slow = tool({
  name: "s",
  description: "s",
  input: z.object({}),
  output: z.number(),
  execute: async () => 1,
});

export const streaming = tool({
  name: "s",
  description: "s",
  input: z.object({}),
  output: z.string(),
  async *execute() {
    yield { percent: 50 };
    return "done";
  },
});

// Tools of any arguments stand in one list.
export const list: readonly Tool[] = [search, raw, slow, streaming];

// @ts-expect-error the result does not fit the output schema
tool({ name: "w", description: "w", input: z.object({}), output: z.number(), execute: () => "text" });

// @ts-expect-error the argument has another name
tool({ name: "w", description: "w", input: z.object({ a: z.string() }), execute: ({ b }) => String(b) });

const withoutJson = { "~standard": { version: 1, vendor: "x", validate: (value: unknown) => ({ value }) } } as const;
// @ts-expect-error a library without JSON Schema needs a wrapper
tool({ name: "w", description: "w", input: withoutJson, execute: () => 1 });
