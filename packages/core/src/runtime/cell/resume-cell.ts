import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import { formatAgentId } from "../../identity/index.ts";
import type { JournalRecord, Mail } from "../../store/index.ts";
import { mailboxSink, toReplyOutcome } from "../request/reply-sinks.ts";
import type { Activation } from "../delivery/activation.ts";
import type { LiveOutcome, OutcomeSink } from "../delivery/pending-requests.ts";
import type { Engine } from "../engine.ts";
import { Turn } from "../turn/turn.ts";
import { writeJournal } from "../turn/flush.ts";
import type { Cell } from "./cell.ts";
import type { CellFold } from "./fold-log.ts";

/**
 * Puts a folded log back to work: open requests are waited for, turns in flight run again, messages are enqueued.
 * All at once: a newcomer must not get into a mailbox before what was there already (C10).
 */
export function resumeCell(engine: Engine, cell: Cell, fold: CellFold): void {
  keepReplies(cell, fold);
  for (const mail of fold.openRequests.values())
    if (!engine.pending.has(mail.messageId)) engine.pending.open(mail, remaining(engine, mail), sinkOf(engine, mail));
  for (const run of cell.runs()) if (run.isPaused) engine.pausedRuns += 1;
  const inFlight = [...fold.mails].filter(([turn]) => fold.journals.has(turn));
  const waiting = [...fold.mails].filter(([turn]) => !fold.journals.has(turn));
  for (const [turn, mail] of inFlight) resumeTurn(engine, mail, fold.journals.get(turn) ?? []);
  for (const [, mail] of waiting) enqueue(engine, cell, mail);
}

/** Replies that were given but had not reached their asker's journal: recorded now, so that the next replay finds them there. */
function keepReplies(cell: Cell, fold: CellFold): void {
  if (fold.replies.size === 0) return;
  const records = [...fold.replies.values()];
  for (const record of records) fold.journals.get(record.turn)?.push(record);
  // A failed write loses the cell, and with it the turns that are about to begin.
  const written = cell.append(records);
  if (isPromiseLike(written)) written.then(undefined, () => {});
}

function resumeTurn(engine: Engine, mail: Mail, journal: readonly JournalRecord[]): void {
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
    agent.begin(new Turn(engine, agent, { mail, isShared, journal }));
  });
}

function enqueue(engine: Engine, cell: Cell, mail: Mail): void {
  if (engine.directory.find(mail.recipient.type) === undefined) return;
  if (engine.directory.cellOf(mail.recipient) !== cell.name) return;
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

/** Who hears of a request's outcome after a resumption: its asker's mailbox, its asker's turn, or nobody. */
function sinkOf(engine: Engine, mail: Mail): OutcomeSink {
  const { replyTo } = mail;
  if (replyTo?.kind === "mailbox") return mailboxSink(engine, mail);
  if (replyTo?.kind !== "turn") return () => {};
  return (outcome) => {
    const turn = engine.agents.peek(replyTo.agent)?.turns;
    for (const candidate of turn ?? [])
      if (candidate.id === replyTo.turn) deliverToTurn(engine, candidate, { key: replyTo.key, outcome });
  };
}

/** An outcome that arrives before the asker's turn has replayed as far as its request: recorded, and the replay starts over. */
function deliverToTurn(
  engine: Engine,
  turn: Turn,
  reply: { readonly key: string; readonly outcome: LiveOutcome },
): void {
  if (turn.journal.outcome(reply.key) !== undefined) return;
  const record: JournalRecord = {
    kind: "request-settled",
    at: engine.clock.now(),
    turn: turn.id,
    key: reply.key,
    outcome: toReplyOutcome(reply.outcome),
  };
  const written: MaybePromise<void> = writeJournal(turn, [record]);
  const restart = (): void => {
    turn.park();
    turn.unpark();
  };
  if (written === undefined) restart();
  else engine.own(Promise.resolve(written).then(restart), `reply to turn "${turn.id}"`);
}
