/**
 * Brings messages from those who send them to mailboxes.
 *
 * Owns: nothing that lasts. Does not own: mailboxes (Activation), who waits for replies (PendingRequests).
 * Invariants:
 * O1. Interventions see each message once, before it is stored (C15).
 * O2. A topic is expanded when the message is stored; overlapping subscriptions deliver once, never to the sender (C14).
 * O3. A message that cannot be delivered ends as a typed failure of its request, or in the dead letters; never in silence. The record of the
 *     turn that sends it says so: it holds the settlement, or the message itself until the dead letter is stored.
 * O4. Only messages from outside wait at a full mailbox; a turn's own go through up to 8 times the bound (C13).
 */
import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import { DeliveryError, encodeError, toError } from "../../errors/index.ts";
import { type AgentId, formatAgentId, sameAgent, type TopicId } from "../../identity/index.ts";
import { droppedError, type InterventionResult } from "../../intervention/index.ts";
import type { Message } from "../../message/index.ts";
import { freezeJson, type Mail, turnIdOf } from "../../store/index.ts";
import { noSuchAgent } from "../agent-directory.ts";
import type { Cell } from "../cell/cell.ts";
import type { Engine } from "../engine.ts";
import type { Activation } from "./activation.ts";
import type { DeadLetter, DeadLetterReason } from "./dead-letters.ts";
import { deadlineExceeded } from "./pending-requests.ts";
import { isKnown, receiver } from "./arrival.ts";
import { addressLetter, createLetter, createSettlement, type Letter, nameOf } from "./mail-factory.ts";

/** Where a letter goes. */
export type Destination =
  | { readonly kind: "agent"; readonly id: AgentId }
  | { readonly kind: "topic"; readonly id: TopicId };

/** A letter and where it goes. */
export interface Posting {
  readonly letter: Letter;
  readonly to: Destination;
}

/** What became of a posting: mail to store and deliver, and mail that failed before it left. */
export interface Prepared {
  readonly mails: readonly Mail[];
  readonly failures: readonly Failure[];
}

/** A message that will not be delivered. */
export interface Failure {
  readonly mail: Mail;
  readonly error: Error;
  readonly reason: DeadLetterReason | "dropped" | "refused";
}

/** How mail arrives at a cell. */
export interface Arrival {
  /** The open cell whose record holds the mail already: when it is the recipient's, nothing is stored again. */
  readonly from?: Cell | undefined;
  /** The cell that numbered it. */
  readonly source?: string | undefined;
  /** Its place in the recipient's inbox. */
  readonly collected?: number | undefined;
}

const anywhere: Arrival = {};

/** How far a turn's own messages may exceed a mailbox's bound. */
const hardCapFactor = 8;
const nothing: Prepared = { mails: [], failures: [] };

export class PostOffice {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Interventions, expansion, checks. */
  prepare(posting: Posting): MaybePromise<Prepared> {
    const prepared = this.#prepare(posting);
    return isPromiseLike(prepared) ? prepared.then((ready) => this.#record(ready)) : this.#record(prepared);
  }

  /** What cannot be delivered and must not be lost with the process that sends it goes into the sender's record (O3). */
  #record(prepared: Prepared): Prepared {
    if (prepared.failures.length === 0) return prepared;
    const mails = [...prepared.mails];
    const failures: Failure[] = [];
    for (const failure of prepared.failures) {
      const recorded = this.#recorded(failure);
      if (recorded === undefined) failures.push(failure);
      else mails.push(recorded);
    }
    return { mails, failures };
  }

  #recorded({ mail, error, reason }: Failure): Mail | undefined {
    const { store, clock } = this.#engine;
    if (mail.kind === "request")
      return createSettlement(mail, { status: "failed", error: encodeError(error) }, clock.now());
    if (!store.isDurable || mail.sender === undefined) return undefined;
    return reason === "dropped" || reason === "refused" ? undefined : mail;
  }

  #prepare(posting: Posting): MaybePromise<Prepared> {
    const chain = this.#engine.interventions;
    const { letter, to } = posting;
    if (chain === undefined || !chain.has(to.kind === "topic" ? "onPublish" : "onSend"))
      return this.#expand(letter, to);
    const message: Message = { type: letter.type, payload: letter.body };
    const facts = { messageId: letter.messageId, sender: letter.sender };
    try {
      const result =
        to.kind === "topic"
          ? chain.publish(message, { ...facts, topic: to.id })
          : chain.send(message, { ...facts, recipient: to.id, kind: letter.kind });
      if (!isPromiseLike(result)) return this.#afterIntervention(posting, result);
      return result.then(
        (value) => this.#afterIntervention(posting, value),
        (error: unknown) => refused(posting, error),
      );
    } catch (error) {
      return refused(posting, error);
    }
  }

  /** As `prepare`; interventions that take longer than the request may are given up. */
  prepareInTime(posting: Posting, deadlineMs: number): MaybePromise<Prepared> {
    const prepared = this.prepare(posting);
    const { to, letter } = posting;
    if (!isPromiseLike(prepared) || to.kind !== "agent" || deadlineMs === Number.POSITIVE_INFINITY) return prepared;
    const mail = addressLetter(letter, to.id);
    return new Promise((resolve, reject) => {
      const giveUp = (): void => resolve(failed(mail, deadlineExceeded(mail), "dropped"));
      const timer = this.#engine.timers.set(deadlineMs, giveUp);
      const inTime = Promise.resolve(prepared).finally(() => timer.cancel());
      inTime.then(resolve, reject);
    });
  }

  #afterIntervention({ letter, to }: Posting, result: InterventionResult<Message>): Prepared {
    if (result.kind === "drop") {
      this.#engine.observe?.({
        kind: "message-dropped",
        reason: "intervention",
        by: result.by,
        messageId: letter.messageId,
        type: letter.type,
        sender: letter.sender,
      });
      return to.kind === "topic"
        ? nothing
        : failed(addressLetter(letter, to.id), droppedError(letter.messageId, result.by), "dropped");
    }
    if (result.value.payload === letter.body && result.value.type === letter.type) return this.#expand(letter, to);
    try {
      return this.#expand(createLetter(result.value, letter), to);
    } catch (error) {
      return refused({ letter, to }, error);
    }
  }

  #expand(letter: Letter, to: Destination): Prepared {
    if (to.kind === "agent") return this.#check(addressLetter(letter, to.id));
    const recipients = this.#engine.directory.recipients(to.id);
    const mails: Mail[] = [];
    const failures: Failure[] = [];
    for (const recipient of recipients) {
      if (sameAgent(recipient, letter.sender)) continue;
      // The output belongs to one recipient alone: the others parse the body themselves.
      const mail = addressLetter(mails.length === 0 ? letter : { ...letter, output: undefined }, recipient, to.id);
      const prepared = this.#check(mail);
      mails.push(...prepared.mails);
      failures.push(...prepared.failures);
    }
    return { mails, failures };
  }

  #check(mail: Mail): Prepared {
    const { directory, limits } = this.#engine;
    if (directory.find(mail.recipient.type) === undefined)
      return failed(mail, noSuchAgent(mail.recipient), "no-such-agent");
    if (mail.hops > limits.maxHops) return failed(mail, tooManyHops(mail, limits.maxHops), "too-many-hops");
    return { mails: [mail], failures: [] };
  }

  /** True for mail that is only in a record because it must end in the dead letters. */
  isTooFar({ kind, hops }: Mail): boolean {
    return kind === "event" && hops > this.#engine.limits.maxHops;
  }

  /** @throws DeliveryError `delivery.too_many_hops` for mail that is too far from where it began. */
  assertNear(mail: Mail): void {
    if (this.isTooFar(mail)) throw tooManyHops(mail, this.#engine.limits.maxHops);
  }

  /** Puts stored mail of a turn into mailboxes. `from` is the cell whose record holds it already. */
  deliver(mails: readonly Mail[], from: Cell | undefined): void {
    for (const mail of mails) {
      if (mail.number !== undefined && from !== undefined) {
        this.#engine.outbox.send(from, mail);
        continue;
      }
      try {
        this.assertNear(mail);
        const result = this.#engine.agents.with(mail.recipient, (agent) => this.#deliverTo(agent, mail, from));
        if (isPromiseLike(result))
          this.#engine.own(
            result.then(undefined, (error: unknown) => this.#giveUp(undeliverable(mail, error), from)),
            `delivery of "${mail.type}" to "${nameOf(mail)}"`,
          );
      } catch (error) {
        this.#giveUp(undeliverable(mail, error), from);
      }
    }
  }

  /** Ends mail that found no way to its mailbox; where a log holds it already, the log says that it is over. */
  #giveUp(failure: Failure, from: Cell | undefined): void {
    // What a runtime that closes has stored is for the one that comes after it.
    if (this.#engine.isClosed && from?.work !== undefined) return;
    const kept = this.fail(failure);
    const { mail, error } = failure;
    if (from?.isLogged !== true || this.#engine.directory.cellOf(mail.recipient) !== from.name) return;
    const at = this.#engine.clock.now();
    const base = { kind: "turn", at, turn: turnIdOf(mail), agent: mail.recipient, messageId: mail.messageId } as const;
    const encoded = encodeError(error);
    const reply = { status: "failed", error: encoded } as const;
    const end = (): void => {
      try {
        const written = from.append([mail.kind === "request" ? { ...base, reply } : { ...base, error: encoded }]);
        // A write that fails loses the cell: its next owner tries again.
        if (isPromiseLike(written)) written.then(undefined, () => {});
      } catch {
        return;
      }
    };
    if (kept === undefined) end();
    else this.#engine.own(kept.then(end), `end of "${mail.type}" for "${nameOf(mail)}"`);
  }

  #deliverTo(agent: Activation, mail: Mail, from: Cell | undefined): MaybePromise<void> {
    if (mail.kind !== "settlement" && agent.pressure >= this.#engine.limits.mailboxCapacity * hardCapFactor)
      return this.#giveUp(failureOf(mail, mailboxFull(mail), "mailbox-full"), from);
    return this.storeAt(agent, mail, { from });
  }

  /** Stores mail in its recipient's cell when its sender's record does not hold it, and enqueues it. */
  storeAt(agent: Activation, mail: Mail, arrival: Arrival = anywhere): MaybePromise<void> {
    const { cell } = agent;
    if (cell === arrival.from || !cell.isLogged) return this.enqueue(agent, mail);
    // The cell was opened anew since the record was written: what its log says waits there already.
    if (cell.name === arrival.from?.name) return undefined;
    if (cell.work !== undefined && isKnown(this.#engine, cell.work, { mail, source: arrival.source }))
      return arrival.collected === undefined ? undefined : cell.append([], arrival.collected);
    const take = receiver(this.#engine, agent, mail);
    const { source } = arrival;
    const at = this.#engine.clock.now();
    const record = { kind: "received", at, mail, ...(source !== undefined && { from: source }) } as const;
    const written = cell.append([record], arrival.collected);
    if (!isPromiseLike(written)) return take();
    agent.expect();
    const arrive = (): void => {
      // A cell that was forgotten meanwhile has ended its requests already.
      if (this.#engine.agents.peekKey(agent.key) === agent) take();
    };
    return Promise.resolve(written)
      .then(arrive)
      .finally(() => agent.arrived());
  }

  /** Puts mail that needs no storing into a mailbox. */
  enqueue(agent: Activation, mail: Mail): undefined {
    agent.enqueue(mail);
    this.#engine.observe?.({
      kind: "message-delivered",
      agent: mail.recipient,
      messageId: mail.messageId,
      type: mail.type,
      sender: mail.sender,
    });
  }

  /**
   * Ends mail that will not be delivered: its asker is told, other mail becomes a dead letter; resolves when that is stored, where the store
   * outlives the process.
   */
  fail(failure: Failure): Promise<void> | undefined {
    const { mail, error, reason } = failure;
    if (mail.kind === "request") {
      if (this.#engine.pending.settle(mail.messageId, { status: "failed", error })) return undefined;
      const settlement = createSettlement(
        mail,
        { status: "failed", error: encodeError(error) },
        this.#engine.clock.now(),
      );
      if (settlement !== undefined) this.deliver([settlement], undefined);
      return undefined;
    }
    if (reason === "refused")
      this.#engine.report(
        error,
        `"${mail.type}" from "${mail.sender === undefined ? "outside" : formatAgentId(mail.sender)}"`,
      );
    else if (reason !== "dropped") return this.bury(mail, reason, error);
    return undefined;
  }

  /** Makes a dead letter; resolves when it is stored, where the store outlives the process. */
  bury(mail: Mail, reason: DeadLetterReason, error: Error | undefined): Promise<void> | undefined {
    const letter = this.letterOf(mail, reason, error);
    const kept = this.#engine.letters.keep([letter]);
    if (kept !== undefined) this.#engine.own(kept, "dead letter");
    this.list(letter);
    return kept;
  }

  /** A message as a dead letter: the same one for the same message, however often it comes to that. */
  letterOf(mail: Mail, reason: DeadLetterReason, error: Error | undefined): DeadLetter {
    return { id: turnIdOf(mail), reason, mail, error, at: this.#engine.clock.now() };
  }

  /** Lists a dead letter and tells of it. */
  list(letter: DeadLetter): void {
    const { mail, reason, error } = letter;
    this.#engine.deadLetters.add(letter);
    this.#engine.observe?.({
      kind: "dead-lettered",
      agent: mail.recipient,
      reason,
      messageId: mail.messageId,
      type: mail.type,
      sender: mail.sender,
    });
    if (reason === "closed") return;
    const message = `"${mail.type}" for "${nameOf(mail)}" became a dead letter (${reason})`;
    this.#engine.logger?.warn({
      message,
      agent: mail.recipient,
      messageId: mail.messageId,
      ...(error !== undefined && { error }),
    });
  }

  /** Sends a dead letter once more, as new: hops start again, and nobody waits for the reply to a request. */
  async resend(mail: Mail): Promise<void> {
    const { replyTo: _asker, deadline: _over, number: _sent, isRemembered: _known, ...rest } = mail;
    const body = freezeJson(mail.body, "dead letter");
    const prepared = this.#check({ ...rest, messageId: this.#engine.ids.next(), body, hops: 0 });
    for (const failure of prepared.failures) await this.fail(failure);
    for (const one of prepared.mails)
      await this.#engine.agents.with(one.recipient, (agent) => this.storeAt(agent, one));
  }
}

function failed(mail: Mail, error: Error, reason: Failure["reason"]): Prepared {
  return { mails: [], failures: [failureOf(mail, error, reason)] };
}

function failureOf(mail: Mail, error: Error, reason: Failure["reason"]): Failure {
  return { mail, error, reason };
}

/** Mail that found no way to its recipient, with the reason that its error says. */
export function undeliverable(mail: Mail, thrown: unknown): Failure {
  const error = toError(thrown);
  const code = error instanceof DeliveryError ? error.code : undefined;
  if (code === "delivery.no_such_agent") return failureOf(mail, error, "no-such-agent");
  return failureOf(mail, error, code === "delivery.too_many_hops" ? "too-many-hops" : "undeliverable");
}

function refused({ letter, to }: Posting, thrown: unknown): Prepared {
  const error = toError(thrown);
  const recipient = to.kind === "agent" ? to.id : { type: to.id.type, key: to.id.source };
  return failed(addressLetter(letter, recipient), error, "refused");
}

function tooManyHops(mail: Mail, limit: number): DeliveryError {
  return new DeliveryError(
    "delivery.too_many_hops",
    `"${mail.type}" for "${nameOf(mail)}" is message ${mail.hops} of its causal chain; the limit is ${limit}`,
    {
      remedy: "Look for agents that answer each other without end, or raise maxHops.",
      details: { hops: mail.hops, limit },
    },
  );
}

/** The error of a message that found no room. */
export function mailboxFull(mail: Mail): DeliveryError {
  return new DeliveryError("delivery.mailbox_full", `The mailbox of "${nameOf(mail)}" is full`, {
    remedy: "Send slower, raise mailboxCapacity, or let senders wait.",
    details: { recipient: nameOf(mail), messageId: mail.messageId },
  });
}
