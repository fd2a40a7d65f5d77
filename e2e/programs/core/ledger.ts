import assert from "node:assert/strict";
import { InProcessRuntime, defineAgent, defineRequest } from "@troupe/core";
import { z } from "zod";

const Entry = z.object({ cents: z.number().int(), note: z.string() });
const Book = defineRequest("Book", Entry, z.object({ balance: z.number() }));
const Statement = defineRequest("Statement", z.object({ last: z.number().int().positive() }), z.array(Entry));

const ledger = defineAgent({
  type: "ledger",
  state: () => ({ balance: 0 }),
  lists: { entries: Entry },
  handlers: (on) => [
    on.request(Book, (entry, context) => {
      context.state.balance += entry.cents;
      context.lists.entries.append(entry);
      if (context.state.balance < 0) throw new RangeError("the account would be overdrawn");
      return { balance: context.state.balance };
    }),
    on.request(Statement, async ({ last }, context) => {
      const from = Math.max(0, context.lists.entries.length - last);
      return [...(await context.lists.entries.read({ from }))];
    }),
  ],
});

const runtime = new InProcessRuntime();
await runtime.register(ledger);
const ada = ledger.id("ada");
await runtime.send(Book({ cents: 500, note: "deposit" }), ada);
await assert.rejects(runtime.send(Book({ cents: -900, note: "lamp" }), ada), /overdrawn/);
await runtime.send(Book({ cents: -200, note: "book" }), ada);
const statement = await runtime.send(Statement({ last: 10 }), ada);
await runtime.close();
assert.deepEqual(
  statement.map((entry) => entry.note),
  ["deposit", "book"],
);
