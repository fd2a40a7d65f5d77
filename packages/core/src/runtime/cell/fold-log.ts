import type { ControlReason } from "../../agent/index.ts";
import type { JsonValue } from "../../errors/index.ts";
import { formatAgentId } from "../../identity/index.ts";
import {
  type AgentImage,
  type CellEvent,
  type Flush,
  type JournalRecord,
  type LogRecord,
  type Mail,
  type TurnRecord,
  turnIdOf,
} from "../../store/index.ts";

/** A run as its log tells it. */
export interface RunFold {
  readonly runId: string;
  readonly events: CellEvent[];
  isPaused: boolean;
  stop: ControlReason | undefined;
  end: string | undefined;
}

/** What a log amounts to: the state of a cell after its last record. */
export interface CellFold {
  /** By formatted agent id. */
  readonly agents: Map<string, MutableImage>;
  readonly runs: Map<string, RunFold>;
  /** Messages not handled yet, by turn id, in order of arrival; those with a journal were being handled. */
  readonly mails: Map<string, Mail>;
  readonly journals: Map<string, JournalRecord[]>;
  /** Requests that agents of this log still wait for, by message id. */
  readonly openRequests: Map<string, Mail>;
  /** Replies that their askers' turns, in this log too, have not recorded yet. */
  readonly replies: Map<string, JournalRecord>;
  /** How often the process died while a message was being handled, by turn id (C8). */
  readonly deaths: Map<string, number>;
  /** Turns that were restarted because their journals do not fit the code (C26). */
  readonly restarted: Set<string>;
  /** True when the owner before has died while there was something to do. */
  isUnclean: boolean;
}

/** An image under construction: its arrays belong to the fold alone. */
interface MutableImage {
  state?: string;
  version?: number;
  readonly lists: Record<string, JsonValue[]>;
}

/**
 * Replays a log into the state it stands for: the one way in which a cell is rebuilt after a fork, a restart or a take-over.
 * Pure; the records are trusted, because only this package writes them.
 */
export function foldLog(records: readonly LogRecord[], start: ReadonlyMap<string, AgentImage>): CellFold {
  const fold: CellFold = {
    agents: new Map(),
    runs: new Map(),
    mails: new Map(),
    journals: new Map(),
    openRequests: new Map(),
    replies: new Map(),
    deaths: new Map(),
    restarted: new Set(),
    isUnclean: false,
  };
  for (const [agent, image] of start) fold.agents.set(agent, toMutable(image));
  for (const record of records) foldRecord(fold, record);
  return fold;
}

function foldRecord(fold: CellFold, record: LogRecord): void {
  switch (record.kind) {
    case "received":
      if (record.mail.kind === "reply") foldRemoteReply(fold, record.mail, record.at);
      else addMail(fold, record.mail);
      return;
    case "restored":
      fold.agents.set(formatAgentId(record.agent), toMutable(record.image));
      return;
    case "control":
      foldControl(fold, record);
      return;
    case "turn":
      foldTurn(fold, record);
      return;
    case "recovered":
      countDeaths(fold);
      return;
    case "delivered":
      return;
    default:
      foldJournal(fold, record);
  }
}

function foldControl(fold: CellFold, record: Extract<LogRecord, { readonly kind: "control" }>): void {
  const run = runOf(fold, record.runId);
  if (record.action === "pause") run.isPaused = true;
  else if (record.action === "resume") run.isPaused = false;
  else if (record.action === "restart") for (const turn of record.turns ?? []) fold.restarted.add(turn);
  else if (record.action === "cancel") {
    // A cancelled run is not held any more: what waits in it ends.
    run.isPaused = false;
    run.stop = { kind: "cancel", detail: record.detail };
  }
}

function foldJournal(fold: CellFold, record: JournalRecord): void {
  const journal = fold.journals.get(record.turn);
  if (journal === undefined) fold.journals.set(record.turn, [record]);
  else journal.push(record);
  if (record.kind === "request-sent") sendMail(fold, record.mail);
  else if (record.kind === "request-settled") {
    fold.replies.delete(replyKey(record.turn, record.key));
    closeRequests(fold, record.turn, record.key);
  }
  foldFlush(fold, record);
}

/** A reply for a turn of this log: until that turn has recorded it, only this record knows it. */
function foldReply(fold: CellFold, record: TurnRecord): void {
  if (record.reply === undefined) return;
  const asked = fold.openRequests.get(record.messageId)?.replyTo;
  fold.openRequests.delete(record.messageId);
  if (asked?.kind !== "turn" || !fold.journals.has(asked.turn)) return;
  const { at, reply: outcome } = record;
  const { turn, key } = asked;
  fold.replies.set(replyKey(turn, key), { kind: "request-settled", at, turn, key, outcome });
}

/** A reply from another cell. */
function foldRemoteReply(fold: CellFold, mail: Mail, at: number): void {
  const { asker, settlement } = mail;
  if (asker === undefined || settlement === undefined) return;
  fold.openRequests.delete(settlement.requestId);
  const { turn, key } = asker;
  if (!fold.journals.has(turn)) return;
  fold.replies.set(replyKey(turn, key), { kind: "request-settled", at, turn, key, outcome: settlement.outcome });
}

/** What was in flight when a process died: turns that had begun and were not just waiting, and the first message of each agent. */
export function inFlight(fold: CellFold): readonly string[] {
  const seen = new Set<string>();
  const turns: string[] = [];
  for (const [turn, mail] of fold.mails) {
    const agent = formatAgentId(mail.recipient);
    const journal = fold.journals.get(turn);
    if (journal === undefined ? !seen.has(agent) : !isResting(journal)) turns.push(turn);
    seen.add(agent);
  }
  return turns;
}

/** True for a turn that only waits for answers, timers or replies: whatever killed the process, it was not this. */
function isResting(journal: readonly JournalRecord[]): boolean {
  const awaited = new Set<string>();
  const claimed = new Set<string>();
  for (const { kind, key } of journal) {
    if (kind === "wait-opened" || kind === "request-sent") awaited.add(key);
    else if (kind === "step-claimed") claimed.add(key);
    else {
      awaited.delete(key);
      claimed.delete(key);
    }
  }
  return awaited.size > 0 && claimed.size === 0;
}

function countDeaths(fold: CellFold): void {
  for (const turn of inFlight(fold)) fold.deaths.set(turn, (fold.deaths.get(turn) ?? 0) + 1);
}

function replyKey(turn: string, key: string): string {
  return `${turn} ${key}`;
}

function foldTurn(fold: CellFold, record: TurnRecord): void {
  closeRequests(fold, record.turn, undefined);
  fold.mails.delete(record.turn);
  fold.journals.delete(record.turn);
  fold.deaths.delete(record.turn);
  fold.restarted.delete(record.turn);
  for (const [name, reply] of fold.replies) if (reply.turn === record.turn) fold.replies.delete(name);
  foldReply(fold, record);
  const key = formatAgentId(record.agent);
  if (record.isForgotten === true) fold.agents.delete(key);
  else if (record.state !== undefined || record.lists !== undefined) applyTurn(imageOf(fold, key), record);
  foldFlush(fold, record);
}

/** Nobody waits any more for what a turn asked under a key, or at all: it has the outcome, or has ended. */
function closeRequests(fold: CellFold, turn: string, key: string | undefined): void {
  for (const record of fold.journals.get(turn) ?? []) {
    if (record.kind !== "request-sent" || (key !== undefined && record.key !== key)) continue;
    fold.openRequests.delete(record.mail.messageId);
  }
}

function applyTurn(image: MutableImage, record: TurnRecord): void {
  if (record.state !== undefined) {
    image.state = record.state;
    if (record.version === undefined) delete image.version;
    else image.version = record.version;
  }
  for (const change of record.lists ?? []) {
    const list = image.lists[change.name];
    if (list === undefined || change.isReplaced) image.lists[change.name] = [...change.items];
    else for (const item of change.items) list.push(item);
  }
}

function imageOf(fold: CellFold, key: string): MutableImage {
  let image = fold.agents.get(key);
  if (image === undefined) {
    image = { lists: {} };
    fold.agents.set(key, image);
  }
  return image;
}

function toMutable(image: AgentImage): MutableImage {
  const lists = Object.fromEntries(Object.entries(image.lists).map(([name, items]) => [name, [...items]]));
  const { state, version } = image;
  return { lists, ...(state !== undefined && { state }), ...(version !== undefined && { version }) };
}

function foldFlush(fold: CellFold, flush: Flush): void {
  for (const mail of flush.sent ?? []) sendMail(fold, mail);
  for (const event of flush.events ?? []) {
    const run = runOf(fold, event.runId);
    run.events.push(event);
    run.end ??= event.end;
  }
}

/** A numbered message is for another cell: only the wait for its outcome is this one's. */
function sendMail(fold: CellFold, mail: Mail): void {
  if (mail.number === undefined) addMail(fold, mail);
  else if (mail.kind === "request") fold.openRequests.set(mail.messageId, mail);
}

function addMail(fold: CellFold, mail: Mail): void {
  fold.mails.set(turnIdOf(mail), mail);
  if (mail.kind === "settlement") fold.openRequests.delete(mail.settlement?.requestId ?? "");
  else if (mail.kind === "request") fold.openRequests.set(mail.messageId, mail);
}

function runOf(fold: CellFold, runId: string): RunFold {
  let run = fold.runs.get(runId);
  if (run === undefined) {
    run = { runId, events: [], isPaused: false, stop: undefined, end: undefined };
    fold.runs.set(runId, run);
  }
  return run;
}
