import type { MaybePromise } from "../../async/index.ts";
import type { JournalRecord, Mail } from "../../store/index.ts";
import type { LiveOutcome, OutcomeSink } from "../delivery/pending-requests.ts";
import type { Engine } from "../engine.ts";
import { writeJournal } from "../turn/flush.ts";
import type { Turn } from "../turn/turn.ts";
import { mailboxSink, toReplyOutcome } from "./reply-sinks.ts";

/** Who hears of a request's outcome when no frame waits for it: its asker's mailbox, its asker's turn, or nobody. */
export function storedSink(engine: Engine, mail: Mail): OutcomeSink {
  const { replyTo } = mail;
  if (replyTo?.kind === "mailbox") return mailboxSink(engine, mail);
  if (replyTo?.kind !== "turn") return () => {};
  return (outcome) => {
    // The turn's new frame may have come to its request while the outcome was being stored.
    engine.pending.take(mail.messageId);
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
