import type { JsonValue } from "../../errors/index.ts";
import { formatAgentId, formatTopicId, sameAgent, sameTopic } from "../../identity/index.ts";
import type { CellEvent, Flush, Mail } from "../../store/index.ts";
import type { QueuedEvent } from "../turn/frame.ts";
import { jsonEquals } from "./json-equals.ts";
import type { Difference } from "./replay-mismatch.ts";
import type { ReplayedMessage, ScopeOutput } from "./replay-frame.ts";
import type { LeftCount } from "./restarts.ts";

/** What a turn let out, by the log and by its replay. */
export interface ComparedOutput {
  /** In log order; the last one may be that of the turn's record. */
  readonly flushes: readonly Flush[];
  readonly replayed: ReadonlyMap<string, ScopeOutput>;
  /** By scope, how much of the replay's output left before the first of the flushes: it is compared with nothing. */
  readonly left?: ReadonlyMap<string, LeftCount> | undefined;
  /** False for turns that have not ended well: what they had queued last never left. */
  readonly isWhole: boolean;
  /** Told of each event that was found again. */
  readonly onEvent: (recorded: CellEvent, replayed: QueuedEvent) => void;
  /** False for agents that nobody can know: messages to them went nowhere. */
  readonly isKnown: (type: string) => boolean;
}

/** How far each scope's output was matched. */
interface Cursor {
  readonly output: ScopeOutput;
  events: number;
  messages: number;
}

/** Matches what the log let out with what the replay queued: in order within each scope, scopes in the order of the log. */
export function compareOutput(compared: ComparedOutput): readonly Difference[] {
  const cursors = new Map<string, Cursor>();
  for (const [scope, output] of compared.replayed)
    cursors.set(scope, { output, ...(compared.left?.get(scope) ?? { events: 0, messages: 0 }) });
  const differences: Difference[] = [];
  for (const flush of compared.flushes) {
    for (const event of flush.events ?? []) {
      const found = takeEvent(cursors, flush, (next) => sameEvent(next, event));
      if (found !== undefined) compared.onEvent(event, found);
      else {
        // What stands in its place, so that the next ones are compared with their own.
        const other = takeEvent(cursors, flush, (next) => next.kind === event.kind);
        const replayed = other === undefined ? undefined : showEvent(other);
        differences.push({ what: "event", recorded: showEvent(event), replayed });
      }
    }
    for (const mail of ownMails(flush.sent ?? []))
      if (!takeMessage(cursors, mail))
        differences.push({ what: "message", recorded: showMail(mail), replayed: nextMessage(cursors) });
  }
  return compared.isWhole && differences.length === 0 ? leftOver(compared, cursors) : differences;
}

/** Messages that the handler sent: one for each publication, none for the answers that the runtime writes. */
function ownMails(mails: readonly Mail[]): readonly Mail[] {
  return mails.filter(
    (mail, index) =>
      (mail.kind === "event" || mail.kind === "request") &&
      (mail.topic === undefined || mails.findIndex((other) => other.messageId === mail.messageId) === index),
  );
}

/** A record that counts its scopes has events of these only, so many of each; the record of a turn has all that is left. */
function takeEvent(
  cursors: ReadonlyMap<string, Cursor>,
  flush: Flush,
  isWanted: (next: QueuedEvent) => boolean,
): QueuedEvent | undefined {
  for (const [scope, cursor] of cursors) {
    const limit = flush.flushed === undefined ? Number.POSITIVE_INFINITY : countOf(flush.flushed, scope);
    const next = cursor.output.events[cursor.events];
    if (next === undefined || cursor.events >= limit || !isWanted(next)) continue;
    cursor.events += 1;
    return next;
  }
  return undefined;
}

function countOf(flushed: NonNullable<Flush["flushed"]>, scope: string): number {
  return flushed.find((count) => count.scope === scope)?.events ?? 0;
}

function sameEvent(queued: QueuedEvent, event: CellEvent): boolean {
  return (
    queued.kind === event.kind &&
    queued.end === event.end &&
    jsonEquals(queued.path, event.path) &&
    jsonEquals(queued.payload, event.payload)
  );
}

/** A publication that nobody takes leaves no trace: it is passed over. */
function takeMessage(cursors: ReadonlyMap<string, Cursor>, mail: Mail): boolean {
  for (const cursor of cursors.values()) {
    const { messages } = cursor.output;
    let index = cursor.messages;
    for (let next = messages[index]; next !== undefined; next = messages[index]) {
      if (sameMessage(next, mail)) {
        cursor.messages = index + 1;
        return true;
      }
      if (next.to.kind === "agent") break;
      index += 1;
    }
  }
  return false;
}

/** True when a stored message is what a replayed handler sent: ids and times aside. */
export function sameMessage(message: ReplayedMessage, mail: Mail): boolean {
  const { to } = message;
  const isThere =
    to.kind === "agent"
      ? mail.topic === undefined && sameAgent(to.id, mail.recipient)
      : mail.topic !== undefined && sameTopic(to.id, mail.topic);
  const tag = mail.replyTo?.kind === "mailbox" ? mail.replyTo.tag : undefined;
  return (
    isThere &&
    message.kind === mail.kind &&
    message.type === mail.type &&
    message.tag === tag &&
    jsonEquals(message.body, mail.body) &&
    jsonEquals(toJsonRun(message.run), toJsonRun(mail.run))
  );
}

function toJsonRun(run: Mail["run"]): JsonValue | undefined {
  return run === undefined ? undefined : { ...run, inherited: run.inherited ?? null };
}

/** What was queued again and never left the first time. */
function leftOver(compared: ComparedOutput, cursors: ReadonlyMap<string, Cursor>): readonly Difference[] {
  return [...cursors.values()].flatMap(({ output, events, messages }) => [
    ...output.events
      .slice(events)
      .map((event): Difference => ({ what: "event", recorded: undefined, replayed: showEvent(event) })),
    ...output.messages
      .slice(messages)
      .filter(({ to }) => to.kind === "agent" && compared.isKnown(to.id.type))
      .map((message): Difference => ({ what: "message", recorded: undefined, replayed: showMessage(message) })),
  ]);
}

function nextMessage(cursors: ReadonlyMap<string, Cursor>): JsonValue | undefined {
  for (const { output, messages } of cursors.values()) {
    const next = output.messages[messages];
    if (next !== undefined) return showMessage(next);
  }
  return undefined;
}

function showEvent({ kind, path, payload, end }: QueuedEvent): JsonValue {
  return { kind, path, payload, ...(end !== undefined && { end }) };
}

/** A message as differences show it. */
export function showMessage({ kind, type, body, to }: ReplayedMessage): JsonValue {
  return { kind, type, to: to.kind === "agent" ? formatAgentId(to.id) : formatTopicId(to.id), body };
}

/** A stored message as differences show it. */
export function showMail({ kind, type, body, topic, recipient }: Mail): JsonValue {
  return { kind, type, to: topic === undefined ? formatAgentId(recipient) : formatTopicId(topic), body };
}
