import { isPromiseLike } from "../../async/index.ts";
import { encodeError, StateError } from "../../errors/index.ts";
import { formatAgentId } from "../../identity/index.ts";
import { type JournalRecord, type LogRecord, type Mail, type TurnRecord, turnIdOf } from "../../store/index.ts";
import { answerMail, tellAsker } from "../request/answer-asker.ts";
import { storedSink } from "../request/stored-sink.ts";
import type { Activation } from "../delivery/activation.ts";
import type { Engine } from "../engine.ts";
import { Turn } from "../turn/turn.ts";
import type { Cell, OpenedCell } from "./cell.ts";
import { type CellFold, inFlight } from "./fold-log.ts";

/** Unclean deaths at which a message that was in flight each time is set aside (C8). */
const maxDeaths = 5;

/**
 * Puts an opened cell back to work: open requests are waited for, turns in flight run again, messages are enqueued, what the inbox
 * holds is taken. All at once: a newcomer must not get into a mailbox before what was there already (C10).
 */
export function resumeCell(engine: Engine, cell: Cell, { fold, inbox }: OpenedCell): void {
  if (fold !== undefined) resumeFold(engine, cell, fold);
  engine.outbox.resend(cell);
  engine.inbox.take(cell, inbox);
}

function resumeFold(engine: Engine, cell: Cell, fold: CellFold): void {
  const quarantined = fold.isUnclean ? noteDeath(engine, cell, fold) : [];
  keepReplies(cell, fold);
  for (const mail of fold.openRequests.values()) openRequest(engine, cell, mail);
  for (const run of cell.runs()) if (run.isPaused) engine.pausedRuns += 1;
  for (const mail of quarantined) quarantine(engine, cell, mail);
  const begun = [...fold.mails].filter(([turn]) => fold.journals.has(turn));
  const waiting = [...fold.mails].filter(([turn]) => !fold.journals.has(turn));
  for (const [turn, mail] of begun)
    resumeTurn(engine, mail, { journal: fold.journals.get(turn) ?? [], isRestart: fold.restarted.has(turn) });
  for (const [, mail] of waiting) enqueue(engine, cell, mail);
}

/** A request of this cell is waited for; one that came from elsewhere is worth handling as long as its asker waits. */
function openRequest(engine: Engine, cell: Cell, mail: Mail): void {
  const { replyTo } = mail;
  const isOwn = replyTo !== undefined && replyTo.kind !== "outside" && cellOf(engine, replyTo.agent) === cell.name;
  if (isOwn) engine.pending.open(mail, remaining(engine, mail), storedSink(engine, mail));
  else engine.pending.openForeign(mail, remaining(engine, mail));
}

function cellOf(engine: Engine, agent: Mail["recipient"]): string {
  return engine.directory.cellOf(agent);
}

// --- deaths --------------------------------------------------------------------------------------

/** The owner before has died: what it was doing counts one more death; what has had too many is taken out. */
function noteDeath(engine: Engine, cell: Cell, fold: CellFold): readonly Mail[] {
  write(cell, [{ kind: "recovered", at: engine.clock.now() }]);
  const quarantined: Mail[] = [];
  for (const turn of inFlight(fold)) {
    const deaths = (fold.deaths.get(turn) ?? 0) + 1;
    const mail = fold.mails.get(turn);
    if (deaths < maxDeaths || mail === undefined) continue;
    fold.mails.delete(turn);
    fold.journals.delete(turn);
    quarantined.push(mail);
  }
  return quarantined;
}

/**
 * Ends a turn that keeps killing its process: its asker is told, the message can be looked at and sent again (C8). At once: what comes next in
 * its agent's mailbox must not begin before the record is on its way. The dead letter is stored in the same breath.
 */
function quarantine(engine: Engine, cell: Cell, mail: Mail): void {
  const error = quarantinedError(mail);
  const { recipient, messageId } = mail;
  const base = { kind: "turn", at: engine.clock.now(), turn: turnIdOf(mail), agent: recipient, messageId } as const;
  const encoded = encodeError(error);
  const reply = mail.kind === "request" ? ({ status: "failed", error } as const) : undefined;
  const answer = answerMail({ engine, mail, cell }, reply);
  const record: TurnRecord = {
    ...base,
    ...(reply === undefined ? { error: encoded } : { reply: { status: "failed", error: encoded } }),
    ...(answer !== undefined && { sent: [answer] }),
  };
  void engine.post.bury(mail, "quarantined", error);
  write(cell, [record]);
  if (answer !== undefined) engine.post.deliver([answer], cell);
  if (reply !== undefined) tellAsker({ engine, mail, cell }, reply);
}

function quarantinedError(mail: Mail): StateError {
  const agent = formatAgentId(mail.recipient);
  return new StateError(
    "state.quarantined",
    `"${mail.type}" for "${agent}" was being handled at ${maxDeaths} unclean deaths of its process and is set aside`,
    {
      remedy:
        "Find out what in its handling kills the process; runtime.deadLetters has the message and can send it again.",
      details: { agent, messageId: mail.messageId, deaths: maxDeaths },
    },
  );
}

/** A failed write loses the cell, and with it what is about to begin. */
function write(cell: Cell, records: readonly LogRecord[]): void {
  const written = cell.append(records);
  if (isPromiseLike(written)) written.then(undefined, () => {});
}

// --- turns ---------------------------------------------------------------------------------------

/** Replies that were given but had not reached their asker's journal: recorded now, so that the next replay finds them there. */
function keepReplies(cell: Cell, fold: CellFold): void {
  if (fold.replies.size === 0) return;
  const records = [...fold.replies.values()];
  for (const record of records) fold.journals.get(record.turn)?.push(record);
  write(cell, records);
}

interface BegunTurn {
  readonly journal: readonly JournalRecord[];
  readonly isRestart: boolean;
}

function resumeTurn(engine: Engine, mail: Mail, { journal, isRestart }: BegunTurn): void {
  if (engine.directory.find(mail.recipient.type) === undefined) {
    engine.logger?.warn({
      message: `A turn of "${formatAgentId(mail.recipient)}" cannot go on: its type is not registered`,
      agent: mail.recipient,
      messageId: mail.messageId,
    });
    return;
  }
  withMember(engine, mail, (agent) => {
    agent.runOf(mail)?.activity.begin();
    engine.agents.wake(agent);
    const isShared = agent.blueprint.routes.get(mail.type)?.isShared === true && mail.kind !== "settlement";
    const turn = new Turn(engine, agent, { mail, isShared, journal, isRestart });
    for (const id of openWaits(journal)) engine.waits.expect(id, turn);
    agent.begin(turn);
  });
}

/** Questions of a turn that have no answer yet. */
function openWaits(journal: readonly JournalRecord[]): readonly string[] {
  const open = new Map<string, string>();
  for (const record of journal) {
    if (record.kind === "wait-opened" && !record.wait.isTimer) open.set(record.key, record.wait.id);
    else if (record.kind === "wait-settled") open.delete(record.key);
  }
  return [...open.values()];
}

function enqueue(engine: Engine, cell: Cell, mail: Mail): void {
  if (engine.directory.find(mail.recipient.type) === undefined) return;
  if (engine.directory.cellOf(mail.recipient) !== cell.name) return;
  // It is in the record because it could not be delivered, and its dead letter may not be stored yet.
  if (engine.post.isTooFar(mail)) return engine.post.deliver([mail], cell);
  withMember(engine, mail, (agent) => agent.enqueue(mail));
}

/** Agents of an open cell are there at once. */
function withMember(engine: Engine, mail: Mail, use: (agent: Activation) => void): void {
  const used = engine.agents.with(mail.recipient, use);
  if (isPromiseLike(used))
    throw new Error(`"${formatAgentId(mail.recipient)}" is not in the cell whose log holds its mail`);
}

function remaining(engine: Engine, mail: Mail): number {
  return mail.deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(0, mail.deadline - engine.clock.now());
}
