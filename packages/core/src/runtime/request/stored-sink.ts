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
    const turns = engine.agents.peek(replyTo.agent)?.turns;
    for (const turn of turns ?? [])
      if (turn.id === replyTo.turn)
        recordForTurn(engine, turn, { key: replyTo.key, messageId: mail.messageId, outcome });
  };
}

/** Records an outcome that has come before the asker's frame waits for it: the frame finds it when it gets there. */
function recordForTurn(
  engine: Engine,
  turn: Turn,
  reply: { readonly key: string; readonly messageId: string; readonly outcome: LiveOutcome },
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
  const handOut = (): void => {
    if (turn.isParked) turn.unpark();
    // It may have begun to wait meanwhile.
    else engine.pending.take(reply.messageId)?.sink(reply.outcome);
  };
  if (written === undefined) handOut();
  else engine.own(Promise.resolve(written).then(handOut), `reply to turn "${turn.id}"`);
}
