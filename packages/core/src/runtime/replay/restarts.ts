import type { JournalRecord, LogRecord } from "../../store/index.ts";
import type { SettledRecord } from "../journal/journal.ts";

/** What a turn that was restarted on request finds of the time before: whatever its handler asks for by key, and what had left (C26). */
export interface TurnPast {
  /** The journal up to the last restart; code that does not fit any more may have written it. */
  readonly records: ReadonlySet<JournalRecord>;
  /** By key, the last outcome. */
  readonly outcomes: ReadonlyMap<string, SettledRecord>;
  /** Keys of questions that were open already. */
  readonly questions: ReadonlySet<string>;
  /** By scope, how much had left: the restarted handler queues as much, and it does not leave again. */
  readonly left: ReadonlyMap<string, LeftCount>;
}

/** How much of one scope's output has left. */
export interface LeftCount {
  readonly messages: number;
  readonly events: number;
}

/** The turns that a log says were restarted, with their journals up to the last time. */
export function pastsOf(records: readonly LogRecord[]): ReadonlyMap<string, TurnPast> {
  const lastRestart = new Map<string, number>();
  for (const [index, record] of records.entries()) {
    if (record.kind !== "control" || record.action !== "restart") continue;
    for (const turn of record.turns ?? []) lastRestart.set(turn, index);
  }
  const journals = new Map([...lastRestart.keys()].map((turn) => [turn, new Set<JournalRecord>()]));
  if (journals.size === 0) return new Map();
  for (const [index, record] of records.entries())
    if (isJournal(record) && index < (lastRestart.get(record.turn) ?? 0)) journals.get(record.turn)?.add(record);
  return new Map([...journals].map(([turn, journal]) => [turn, toPast(journal)]));
}

function toPast(records: ReadonlySet<JournalRecord>): TurnPast {
  const outcomes = new Map<string, SettledRecord>();
  const questions = new Set<string>();
  const left = new Map<string, LeftCount>();
  for (const record of records) {
    if (record.kind === "step-settled" || record.kind === "request-settled" || record.kind === "wait-settled")
      outcomes.set(record.key, record);
    else if (record.kind === "wait-opened") questions.add(record.key);
    for (const { scope, messages = 0, events = 0 } of record.flushed ?? []) left.set(scope, { messages, events });
  }
  return { records, outcomes, questions, left };
}

function isJournal(record: LogRecord): record is JournalRecord {
  switch (record.kind) {
    case "step-claimed":
    case "step-settled":
    case "request-sent":
    case "request-settled":
    case "wait-opened":
    case "wait-settled":
      return true;
    default:
      return false;
  }
}
