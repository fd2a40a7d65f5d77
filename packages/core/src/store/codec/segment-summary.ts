/**
 * What the records of a segment amount to, in as few records as possible: who folds a log need not read what came and went.
 *
 * Owns: what is left of the records taken so far. Does not own: the records, the rows (LogEncoder).
 * Invariants:
 * M1. Folding the summary, after and before whatever else, leaves what folding the records leaves: state, lists, events, what is to be done.
 * M2. A message goes with its turn only when this segment has sent it and has ended its turn; everything unusual stays as it is.
 * M3. There is no summary when the effect of a record depends on those before it in the segment.
 */
import type { AgentId } from "../../identity/index.ts";
import { formatAgentId } from "../../identity/index.ts";
import type { JsonValue } from "../../errors/index.ts";
import type { CellEvent } from "../events.ts";
import type { Flush, JournalRecord, LogRecord, TurnRecord } from "../log-record.ts";
import { type Mail, turnIdOf } from "../mail.ts";

/** Stands for the agent of a record that is no agent's. */
const nobody: AgentId = { type: "", key: "" };

/** A record, as far as it is still needed. */
interface Entry {
  readonly at: number;
  /** Undefined when only its messages are. */
  record: LogRecord | undefined;
  sent: Mail[];
}

/** A message that this segment has sent, and whose turn it has not ended. */
interface OpenMail {
  readonly mail: Mail;
  readonly entry: Entry;
  /** True when it is not as usual, or was written twice: then it stays. */
  isKept: boolean;
}

interface AgentChange {
  readonly agent: AgentId;
  state: string | undefined;
  version: number | undefined;
  readonly lists: Map<string, { isReplaced: boolean; items: JsonValue[] }>;
}

/** See the head of this file. */
export class SegmentSummary {
  #entries: Entry[] = [];
  readonly #open = new Map<string, OpenMail>();
  readonly #journals = new Map<string, Entry[]>();
  readonly #agents = new Map<string, AgentChange>();
  #events: CellEvent[] = [];
  #at = 0;
  #isBroken = false;

  /** Takes the next record of the segment. */
  take(record: LogRecord): void {
    if (this.#isBroken) return;
    this.#at = record.at;
    switch (record.kind) {
      case "turn":
        this.#endTurn(record);
        return;
      case "received":
        this.#keepTwice(turnIdOf(record.mail));
        this.#add(record);
        return;
      case "delivered":
      case "control":
        this.#add(record);
        return;
      case "recovered":
        // In front of all others it counts what the segments before have left.
        if (this.#entries.length === 0) this.#add(record);
        else this.#giveUp();
        return;
      case "restored":
        this.#giveUp();
        return;
      default:
        this.#journal(record);
    }
  }

  /** The records to fold instead; undefined when there are none (M3). */
  finish(): readonly LogRecord[] | undefined {
    if (this.#isBroken) return undefined;
    const records: LogRecord[] = [];
    for (const entry of this.#entries) {
      const record = rest(entry);
      if (record !== undefined) records.push(record);
    }
    const base = { kind: "turn", at: this.#at, turn: "", messageId: "" } as const;
    for (const change of this.#agents.values()) records.push({ ...base, ...changeOf(change) });
    if (this.#events.length > 0) records.push({ ...base, agent: nobody, events: this.#events });
    return records;
  }

  #giveUp(): void {
    this.#isBroken = true;
    this.#entries = [];
    this.#events = [];
    this.#open.clear();
    this.#journals.clear();
    this.#agents.clear();
  }

  #add(record: LogRecord): Entry {
    const entry: Entry = { at: record.at, record, sent: [] };
    this.#entries.push(entry);
    return entry;
  }

  #endTurn(record: TurnRecord): void {
    if (record.isForgotten === true) {
      this.#giveUp();
      return;
    }
    const entry = this.#add(record);
    if (this.#dropJournal(record.turn)) this.#dropMail(record.turn, entry);
    this.#open.delete(record.turn);
    this.#change(record);
    this.#flush(record, entry);
  }

  /** The journal of a turn that has ended; false when it must stay, because it sent what outlives the turn. */
  #dropJournal(turn: string): boolean {
    const journal = this.#journals.get(turn) ?? [];
    this.#journals.delete(turn);
    if (journal.some(({ record }) => this.#outlives(record))) return false;
    for (const entry of journal) entry.record = undefined;
    return true;
  }

  #outlives(record: LogRecord | undefined): boolean {
    if (record?.kind !== "request-sent") return false;
    return record.mail.number !== undefined || this.#open.has(turnIdOf(record.mail));
  }

  /** The message of a turn that has ended, and with it the end (M2). */
  #dropMail(turn: string, end: Entry): void {
    const open = this.#open.get(turn);
    // A turn that waits for the reply finds it in the record of the end.
    if (open === undefined || open.isKept || open.mail.replyTo?.kind === "turn") return;
    const { sent } = open.entry;
    const index = sent.indexOf(open.mail);
    if (index < 0) return;
    sent.splice(index, 1);
    end.record = undefined;
  }

  #journal(record: JournalRecord): void {
    const entry = this.#add(record);
    const journal = this.#journals.get(record.turn);
    if (journal === undefined) this.#journals.set(record.turn, [entry]);
    else journal.push(entry);
    this.#flush(record, entry);
    if (record.kind === "request-sent") this.#admit(record.mail, entry, true);
  }

  #flush(flush: Flush, entry: Entry): void {
    for (const mail of flush.sent ?? []) {
      entry.sent.push(mail);
      this.#admit(mail, entry, isAnswer(mail, flush));
    }
    for (const event of flush.events ?? []) this.#events.push(event);
  }

  /** A numbered message is for another cell, which says when it has arrived. */
  #admit(mail: Mail, entry: Entry, isUsual: boolean): void {
    if (mail.number !== undefined) return;
    const turn = turnIdOf(mail);
    if (!this.#keepTwice(turn)) this.#open.set(turn, { mail, entry, isKept: !isUsual });
  }

  #keepTwice(turn: string): boolean {
    const open = this.#open.get(turn);
    if (open !== undefined) open.isKept = true;
    return open !== undefined;
  }

  #change(record: TurnRecord): void {
    if (record.state === undefined && record.lists === undefined) return;
    const change = this.#changeOf(record.agent);
    if (record.state !== undefined) {
      change.state = record.state;
      change.version = record.version;
    }
    for (const { name, isReplaced, items } of record.lists ?? []) {
      const list = change.lists.get(name);
      if (list === undefined || isReplaced) {
        change.lists.set(name, { isReplaced, items: [...items] });
      } else for (const item of items) list.items.push(item);
    }
  }

  #changeOf(agent: AgentId): AgentChange {
    const key = formatAgentId(agent);
    let change = this.#agents.get(key);
    if (change === undefined) {
      change = { agent, state: undefined, version: undefined, lists: new Map() };
      this.#agents.set(key, change);
    }
    return change;
  }
}

/** True for what is no settlement, and for one that stands with the end of its request, which settles that too. */
function isAnswer({ settlement }: Mail, flush: Flush | TurnRecord): boolean {
  return settlement === undefined || ("reply" in flush && flush.messageId === settlement.requestId);
}

/** What is left of a record: without what became of its agent and without its events, which stand at the end. */
function rest({ at, record, sent }: Entry): LogRecord | undefined {
  const left = sent.length > 0 ? { sent } : {};
  if (record === undefined) {
    const [first] = sent;
    return first === undefined
      ? undefined
      : { kind: "turn", at, turn: "", messageId: "", agent: first.recipient, sent };
  }
  if (record.kind === "turn") {
    const { state: _state, version: _version, lists: _lists, sent: _sent, events: _events, ...others } = record;
    return { ...others, ...left };
  }
  if (!("sent" in record || "events" in record)) return record;
  const { sent: _sent, events: _events, ...others } = record;
  return { ...others, ...left };
}

function changeOf({ agent, state, version, lists }: AgentChange): Pick<TurnRecord, "agent" | "state" | "lists"> {
  const changes = [...lists].map(([name, list]) => ({ name, ...list }));
  return {
    agent,
    ...(state !== undefined && { state }),
    ...(version !== undefined && { version }),
    ...(changes.length > 0 && { lists: changes }),
  };
}
