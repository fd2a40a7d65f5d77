/**
 * What a turn in flight has recorded: the memory from which it can be run again (C6, C7).
 *
 * Owns: the turn's records in log order, and the indexes that a replay asks.
 * Invariants:
 * J1. A key has at most one settled record for each attempt that counts.
 * J2. A new attempt keeps `done`, `cancelled` and `unknown` outcomes, requests and waits; failed steps run again (C8).
 * J3. What has left (messages, events) is counted by scope and never leaves twice.
 */
import { StateError } from "../../errors/index.ts";
import { type JournalRecord, measureJson } from "../../store/index.ts";

/** A record that ends something the handler waits for. */
export type SettledRecord = Extract<
  JournalRecord,
  { readonly kind: "step-settled" | "request-settled" | "wait-settled" }
>;
type RecordOf<Kind extends JournalRecord["kind"]> = Extract<JournalRecord, { readonly kind: Kind }>;

interface Flushed {
  messages: number;
  events: number;
}

/** Bytes of one journal (C17). */
const maxBytes = 16_777_216;

export class Journal {
  readonly #limit: number;
  #records: JournalRecord[] = [];
  /** How often each step was claimed: more than once when its process died meanwhile. */
  readonly #claims = new Map<string, number>();
  readonly #requests = new Map<string, RecordOf<"request-sent">>();
  readonly #waits = new Map<string, RecordOf<"wait-opened">>();
  readonly #settled = new Map<string, SettledRecord>();
  #bytes = 0;
  readonly #flushed = new Map<string, Flushed>();

  constructor(limit: number, records: readonly JournalRecord[] = []) {
    this.#limit = limit;
    for (const record of records) this.add(record);
  }

  get size(): number {
    return this.#records.length;
  }

  /** @throws StateError `state.journal_full`. */
  add(record: JournalRecord): void {
    const settled = this.#settled.get(record.key);
    // Read back from a log: only another attempt runs what has failed (J2).
    if (settled !== undefined && isFailure(settled)) this.nextAttempt();
    this.#bytes += sizeOf(record);
    if (this.#records.length >= this.#limit || this.#bytes > maxBytes) throw journalFull(record, this.#limit);
    this.#records.push(record);
    if (record.kind === "step-claimed") this.#claims.set(record.key, this.claims(record.key) + 1);
    else if (record.kind === "request-sent") this.#requests.set(record.key, record);
    else if (record.kind === "wait-opened") this.#waits.set(record.key, record);
    else this.#settled.set(record.key, record);
    for (const count of record.flushed ?? [])
      this.#flushed.set(count.scope, { messages: count.messages ?? 0, events: count.events ?? 0 });
  }

  /** How often a step was claimed. */
  claims(key: string): number {
    return this.#claims.get(key) ?? 0;
  }

  request(key: string): RecordOf<"request-sent"> | undefined {
    return this.#requests.get(key);
  }

  wait(key: string): RecordOf<"wait-opened"> | undefined {
    return this.#waits.get(key);
  }

  /** The record that settled a key, also when it came after a replay had begun. */
  outcome(key: string): SettledRecord | undefined {
    return this.#settled.get(key);
  }

  flushed(scope: string): Readonly<Flushed> | undefined {
    return this.#flushed.get(scope);
  }

  /** What a replay hands out, in the order in which it was recorded. */
  settled(): readonly SettledRecord[] {
    return this.#records.filter(
      (record) => record.kind === "step-settled" || record.kind === "request-settled" || record.kind === "wait-settled",
    );
  }

  /** Prepares for another attempt: failed steps and failed requests are forgotten, so that they run again. */
  nextAttempt(): void {
    const failed = new Set(
      this.settled()
        .filter(isFailure)
        .map((record) => record.key),
    );
    if (failed.size === 0) return;
    this.#records = this.#records
      .filter((record) => !failed.has(record.key) || record.flushed !== undefined)
      .map((record) => (failed.has(record.key) ? onlyFlush(record) : record));
    for (const key of failed) {
      this.#claims.delete(key);
      this.#requests.delete(key);
      this.#settled.delete(key);
    }
  }
}

/** A claim that nothing settles any more, kept for the messages and events that left with its record. */
function onlyFlush(record: JournalRecord): JournalRecord {
  const { at, turn, key, sent, events, flushed } = record;
  return {
    kind: "step-claimed",
    at,
    turn,
    key: `${key}!`,
    claim: undefined,
    ...(sent !== undefined && { sent }),
    ...(events !== undefined && { events }),
    ...(flushed !== undefined && { flushed }),
  };
}

function isFailure(record: SettledRecord): boolean {
  return record.kind !== "wait-settled" && record.outcome.status === "failed";
}

/** Bytes of the parts that can be large. */
function sizeOf(record: JournalRecord): number {
  switch (record.kind) {
    case "step-claimed":
      return measureJson(record.claim);
    case "step-settled":
      return measureJson(record.outcome.status === "done" ? record.outcome.value : undefined);
    case "request-sent":
      return measureJson(record.mail.body);
    case "request-settled":
      return measureJson(record.outcome.status === "replied" ? record.outcome.body : undefined);
    case "wait-opened":
      return measureJson(record.wait.question);
    case "wait-settled":
      return measureJson(record.outcome.status === "answered" ? record.outcome.answer : undefined);
  }
}

function journalFull(record: JournalRecord, limit: number): StateError {
  return new StateError(
    "state.journal_full",
    `Turn "${record.turn}" has ${limit} journal records or ${maxBytes} bytes already`,
    {
      remedy: "End the turn and go on with a message to itself; long work is many turns.",
      details: { turn: record.turn, key: record.key, limit },
    },
  );
}
