import { DeliveryError } from "../../errors/index.ts";
import type { Mail } from "../../store/index.ts";
import type { Cell } from "../cell/cell.ts";
import { createReplyMail, createSettlement } from "../delivery/mail-factory.ts";
import type { LiveOutcome } from "../delivery/pending-requests.ts";
import type { Engine } from "../engine.ts";
import { toReplyOutcome } from "./reply-sinks.ts";

/** A request that has ended, and the cell in which it was handled. */
export interface Answered {
  readonly engine: Engine;
  readonly mail: Mail;
  readonly cell: Cell;
}

/**
 * The mail that tells the asker how its request ended, as part of this turn's record: for a mailbox in the same cell, and for every
 * asker in another cell of a store that outlives the process. Others are told after it.
 */
export function answerMail({ engine, mail, cell }: Answered, reply: LiveOutcome | undefined): Mail | undefined {
  const { replyTo } = mail;
  if (reply === undefined || replyTo === undefined || replyTo.kind === "outside") return undefined;
  const at = engine.clock.now();
  if (engine.directory.cellOf(replyTo.agent) === cell.name) {
    if (replyTo.kind === "turn" || engine.pending.take(mail.messageId) === undefined) return undefined;
    return createSettlement(mail, toReplyOutcome(reply), at);
  }
  if (cell.work === undefined) return undefined;
  const outcome = toReplyOutcome(reply);
  const answer =
    replyTo.kind === "mailbox"
      ? createSettlement(mail, outcome, at)
      : createReplyMail(mail, { outcome, live: reply }, at);
  return answer === undefined ? undefined : engine.outbox.address(cell, answer);
}

/** Tells an asker that no record tells. */
export function tellAsker({ engine, mail, cell }: Answered, reply: LiveOutcome): void {
  const { replyTo } = mail;
  const isElsewhere = replyTo?.kind === "outside" && replyTo.worker !== undefined && replyTo.worker !== engine.owner;
  if (engine.remote.hasJoined(mail.messageId)) engine.remote.answerJoined(mail.messageId, toReplyOutcome(reply));
  // A request that was not handled because nobody waits for it ends by its asker's own deadline.
  if (isElsewhere && replyTo.worker !== undefined && !isUnwanted(reply))
    engine.remote.answer(replyTo.worker, mail.messageId, toReplyOutcome(reply));
  const isTold = replyTo !== undefined && replyTo.kind !== "outside" && cell.work !== undefined;
  if (isTold && engine.directory.cellOf(replyTo.agent) !== cell.name) engine.pending.closeForeign(mail.messageId);
  else engine.pending.settle(mail.messageId, reply);
}

function isUnwanted(reply: LiveOutcome): boolean {
  return reply.status === "failed" && reply.error instanceof DeliveryError && reply.error.code === "delivery.cancelled";
}
