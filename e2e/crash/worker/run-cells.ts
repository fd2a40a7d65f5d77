import type { InProcessRuntime } from "@troupe/core";
import { type CellAgents, type CellMemory, defineCellAgents, Deposit, Note } from "../scenario/cell-agents.ts";
import { createOutsideParts } from "../outside/outside-parts.ts";
import type { Assignment, Start } from "./assignment.ts";
import { type Prepared, recover, type WorkerParts } from "./run-team.ts";

/** Names of the hubs and accounts; each has a sender of its own outside. */
export const hubKeys: readonly string[] = ["a", "b"];

/** Milliseconds that everything sent may take to be settled. */
const settleMs = 20_000;

type CellsAssignment = Extract<Assignment, { kind: "cells" }>;

/** Registers stand-alone agents; then sends them numbered messages, says which were accepted, and what the agents remember in the end. */
export async function prepareCells(assignment: CellsAssignment, parts: WorkerParts): Promise<Prepared> {
  const { runtime, client, report } = parts;
  const agents = defineCellAgents(createOutsideParts(client));
  for (const agent of [agents.ledger, agents.audit, agents.bank, agents.hub, agents.account])
    await runtime.register(agent);
  return async ({ from }) => {
    await recover(runtime, report);
    const sending = { assignment, parts, agents, from };
    await Promise.all(assignment.keys.flatMap((key) => [sendNotes(key, sending), sendDeposits(key, sending)]));
    await runtime.idle();
    if (assignment.isReading) report({ kind: "memories", memories: await readSettled(runtime, agents, assignment) });
  };
}

interface Sending {
  readonly assignment: CellsAssignment;
  readonly parts: WorkerParts;
  readonly agents: CellAgents;
  readonly from: Start["from"];
}

async function sendNotes(key: string, { assignment, parts, agents, from }: Sending): Promise<void> {
  const sender = `note-${key}`;
  const { count, runId } = assignment;
  for (let number = from[sender] ?? 1; number <= count; number++) {
    await parts.runtime.tell(Note({ number }), agents.hub.id(`${runId}-${key}`), {
      messageId: `${runId}-${sender}-${number}`,
    });
    parts.report({ kind: "acknowledged", sender, number });
  }
}

async function sendDeposits(key: string, { assignment, parts, agents, from }: Sending): Promise<void> {
  const sender = `deposit-${key}`;
  const { count, runId } = assignment;
  for (let number = from[sender] ?? 1; number <= count; number++) {
    const messageId = `${runId}-${sender}-${number}`;
    const reply = await parts.runtime.send(Deposit({ number }), agents.account.id(`${runId}-${key}`), { messageId });
    parts.report({ kind: "acknowledged", sender, number, reply: reply.count });
  }
}

/** What the agents remember when every charge is settled, or when that takes too long. */
async function readSettled(
  runtime: InProcessRuntime,
  agents: CellAgents,
  { runId, count }: CellsAssignment,
): Promise<Record<string, CellMemory | null>> {
  const own = hubKeys.flatMap((key) => [agents.hub.id(`${runId}-${key}`), agents.account.id(`${runId}-${key}`)]);
  const deadline = performance.now() + settleMs;
  for (;;) {
    await runtime.idle();
    const memories: Record<string, CellMemory | null> = {};
    for (const id of [agents.ledger.id(runId), agents.audit.id(runId), agents.bank.id(runId), ...own])
      memories[`${id.type}/${id.key}`] = (await runtime.snapshot(id)) ?? null;
    const lengthOf = (id: string, list: string): number => memories[id]?.lists[list]?.length ?? 0;
    const isSettled = hubKeys.every((key) => lengthOf(`hub/${runId}-${key}`, "settled") >= count);
    const isTold = ["ledger", "audit"].every(
      (book) => lengthOf(`${book}/${runId}`, "entries") >= count * hubKeys.length,
    );
    if ((isSettled && isTold) || performance.now() > deadline) return memories;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
