import { type AgentDefinition, defineAgent, defineEvent, defineRequest, topicId, typeSubscription } from "@troupe/core";
import { z } from "zod";
import type { OutsideParts } from "../outside/outside-parts.ts";

const numberSchema = z.object({ number: z.int() });
const charged = z.object({ number: z.int(), status: z.string() });

/** From outside: pass this number on. */
export const Note = defineEvent("Note", numberSchema);
/** From outside, with a reply: add this to what you have. */
export const Deposit = defineRequest("Deposit", numberSchema, z.object({ number: z.int(), count: z.int() }));
const Entry = defineEvent("Entry", z.object({ hub: z.string(), number: z.int() }));
const Charge = defineRequest("Charge", z.object({ hub: z.string(), number: z.int() }), charged);

/** What the agents remember, as the snapshots of a runtime show it. */
export interface CellMemory {
  readonly state: unknown;
  readonly lists: Readonly<Record<string, readonly unknown[]>>;
}

/** Agents without a team, each in a cell of its own: hubs tell ledgers, ask banks and publish; accounts are asked from outside. */
export interface CellAgents {
  readonly hub: AgentDefinition<"Note">;
  readonly ledger: AgentDefinition<"Entry">;
  readonly bank: AgentDefinition<"Charge">;
  readonly account: AgentDefinition<"Deposit">;
  readonly audit: AgentDefinition<"Entry">;
}

/** The key of the ledger and the bank that a hub works with: several campaigns may share a database. */
export function sharedKey(hubKey: string): string {
  return hubKey.slice(0, hubKey.lastIndexOf("-"));
}

/** Makes the definitions of one process. */
export function defineCellAgents(parts: OutsideParts): CellAgents {
  const ledger = defineAgent({
    type: "ledger",
    state: () => ({ count: 0 }),
    lists: { entries: z.object({ hub: z.string(), number: z.int() }) },
    handlers: (on) => [
      on.event(Entry, (entry, context) => {
        context.state.count += 1;
        context.lists.entries.append(entry);
      }),
    ],
  });
  const audit = defineAgent({
    type: "audit",
    state: () => ({ count: 0 }),
    lists: { entries: z.object({ hub: z.string(), number: z.int() }) },
    handlers: (on) => [
      on.event(Entry, (entry, context) => {
        context.state.count += 1;
        context.lists.entries.append(entry);
      }),
    ],
    subscriptions: [typeSubscription("noted")],
  });
  const bank = defineAgent({
    type: "bank",
    state: () => ({ charges: 0 }),
    handlers: (on) => [
      on.request(Charge, async ({ hub, number }, context) => {
        const callId = `${hub}.${number}.0.0`;
        const outcome = await context.stepOutcome(
          "charge",
          ({ idempotencyKey, signal }) =>
            parts.effect({ tool: "charge", callId, idempotencyKey, isIdempotent: false, signal }),
          { key: callId },
        );
        context.state.charges += 1;
        return { number, status: outcome.status };
      }),
    ],
  });
  const hub = defineAgent({
    type: "hub",
    state: () => ({ notes: 0 }),
    lists: { notes: numberSchema, settled: charged },
    handlers: (on) => [
      on.event(Note, ({ number }, context) => {
        const { key } = context.id;
        context.state.notes += 1;
        context.lists.notes.append({ number });
        context.tell(Entry({ hub: key, number }), ledger.id(sharedKey(key)));
        context.publish(Entry({ hub: key, number }), topicId("noted", sharedKey(key)));
        context.request(Charge({ hub: key, number }), bank.id(sharedKey(key)), { tag: String(number) });
      }),
      on.settled(Charge, (settlement, context) => {
        const number = Number(settlement.tag);
        context.lists.settled.append({
          number,
          status: settlement.kind === "reply" ? settlement.reply.status : "failed",
        });
      }),
    ],
  });
  const account = defineAgent({
    type: "account",
    state: () => ({ count: 0 }),
    lists: { deposits: numberSchema },
    handlers: (on) => [
      on.request(Deposit, async ({ number }, context) => {
        if (number % 4 === 0) await context.sleep(2);
        context.state.count += 1;
        context.lists.deposits.append({ number });
        return { number, count: context.state.count };
      }),
    ],
  });
  return { hub, ledger, bank, account, audit };
}
