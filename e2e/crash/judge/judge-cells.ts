import type { CountedCall } from "../outside/outside-call.ts";
import type { CellMemory } from "../scenario/cell-agents.ts";
import type { ReportLine } from "../worker/assignment.ts";
import { hubKeys } from "../worker/run-cells.ts";

type Memories = Readonly<Record<string, CellMemory | null>>;

/** What the memories are judged by. */
export interface CellEvidence {
  readonly runId: string;
  readonly calls: readonly CountedCall[];
  /** Numbers that each sender sent. */
  readonly count: number;
  readonly deaths: number;
  /** Gets the number of steps that ended as unknown. */
  readonly unknown: { count: number };
}

/** C4, C10, C12, C14: every accepted message was handled, in order, changed its recipient once, and every request was settled once. */
export function judgeMemories(memories: Memories, evidence: CellEvidence): readonly string[] {
  const { runId, count, unknown, deaths } = evidence;
  const wanted = Array.from({ length: count }, (_, index) => index + 1);
  const problems: string[] = [];
  const expectCount = (what: string, actual: unknown, expected: number): void => {
    if (actual !== expected) problems.push(`${what} says ${String(actual)}, not ${expected}`);
  };
  const expectNumbers = (what: string, actual: readonly number[]): void => {
    if (JSON.stringify(actual) !== JSON.stringify(wanted))
      problems.push(`${what}: ${actual.join(" ")}, not 1 to ${count}`);
  };
  for (const key of hubKeys) {
    const hub = memories[`hub/${runId}-${key}`];
    const account = memories[`account/${runId}-${key}`];
    expectNumbers(`notes of hub ${key}`, numbersOf(hub?.lists["notes"]));
    expectNumbers(
      `settled charges of hub ${key}`,
      numbersOf(hub?.lists["settled"]).toSorted((left, right) => left - right),
    );
    expectNumbers(`deposits of account ${key}`, numbersOf(account?.lists["deposits"]));
    for (const book of ["ledger", "audit"]) {
      const entries = memories[`${book}/${runId}`]?.lists["entries"] ?? [];
      const own = entries.filter((entry) => field(entry, "hub") === `${runId}-${key}`);
      expectNumbers(`entries of hub ${key} in the ${book}`, numbersOf(own));
    }
    expectCount(`state of hub ${key}`, field(hub?.state, "notes"), count);
    expectCount(`state of account ${key}`, field(account?.state, "count"), count);
    const settled = hub?.lists["settled"] ?? [];
    for (const entry of settled) problems.push(...judgeCharge(`${runId}-${key}`, entry, evidence));
    unknown.count += settled.filter((entry) => field(entry, "status") === "unknown").length;
  }
  expectCount("state of the ledger", field(memories[`ledger/${runId}`]?.state, "count"), count * hubKeys.length);
  expectCount("state of the audit", field(memories[`audit/${runId}`]?.state, "count"), count * hubKeys.length);
  expectCount("state of the bank", field(memories[`bank/${runId}`]?.state, "charges"), count * hubKeys.length);
  // The bank works on one charge at a time, so a death leaves one in flight at most.
  if (unknown.count > deaths) problems.push(`${unknown.count} charges ended as unknown in ${deaths} deaths`);
  return problems;
}

/** A charge that is `done` took effect once, one that is unknown at most once, and there is nothing else. */
function judgeCharge(hub: string, entry: unknown, { calls }: CellEvidence): readonly string[] {
  const callId = `${hub}.${String(field(entry, "number"))}.0.0`;
  const status = field(entry, "status");
  const effects = calls.filter(({ request }) => request.kind === "effect" && request.callId === callId);
  const keys = new Set(effects.map(({ request }) => (request.kind === "effect" ? request.idempotencyKey : "")));
  const isRight = status === "done" ? effects.length === 1 : status === "unknown" && effects.length <= 1;
  return isRight && keys.size === effects.length
    ? []
    : [`charge ${callId} is ${String(status)} and took effect ${effects.length} times`];
}

/** C10: a reply that was lost with its process is the same when the message is sent again, and counts never go back. */
export function judgeAcknowledgements(
  lines: readonly Extract<ReportLine, { kind: "acknowledged" }>[],
  count: number,
): readonly string[] {
  return lines
    .filter(({ number, reply }) => reply !== undefined && reply !== number)
    .map(({ sender, number, reply }) => `${sender} ${number} of ${count} was answered with ${reply}`);
}

function numbersOf(items: readonly unknown[] | undefined): readonly number[] {
  return (items ?? []).map((item) => Number(field(item, "number")));
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
