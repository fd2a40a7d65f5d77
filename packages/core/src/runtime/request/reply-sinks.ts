import { encodeError } from "../../errors/index.ts";
import type { Mail, ReplyOutcome } from "../../store/index.ts";
import { createSettlement } from "../delivery/mail-factory.ts";
import type { LiveOutcome, OutcomeSink } from "../delivery/pending-requests.ts";
import type { Engine } from "../engine.ts";

/** An outcome as a log keeps it. */
export function toReplyOutcome(outcome: LiveOutcome): ReplyOutcome {
  return outcome.status === "replied"
    ? { status: "replied", body: outcome.body }
    : { status: "failed", error: encodeError(outcome.error) };
}

/** Brings the outcome of a request between turns to its asker's mailbox (C12). */
export function mailboxSink(engine: Engine, request: Mail): OutcomeSink {
  return (outcome) => {
    const settlement = createSettlement(request, toReplyOutcome(outcome), engine.clock.now());
    if (settlement !== undefined) engine.post.deliver([settlement], undefined);
  };
}
