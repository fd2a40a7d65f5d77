import type { CellMemory } from "../scenario/cell-agents.ts";
import { defineCellAgents, Deposit, Note } from "../scenario/cell-agents.ts";
import { createOutsideParts } from "../outside/outside-parts.ts";
import type { Assignment } from "./assignment.ts";
import type { WorkerParts } from "./run-team.ts";

/** Names of the hubs and accounts; each has a sender of its own outside. */
export const hubKeys: readonly string[] = ["a", "b"];

/** Sends numbered messages to stand-alone agents, reports which were accepted, and what the agents remember in the end. */
export async function runCells(
  { from, count, runId }: Extract<Assignment, { kind: "cells" }>,
  { runtime, client, report }: WorkerParts,
): Promise<void> {
  const agents = defineCellAgents(createOutsideParts(client));
  for (const agent of [agents.ledger, agents.bank, agents.hub, agents.account]) await runtime.register(agent);
  const notes = hubKeys.map(async (key) => {
    for (let number = from[`note-${key}`] ?? 1; number <= count; number++) {
      await runtime.tell(Note({ number }), agents.hub.id(`${runId}-${key}`), { messageId: `note-${key}-${number}` });
      report({ kind: "acknowledged", sender: `note-${key}`, number });
    }
  });
  const deposits = hubKeys.map(async (key) => {
    for (let number = from[`deposit-${key}`] ?? 1; number <= count; number++) {
      const messageId = `deposit-${key}-${number}`;
      const reply = await runtime.send(Deposit({ number }), agents.account.id(`${runId}-${key}`), { messageId });
      report({ kind: "acknowledged", sender: `deposit-${key}`, number, reply: reply.count });
    }
  });
  await Promise.all([...notes, ...deposits]);
  const ids = [
    agents.ledger.id(runId),
    agents.bank.id(runId),
    ...hubKeys.flatMap((key) => [agents.hub.id(`${runId}-${key}`), agents.account.id(`${runId}-${key}`)]),
  ];
  const read = async (): Promise<Record<string, CellMemory | null>> => {
    const memories: Record<string, CellMemory | null> = {};
    for (const id of ids) memories[`${id.type}/${id.key}`] = (await runtime.snapshot(id)) ?? null;
    return memories;
  };
  const deadline = performance.now() + 15_000;
  for (;;) {
    await runtime.idle();
    const memories = await read();
    const settled = hubKeys.map((key) => memories[`hub/${runId}-${key}`]?.lists["settled"]?.length ?? 0);
    if (settled.every((length) => length >= count) || performance.now() > deadline) {
      report({ kind: "memories", memories });
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
