import { decodeError, toError } from "../../errors/index.ts";
import { decodedPayload, type Mail, type ReplyOutcome, turnIdOf } from "../../store/index.ts";
import type { CellWork } from "../cell/cell-work.ts";
import type { Engine } from "../engine.ts";
import type { Activation } from "./activation.ts";
import type { LiveOutcome, ReplyDecoder } from "./pending-requests.ts";

/** Mail, and the cell that numbered it. */
interface Arriving {
  readonly mail: Mail;
  readonly source: string | undefined;
}

/** True for mail that has come before, or that nobody waits for any more: it is not stored (C10). */
export function isKnown(engine: Engine, work: CellWork, { mail, source }: Arriving): boolean {
  const at = engine.clock.now();
  const isRepeated = source !== undefined && mail.number !== undefined && work.isRepeated(source, mail.number, at);
  if (isRepeated) return true;
  const { settlement } = mail;
  if (settlement !== undefined && source !== undefined && !engine.pending.isAwaited(settlement.requestId)) return true;
  if (mail.kind === "settlement" && !work.settles(mail)) return true;
  if (mail.isRemembered !== true) return false;
  const turn = turnIdOf(mail);
  const known = work.remembered(turn);
  if (known === undefined) {
    work.remember(turn, at);
    return false;
  }
  // The outcome of the first is this one's too; while it is being handled, its end will tell.
  const { replyTo, messageId } = mail;
  const worker = replyTo?.kind === "outside" && replyTo.worker !== engine.owner ? replyTo.worker : undefined;
  if (known.reply === undefined) {
    if (worker !== undefined) engine.remote.joinAskers(messageId, worker);
  } else if (worker !== undefined) engine.remote.answer(worker, messageId, known.reply);
  else settleStored(engine, messageId, known.reply);
  return true;
}

/** What happens to mail once it is stored: an agent's own work, or the end of something that it asked. */
export function receiver(engine: Engine, agent: Activation, mail: Mail): () => undefined {
  const { settlement, replyTo } = mail;
  if (settlement !== undefined && mail.number !== undefined) {
    // Taken now: the deadline must not settle it a second time while it is being stored.
    const entry = engine.pending.take(settlement.requestId);
    if (mail.kind === "reply") {
      return () => {
        entry?.sink(outcomeOf(mail, settlement.outcome, entry.decode));
        return undefined;
      };
    }
  }
  if (mail.kind === "request" && (mail.number !== undefined || isForeign(engine, replyTo))) {
    const leftMs = mail.deadline === undefined ? Number.POSITIVE_INFINITY : mail.deadline - engine.clock.now();
    engine.pending.openForeign(mail, Math.max(0, leftMs));
  }
  return () => engine.post.enqueue(agent, mail);
}

function isForeign(engine: Engine, replyTo: Mail["replyTo"]): boolean {
  return replyTo?.kind === "outside" && replyTo.worker !== undefined && replyTo.worker !== engine.owner;
}

/** Ends a request of this process with an outcome that came as JSON. */
export function settleStored(engine: Engine, requestId: string, outcome: ReplyOutcome): void {
  const entry = engine.pending.take(requestId);
  entry?.sink(decodeOutcome(outcome, entry.decode));
}

/** Within one process the outcome comes along as it was: the very error that was thrown. */
function outcomeOf(mail: Mail, stored: ReplyOutcome, decode: ReplyDecoder | undefined): LiveOutcome {
  const live = mail[decodedPayload];
  // What a store has decoded carries none, and is frozen.
  if (live !== undefined) mail[decodedPayload] = undefined;
  return isLiveOutcome(live) ? live : decodeOutcome(stored, decode);
}

function isLiveOutcome(value: unknown): value is LiveOutcome {
  return typeof value === "object" && value !== null && "status" in value;
}

function decodeOutcome(outcome: ReplyOutcome, decode: ReplyDecoder | undefined): LiveOutcome {
  if (outcome.status === "failed") return { status: "failed", error: decodeError(outcome.error) };
  try {
    const { body } = outcome;
    return { status: "replied", body, output: decode === undefined ? body : decode(body) };
  } catch (thrown) {
    return { status: "failed", error: toError(thrown) };
  }
}
