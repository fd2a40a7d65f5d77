import type { JsonValue } from "../../errors/index.ts";
import { agentId } from "../../identity/index.ts";
import type { CellRow, CellSnapshot, Fence, InboxEntry, LogRecord, Mail, RunNote, Store } from "../../store/index.ts";
import { ContractViolation } from "../expectation.ts";

/** The cell of most cases. */
export const cell = "account/ada";

/** The worker of most cases, and the one that comes after it. */
export const owner = "owner";
export const other = "other";

/** A record that carries a mark. */
export function record(mark: JsonValue): LogRecord {
  return { kind: "control", at: 1, runId: "run", action: "pause", detail: mark };
}

/** Records with the marks `from`, `from + 1`... */
export function records(from: number, count: number): readonly LogRecord[] {
  return Array.from({ length: count }, (_, index) => record(from + index));
}

/** The marks of records. */
export function marks(log: readonly LogRecord[]): readonly JsonValue[] {
  return log.map((entry) => (entry.kind === "control" ? entry.detail : null));
}

/** The marks of a cell's log. */
export async function read(store: Store, name: string = cell, from = 0): Promise<readonly JsonValue[]> {
  return marks(await store.read(name, { from }));
}

/** A message to an account. */
export function mail(body: JsonValue, key = "ada"): Mail {
  return {
    messageId: `m${JSON.stringify(body)}`,
    kind: "event",
    type: "Note",
    body,
    recipient: agentId("account", key),
    hops: 0,
    at: 1,
  };
}

/** An inbox entry with such a message. */
export function entry(body: JsonValue, key?: string): InboxEntry {
  return { kind: "mail", mail: mail(body, key) };
}

/** What a collection holds: the bodies of its mails. */
export async function bodies(store: Store, fence: Fence, name: string = cell): Promise<readonly JsonValue[]> {
  const collected = await store.collect(name, fence);
  return collected.map(({ entry: found }) => (found.kind === "mail" ? found.mail.body : found.kind));
}

/** The names of the cells that hold anything. */
export async function names(store: Store): Promise<readonly string[]> {
  return (await store.cells()).map((row) => row.cell);
}

/** How a listing shows a cell. @throws ContractViolation when it does not. */
export async function rowOf(store: Store, name: string = cell): Promise<CellRow> {
  const rows = await store.cells({ cell: name });
  const [row] = rows;
  if (row !== undefined && rows.length === 1 && row.cell === name) return row;
  throw new ContractViolation(`the listing of "${name}" has ${rows.length} rows: ${JSON.stringify(rows)}`);
}

/** Claims a cell for a worker and returns the fence. */
export async function claim(store: Store, name: string = cell, worker: string = owner): Promise<Fence> {
  const { epoch, position } = await store.claim(name, worker);
  return { epoch, position };
}

/** Claims a cell and fills its log with the marks 0 to `count - 1`. */
export async function fill(store: Store, count: number, name: string = cell): Promise<Fence> {
  const fence = await claim(store, name);
  return { epoch: fence.epoch, position: await store.append(name, fence, records(fence.position, count)) };
}

/** Gives a cell back and claims it for the next worker: what a take-over in good order looks like. */
export async function passOn(store: Store, name: string = cell): Promise<Fence> {
  await store.release(owner, name);
  return claim(store, name, other);
}

/** A run as an append notes it. */
export function runNote(runId: string, note: Partial<RunNote> = {}): RunNote {
  return { runId, status: "running", sequence: 1, questions: 0, ...note };
}

/** A snapshot with the state of one agent. */
export function snapshotAt(position: number, state = "1"): CellSnapshot {
  return { position, agents: { ada: { state, lists: {} } } };
}
