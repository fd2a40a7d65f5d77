import { type EncodedError, encodeError, type JsonValue } from "../../errors/index.ts";
import { decodeJson, encodeJson } from "../../message/index.ts";
import type { CellEvent, ListChange, ReplyOutcome, TurnRecord } from "../../store/index.ts";
import type { QueuedEvent } from "../turn/frame.ts";
import { compareOutput, sameMessage, showMail, showMessage } from "./compare-output.ts";
import { jsonEquals } from "./json-equals.ts";
import type { ReplayedTurn } from "./replayed-turn.ts";
import type { ReplayFrame } from "./replay-frame.ts";
import type { Difference } from "./replay-mismatch.ts";

/** What the comparison of a turn needs beside the turn. */
export interface TurnComparison {
  /** Told of each event that was found again. */
  readonly onEvent: (recorded: CellEvent, replayed: QueuedEvent) => void;
  readonly isKnown: (type: string) => boolean;
}

/** Ends that the runtime gave a turn, whatever its handler did. */
const imposedEnds: ReadonlySet<string | undefined> = new Set([
  "delivery.cancelled",
  "state.step_cancelled",
  "state.turn_timeout",
  "state.turn_stalled",
  "state.quarantined",
  "state.journal_full",
  "state.too_large",
  "state.owner_lost",
  "state.nondeterministic_replay",
]);

/** A turn whose log goes no further: what it has let out must have been queued again. */
export function compareOpenTurn(turn: ReplayedTurn, comparison: TurnComparison): readonly Difference[] {
  return [...compareJournal(turn), ...compareAll(turn, undefined, comparison)];
}

/** A turn against the record it ended with. */
export function compareTurn(
  { turn, end }: { readonly turn: ReplayedTurn; readonly end: ReplyOutcome | undefined },
  record: TurnRecord,
  comparison: TurnComparison,
): readonly Difference[] {
  const ofJournal = compareJournal(turn);
  const failure = failureOf(record);
  if (turn.misfit !== undefined || failure !== undefined) {
    const ofEnd = turn.misfit === undefined && failure !== undefined ? compareFailure(failure, end) : [];
    return [...ofJournal, ...ofEnd, ...compareAll(turn, undefined, comparison)];
  }
  const ofEnd = compareSuccess(turn, record, end);
  const isWhole = ofEnd.length === 0;
  return [
    ...ofJournal,
    ...ofEnd,
    ...(isWhole ? compareChanges(turn.frame, record) : []),
    ...compareAll(turn, record, comparison),
  ];
}

function compareAll(
  turn: ReplayedTurn,
  record: TurnRecord | undefined,
  { onEvent, isKnown }: TurnComparison,
): readonly Difference[] {
  const flushes = record === undefined ? turn.flushes : [...turn.flushes, record];
  const { left } = turn.options.past ?? {};
  return compareOutput({ flushes, replayed: turn.output(), left, isWhole: record !== undefined, onEvent, isKnown });
}

// --- journal -------------------------------------------------------------------------------------

/** What the handler asked for, beside the names by which it was found. */
function compareJournal(turn: ReplayedTurn): readonly Difference[] {
  const { sends, questions } = turn.frame;
  const differences: Difference[] = turn.misfit === undefined ? [] : [turn.misfit];
  for (const { key, mail } of turn.requests) {
    const sent = sends.get(key);
    if (sent === undefined || sameMessage(sent, mail)) continue;
    differences.push({ what: "message", recorded: showMail(mail), replayed: showMessage(sent) });
  }
  for (const [key, { name, question }] of questions) {
    const recorded = turn.options.waits.get(key);
    // Asked before a restart: whatever the handler says now, that question stands.
    if (turn.options.past?.questions.has(key) === true) continue;
    if (recorded === undefined || (recorded.name === name && jsonEquals(recorded.question, question))) continue;
    differences.push({
      what: "question",
      recorded: { name: recorded.name, question: recorded.question ?? null },
      replayed: { name, question: question ?? null },
    });
  }
  return differences;
}

// --- end -----------------------------------------------------------------------------------------

function failureOf(record: TurnRecord): EncodedError | undefined {
  return record.reply?.status === "failed" ? record.reply.error : record.error;
}

function compareFailure(failure: EncodedError, end: ReplyOutcome | undefined): readonly Difference[] {
  if (imposedEnds.has(failure.code) || isSameFailure(failure, end)) return [];
  return [{ what: "end", recorded: showError(failure), replayed: showEnd(end) }];
}

function isSameFailure(failure: EncodedError, end: ReplyOutcome | undefined): boolean {
  return end?.status === "failed" && end.error.code === failure.code && end.error.message === failure.message;
}

/** True when a handler failed as the log says that its turn did. */
export function isRecordedFailure(record: TurnRecord, end: ReplyOutcome): boolean {
  const failure = failureOf(record);
  return failure !== undefined && isSameFailure(failure, end);
}

function compareSuccess(turn: ReplayedTurn, record: TurnRecord, end: ReplyOutcome | undefined): readonly Difference[] {
  if (end === undefined)
    return [{ what: "journal", recorded: "the end of the handler", replayed: turn.frame.asks.open ?? null }];
  const { reply } = record;
  const isSame =
    end.status === "replied" &&
    (reply === undefined || (reply.status === "replied" && jsonEquals(reply.body, end.body)));
  if (isSame) return [];
  return [{ what: "end", recorded: reply === undefined ? "done" : showEnd(reply), replayed: showEnd(end) }];
}

function showEnd(end: ReplyOutcome | undefined): JsonValue {
  if (end === undefined) return "not ended";
  return end.status === "failed" ? showError(end.error) : { reply: end.body };
}

function showError({ code, message }: EncodedError): JsonValue {
  return { error: message, code: code ?? null };
}

// --- state and lists -----------------------------------------------------------------------------

function compareChanges(frame: ReplayFrame, record: TurnRecord): readonly Difference[] {
  const isForgotten = record.isForgotten === true;
  if (isForgotten !== frame.isForgotten)
    return [{ what: "state", recorded: { isForgotten }, replayed: { isForgotten: frame.isForgotten } }];
  if (isForgotten) return [];
  return [...compareState(frame, record), ...compareLists(frame, record.lists ?? [])];
}

/** State that code of another version left is in another form. */
function compareState(frame: ReplayFrame, record: TurnRecord): readonly Difference[] {
  if (record.state !== undefined && (record.version ?? 1) !== frame.options.blueprint.stateVersion) return [];
  const recorded = record.state ?? frame.committedState;
  const replayed = encodeState(frame);
  if (typeof replayed !== "string") return [{ what: "state", recorded, replayed }];
  if (replayed === recorded || jsonEquals(parse(replayed), parse(recorded))) return [];
  return [{ what: "state", recorded: parse(recorded), replayed: parse(replayed) }];
}

function encodeState(frame: ReplayFrame): string | JsonValue {
  if (frame.newState === undefined) return frame.committedState;
  try {
    return encodeJson(frame.newState, `state of "${frame.agent}"`);
  } catch (error) {
    return showError(encodeError(error));
  }
}

function parse(text: string): JsonValue {
  return decodeJson(text, "recorded state");
}

function compareLists(frame: ReplayFrame, recorded: readonly ListChange[]): readonly Difference[] {
  const replayed = frame.listChanges;
  const names = new Set([...recorded, ...replayed].map(({ name }) => name));
  return [...names].flatMap((name): readonly Difference[] => {
    const before = showChange(recorded.find((change) => change.name === name));
    const now = showChange(replayed.find((change) => change.name === name));
    return jsonEquals(before, now) ? [] : [{ what: "list", recorded: before, replayed: now }];
  });
}

function showChange(change: ListChange | undefined): JsonValue | undefined {
  return change === undefined ? undefined : { name: change.name, isReplaced: change.isReplaced, items: change.items };
}
