/**
 * Where messages from outside the agents come in.
 *
 * Owns: the memory of message ids, and the wait at a full mailbox. Does not own: what happens behind the mailbox.
 * Invariants:
 * V1. A send settles exactly once: reply, error, deadline, abort or close; and leaves no listener on the caller's signal.
 * V3. Messages to one agent enter in the order sent, also when its cell comes or goes to another process meanwhile (C10).
 * V2. A message is accepted when its promise resolves; an abort before that means it was never handled (C13).
 */
import { createDeferred, isPromiseLike, type MaybePromise, raceSignal } from "../../async/index.ts";
import { DeliveryError, toError } from "../../errors/index.ts";
import { type AgentId, formatAgentId, formatTopicId, toAgentId } from "../../identity/index.ts";
import type { Message } from "../../message/index.ts";
import type { Mail } from "../../store/index.ts";
import type { SendOptions, TellOptions } from "../agent-runtime.ts";
import type { Span } from "../../observe/index.ts";
import type { Engine } from "../engine.ts";
import { startMessageSpan } from "../tracing.ts";
import type { Activation } from "../delivery/activation.ts";
import { addressLetter, createLetter, deadlineAt, type Letter } from "../delivery/mail-factory.ts";
import { MessageMemory } from "./message-memory.ts";
import type { LiveOutcome } from "../delivery/pending-requests.ts";
import { decoderOf } from "../request/decode-reply.ts";
import { isOwnedElsewhere } from "../owner/owned-elsewhere.ts";
import { type Destination, mailboxFull, type Posting, type Prepared } from "../delivery/post-office.ts";

const noOptions: SendOptions = {};

/** Mail at the door. */
interface Entrance {
  readonly mail: Mail;
  readonly options: TellOptions;
  /** Brings the mail to another process, which owns its agent's cell. */
  readonly elsewhere: () => Promise<void>;
}

export class FrontDoor {
  readonly #engine: Engine;
  readonly #memory: MessageMemory;
  /** The last message to each destination whose interventions have not answered yet. */
  readonly #preparing = new Map<string, Promise<unknown>>();

  /** The last message to each cell that another process owned when it was sent. */
  readonly #detours = new Map<string, Promise<void>>();

  /** Ends the wait of each message whose interventions have not answered yet. */
  readonly #entering = new Set<() => void>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#memory = new MessageMemory(engine.timers, engine.limits.deduplicationMs);
    engine.onClose.push(() => {
      for (const leave of this.#entering) leave();
      this.#memory.clear();
    });
  }

  get remembered(): number {
    return this.#memory.size;
  }

  send(message: Message, to: AgentId, options: SendOptions = noOptions): Promise<unknown> {
    if (options.messageId === undefined) return this.#send(message, to, options);
    const { messageId, signal } = options;
    return this.#memory.once({ messageId, signal }, (shared) =>
      this.#send(message, to, { ...options, signal: shared }),
    );
  }

  /** One promise for the whole round trip: this is the hottest path of the runtime. */
  #send(message: Message, to: AgentId, options: SendOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const engine = this.#engine;
      const deadlineMs = options.deadlineMs ?? engine.limits.requestDeadlineMs;
      const span = startMessageSpan(engine, "create", {
        to: { kind: "agent", id: to },
        type: message.type,
        trace: options.trace,
      });
      const letter = this.#tracedLetter(message, options, span);
      const { signal } = options;
      const onAbort =
        signal === undefined
          ? undefined
          : (): void => {
              engine.pending.cancel(letter.messageId, signal.reason);
              span?.end();
              reject(signal.reason);
            };
      const sink = (outcome: LiveOutcome): void => {
        if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
        if (span !== undefined) endSpan(span, outcome);
        if (outcome.status === "replied") resolve(outcome.output);
        else reject(outcome.error);
      };
      if (onAbort !== undefined) signal?.addEventListener("abort", onAbort, { once: true });
      const posting: Posting = { letter, to: { kind: "agent", id: to } };
      const prepared = this.#prepare(posting);
      if (isPromiseLike(prepared)) {
        // Whatever the interventions do, the deadline, an abort and close end the request.
        engine.pending.open(addressLetter(letter, to), deadlineMs, { sink, decode: decoderOf(message) });
        prepared.then(
          (ready) => this.#dispatchLate(letter.messageId, ready, options),
          (error: unknown) => this.#failRequest(letter, error),
        );
        return;
      }
      const mail = prepared.mails[0];
      if (mail === undefined) {
        sink({ status: "failed", error: refusalOf(prepared) });
        return;
      }
      engine.pending.open(mail, deadlineMs, { sink, decode: decoderOf(message) });
      this.#admit(mail, options);
    });
  }

  /** Goes on with a request whose interventions have answered late, unless it has ended meanwhile. */
  #dispatchLate(messageId: string, ready: Prepared, options: SendOptions): void {
    if (!this.#engine.pending.has(messageId)) return;
    const mail = ready.mails[0];
    if (mail === undefined) this.#failRequest({ messageId }, refusalOf(ready));
    else this.#admit(mail, options);
  }

  #tracedLetter(message: Message, options: SendOptions, span: Span | undefined): Letter {
    if (span === undefined) return this.#letter(message, "request", options);
    try {
      return this.#letter(message, "request", traced(options, span));
    } catch (error) {
      span.recordError(error);
      span.end();
      throw error;
    }
  }

  /** Interventions that answer later keep the order of messages to one destination: the next one waits for them. */
  #prepare(posting: Posting): MaybePromise<Prepared> {
    const { to } = posting;
    const key = to.kind === "agent" ? formatAgentId(to.id) : formatTopicId(to.id);
    const before = this.#preparing.size === 0 ? undefined : this.#preparing.get(key);
    const prepared =
      before === undefined ? this.#engine.post.prepare(posting) : before.then(() => this.#engine.post.prepare(posting));
    if (!isPromiseLike(prepared)) return prepared;
    this.#engine.activity.begin();
    const done: Promise<unknown> = Promise.resolve(prepared)
      .then(nothing, nothing)
      .then(() => {
        this.#engine.activity.end();
        if (this.#preparing.get(key) === done) this.#preparing.delete(key);
      });
    this.#preparing.set(key, done);
    return prepared;
  }

  /** Brings a request to its mailbox; faults on the way settle it. */
  #admit(mail: Mail, options: TellOptions): void {
    this.#accept(mail, options)?.catch((error: unknown) => this.#failRequest(mail, error));
  }

  #failRequest(mail: Pick<Mail, "messageId">, thrown: unknown): void {
    this.#engine.pending.settle(mail.messageId, { status: "failed", error: toError(thrown) });
  }

  async post(message: Message, to: Destination, options: TellOptions = noOptions): Promise<void> {
    if (options.messageId === undefined) return this.#post(message, to, options);
    const { messageId, signal } = options;
    await this.#memory.once({ messageId, signal }, (shared) => this.#post(message, to, { ...options, signal: shared }));
  }

  async #post(message: Message, to: Destination, options: TellOptions): Promise<void> {
    const engine = this.#engine;
    const span = startMessageSpan(engine, "create", { to, type: message.type, trace: options.trace });
    try {
      await this.#postLetter(
        this.#letter(message, "event", span === undefined ? options : traced(options, span)),
        to,
        options,
      );
    } catch (error) {
      span?.recordError(error);
      throw error;
    } finally {
      span?.end();
    }
  }

  async #postLetter(letter: Letter, to: Destination, options: TellOptions): Promise<void> {
    const engine = this.#engine;
    const prepared = this.#prepare({ letter, to });
    const ready = isPromiseLike(prepared) ? await this.#unlessOver(prepared, letter, options) : prepared;
    engine.observe?.({
      kind: "message-sent",
      to,
      messageId: letter.messageId,
      type: letter.type,
      sender: letter.sender,
    });
    const refusal = ready.failures.find((failure) => failure.reason === "refused");
    if (refusal !== undefined) throw refusal.error;
    const kept = ready.failures.map((failure) => engine.post.fail(failure)).filter((promise) => promise !== undefined);
    const accepted = ready.mails.map((mail) => this.#accept(mail, options)).filter((promise) => promise !== undefined);
    if (accepted.length + kept.length > 0) await Promise.all([...accepted, ...kept]);
  }

  /** Waits for interventions; an abort or close ends the wait. */
  async #unlessOver(prepared: PromiseLike<Prepared>, letter: Letter, options: TellOptions): Promise<Prepared> {
    const over = createDeferred<never>();
    const leave = (): void => over.reject(closed(letter.messageId, "not-stored"));
    this.#entering.add(leave);
    try {
      const ready = await raceSignal(Promise.race([prepared, over.promise]), options.signal);
      if (this.#engine.isClosed) throw closed(letter.messageId, "not-stored");
      return ready;
    } finally {
      this.#entering.delete(leave);
    }
  }

  /** Puts mail into its mailbox; a promise only when something has to be waited for. */
  #accept(mail: Mail, options: TellOptions): Promise<void> | undefined {
    const { agents, limits, post } = this.#engine;
    const detour = this.#detours.size === 0 ? undefined : this.#detours.get(this.#cellOf(mail));
    if (detour !== undefined)
      return this.#follow(mail, async () => this.#enter({ mail, options, elsewhere: () => this.#postElsewhere(mail) }));
    const known = agents.peek(mail.recipient);
    if (known !== undefined && known.pressure < limits.mailboxCapacity && !known.cell.isLogged)
      return post.enqueue(known, mail);
    return this.#enter({ mail, options, elsewhere: () => this.#follow(mail, () => this.#postElsewhere(mail)) });
  }

  #cellOf(mail: Mail): string {
    return this.#engine.directory.cellOf(mail.recipient);
  }

  #enter(entrance: Entrance): Promise<void> | undefined {
    return this.#enterAt(entrance, (agent) => this.#acceptAt(agent, entrance));
  }

  /** Lets the mail in at its agent, or brings it to the process that owns the agent's cell. */
  #enterAt(entrance: Entrance, accept: (agent: Activation) => MaybePromise<void>): Promise<void> | undefined {
    const { agents } = this.#engine;
    const { mail } = entrance;
    const isOpen = agents.peek(mail.recipient) !== undefined;
    try {
      const accepted = agents.with(mail.recipient, accept);
      if (!isPromiseLike(accepted)) return undefined;
      return isOpen ? Promise.resolve(accepted) : this.#acceptAnywhere(entrance, accepted);
    } catch (error) {
      return isOwnedElsewhere(error) ? entrance.elsewhere() : Promise.reject(error);
    }
  }

  /** The agent's cell is being opened; when another process owns it, the mail goes there. */
  async #acceptAnywhere({ mail, elsewhere }: Entrance, accepted: PromiseLike<void>): Promise<void> {
    const { activity, agents } = this.#engine;
    let detour: Promise<void> | undefined;
    agents.cells.whenRefused(this.#cellOf(mail), (error) => {
      if (!isOwnedElsewhere(error)) return;
      detour = elsewhere();
      detour.catch(() => {});
    });
    activity.begin();
    try {
      await accepted;
    } catch (error) {
      if (!isOwnedElsewhere(error)) throw error;
      await (detour ?? elsewhere());
    } finally {
      activity.end();
    }
  }

  /** Mail to a cell of another process goes one after the other: who owns it may change in between (V3). */
  #follow(mail: Mail, enter: () => Promise<void>): Promise<void> {
    const name = this.#cellOf(mail);
    const before = this.#detours.get(name) ?? Promise.resolve();
    const entered = before.then(enter);
    const settled: Promise<void> = entered.then(nothing, nothing).then(() => {
      if (this.#detours.get(name) === settled) this.#detours.delete(name);
    });
    this.#detours.set(name, settled);
    return entered;
  }

  async #postElsewhere(mail: Mail): Promise<void> {
    const { inbox, pending, remote } = this.#engine;
    const name = this.#cellOf(mail);
    // Its asker has been told something else meanwhile.
    if (mail.kind === "request" && !pending.has(mail.messageId)) return;
    await remote.post(name, mail);
    // This process may have come to own the cell meanwhile: what follows must not pass this one.
    await inbox.checkIfOwned(name);
  }

  #acceptAt(agent: Activation, entrance: Entrance): MaybePromise<void> {
    const { limits, whenFull, post } = this.#engine;
    const { mail } = entrance;
    if (agent.pressure < limits.mailboxCapacity) return this.#storeAt(agent, mail);
    if (whenFull === "wait") return this.#waitAndStore(agent, entrance);
    if (whenFull === "reject" || mail.kind === "request") throw mailboxFull(mail);
    if (whenFull === "drop-newest") return this.#dropped(mail);
    const oldest = agent.dropOldestEvent();
    if (oldest === undefined) throw mailboxFull(mail);
    this.#dropped(oldest);
    return post.storeAt(agent, mail);
  }

  /** Mail on its way through a store is something to do. */
  #storeAt(agent: Activation, mail: Mail): MaybePromise<void> {
    const { activity, post } = this.#engine;
    const stored = post.storeAt(agent, mail);
    if (!isPromiseLike(stored)) return undefined;
    activity.begin();
    return Promise.resolve(stored).finally(() => activity.end());
  }

  async #waitAndStore(agent: Activation, entrance: Entrance): Promise<void> {
    const { mail, options } = entrance;
    await agent.gate.wait(options.signal);
    agent.gate.entered();
    if (this.#engine.isClosed) throw closed(mail.messageId, "not-stored");
    // The agent may have left meanwhile, or be another process's now.
    await this.#enterAt(entrance, (present) => this.#storeAt(present, mail));
  }

  #dropped(mail: Mail): void {
    const by = formatAgentId(mail.recipient);
    this.#engine.observe?.({
      kind: "message-dropped",
      reason: "mailbox-full",
      by,
      messageId: mail.messageId,
      type: mail.type,
      sender: mail.sender,
    });
  }

  #letter(message: Message, kind: Letter["kind"], options: SendOptions): Letter {
    const engine = this.#engine;
    const messageId = options.messageId ?? engine.ids.next();
    if (engine.isClosed) throw closed(messageId, "not-stored");
    if (options.signal?.aborted === true) throw options.signal.reason;
    const at = engine.clock.now();
    const deadlineMs = kind === "event" ? undefined : (options.deadlineMs ?? engine.limits.requestDeadlineMs);
    return createLetter(message, {
      messageId,
      kind,
      sender: options.sender === undefined ? undefined : toAgentId(options.sender),
      at,
      hops: 1,
      deadline: deadlineMs === undefined ? undefined : deadlineAt(at, deadlineMs),
      trace: options.trace,
      run: options.run,
      replyTo: kind === "request" ? { kind: "outside" } : undefined,
      isRemembered: options.messageId !== undefined && engine.store.isDurable,
    });
  }
}

function nothing(): void {}

function refusalOf(prepared: Prepared): Error {
  return prepared.failures[0]?.error ?? new Error("the request vanished");
}

/** The options of a message whose trace context is that of its own span. */
function traced(options: SendOptions, span: Span): SendOptions {
  return { ...options, trace: span.propagate() ?? options.trace };
}

function endSpan(span: Span, outcome: LiveOutcome): void {
  if (outcome.status === "failed") span.recordError(outcome.error);
  span.end();
}

/** What callers get when the runtime closes: `stored` requests go on in the next runtime that owns their cell (C19). */
export function closed(messageId: string, outcome: "unknown" | "not-stored"): DeliveryError {
  return new DeliveryError(
    "delivery.runtime_closed",
    `The runtime is closed; message "${messageId}" ${outcome === "unknown" ? "may or may not have been handled" : "was not accepted"}`,
    {
      remedy:
        outcome === "unknown"
          ? "Ask again with the same messageId: it is handled once."
          : "Send it to a runtime that is open.",
      details: { messageId, outcome },
    },
  );
}
