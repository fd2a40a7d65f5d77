import type { StandardSchemaV1 } from "@standard-schema/spec";
import {
  type AgentContext,
  type EmitOptions,
  type Lists,
  type MessageInfo,
  type RunContext,
  type StepContext,
  type StepOptions,
  type StepOutcome,
  type TurnRequestOptions,
  type TurnSendOptions,
  type Wait,
  trustType,
  type WaitOptions,
} from "../../agent/index.ts";
import { hashSeed } from "../../async/index.ts";
import { type JsonValue, StateError } from "../../errors/index.ts";
import { type AgentId, toAgentId, type TopicId } from "../../identity/index.ts";
import type { EventMessage, Message, RequestMessage } from "../../message/index.ts";
import { freezeJson, type ReplyAddress } from "../../store/index.ts";
import { createLetter, deadlineAt, type Letter } from "../delivery/mail-factory.ts";
import type { Destination } from "../delivery/post-office.ts";
import type { Frame } from "./frame.ts";
import { ListDraft } from "./list-draft.ts";
import type { Scope } from "./scope.ts";
import type { Turn } from "./turn.ts";
import { sendInTurn } from "../request/send-in-turn.ts";
import { runStep, toOutcome, unwrap } from "../step/run-step.ts";
import { openWait } from "../wait/open-wait.ts";

type AnyLists = Record<string, StandardSchemaV1>;

/**
 * What handlers get. One object for each scope of an attempt; everything that lasts is in the Turn and its Frame.
 *
 * Invariant Z1: what has left in an earlier attempt is counted by scope and not queued again.
 */
export class TurnContext implements AgentContext<unknown, AnyLists> {
  readonly #turn: Turn;
  readonly #frame: Frame;
  readonly #scope: Scope;
  #lists: Lists<AnyLists> | undefined;

  constructor(turn: Turn, frame: Frame, scope: Scope) {
    this.#turn = turn;
    this.#frame = frame;
    this.#scope = scope;
  }

  get id(): AgentId {
    return this.#turn.activation.id;
  }

  get message(): MessageInfo {
    const { mail, attempt } = this.#turn;
    return {
      messageId: mail.messageId,
      type: mail.type,
      sender: mail.sender,
      topic: mail.topic,
      deadline: mail.deadline,
      hops: mail.hops,
      attempt,
    };
  }

  get run(): RunContext | undefined {
    return this.#turn.mail.run;
  }

  get state(): unknown {
    this.#frame.assertLive();
    if (this.#turn.isShared) return this.#committedState();
    this.#frame.isStateTouched = true;
    return this.#turn.activation.state;
  }

  /** Shared handlers read a frozen copy of the last commit. */
  #committedState(): unknown {
    return freezeJson(JSON.parse(this.#turn.activation.committedState), "committed state");
  }

  get lists(): Lists<AnyLists> {
    this.#lists ??= this.#openLists();
    return this.#lists;
  }

  #openLists(): Lists<AnyLists> {
    const frame = this.#frame;
    const { activation, isShared } = this.#turn;
    frame.lists ??= new Map(
      Object.entries(activation.blueprint.listSchemas).map(([name, schema]) => {
        const assertUsable = (isWrite: boolean): void => {
          frame.assertLive();
          if (isWrite && isShared) throw readOnly(activation.key);
        };
        return [name, new ListDraft({ name, schema, committed: activation.lists[name] ?? [], assertUsable })];
      }),
    );
    return Object.fromEntries(frame.lists);
  }

  get signal(): AbortSignal {
    return this.#frame.signal;
  }

  step<T>(name: string, run: (step: StepContext) => T | Promise<T>, options: StepOptions = {}): Promise<T> {
    const key = this.#stepKey(name, options);
    return quiet(runStep(this.#turn, this.#frame, { key, options, run }).then((result) => unwrap<T>(key, result)));
  }

  stepOutcome<T>(
    name: string,
    run: (step: StepContext) => T | Promise<T>,
    options: StepOptions = {},
  ): Promise<StepOutcome<T>> {
    const key = this.#stepKey(name, options);
    return quiet(runStep(this.#turn, this.#frame, { key, options, run }).then((result) => toOutcome<T>(result)));
  }

  #stepKey(name: string, options: StepOptions): string {
    return options.key === undefined ? this.#scope.key(name) : this.#scope.fixedKey(name, options.key);
  }

  branch<T>(name: string, run: (branch: AgentContext<unknown, AnyLists>) => Promise<T>): Promise<T> {
    this.#frame.assertLive();
    return run(new TurnContext(this.#turn, this.#frame, this.#scope.child(name)));
  }

  send<Name extends string, Reply>(
    message: RequestMessage<Name, unknown, Reply>,
    to: AgentId<Name>,
    options: TurnSendOptions = {},
  ): Promise<Reply> {
    // Not the recipient's key: a fork gives agents other keys, and must find its requests again.
    const key = this.#scope.key(`send:${message.type}>${to.type}`);
    const reply = sendInTurn(this.#turn, this.#frame, { key, message, to: toAgentId(to), options });
    // The reply passed the schema of this request's own type.
    return quiet(trustType<Promise<Reply>>(reply));
  }

  request<Name extends string>(
    message: RequestMessage<Name, unknown, unknown>,
    to: AgentId<Name>,
    options: TurnRequestOptions = {},
  ): void {
    if (!this.#isNewMessage()) return;
    const { mail, engine, activation } = this.#turn;
    const replyTo: ReplyAddress = {
      kind: "mailbox",
      agent: activation.id,
      tag: options.tag ?? "",
      hops: mail.hops,
      ...(mail.run !== undefined && { run: mail.run }),
    };
    const deadlineMs = options.deadlineMs ?? engine.limits.requestDeadlineMs;
    const letter = this.#letter(message, {
      kind: "request",
      deadlineMs,
      run: this.#turn.childRun(options.path, options.inherited),
      replyTo,
    });
    this.#frame.messages.push({ posting: { letter, to: { kind: "agent", id: toAgentId(to) } }, deadlineMs });
  }

  tell<Name extends string>(message: EventMessage<Name>, to: AgentId<Name>): void {
    this.#queueEvent(message, { kind: "agent", id: toAgentId(to) });
  }

  publish(message: EventMessage, topic: TopicId): void {
    this.#queueEvent(message, { kind: "topic", id: topic });
  }

  #queueEvent(message: EventMessage, to: Destination): void {
    if (!this.#isNewMessage()) return;
    const letter = this.#letter(message, {
      kind: "event",
      deadlineMs: undefined,
      run: this.#turn.mail.run,
      replyTo: undefined,
    });
    this.#frame.messages.push({ posting: { letter, to }, deadlineMs: undefined });
  }

  /** Counts a message of this scope; false when an earlier attempt let it out already. */
  #isNewMessage(): boolean {
    this.#frame.assertLive();
    this.#scope.messages += 1;
    this.#frame.touched.add(this.#scope);
    return (
      !this.#turn.hasJournal || this.#scope.messages > (this.#turn.journal.flushed(this.#scope.name)?.messages ?? 0)
    );
  }

  #letter(
    message: Message,
    options: Pick<Letter, "kind" | "run" | "replyTo"> & { readonly deadlineMs: number | undefined },
  ): Letter {
    const { mail, engine, activation } = this.#turn;
    const at = engine.clock.now();
    const { deadlineMs } = options;
    return createLetter(message, {
      messageId: engine.ids.next(),
      kind: options.kind,
      sender: activation.id,
      at,
      hops: mail.hops + 1,
      deadline: deadlineMs === undefined ? undefined : deadlineAt(at, deadlineMs),
      causationId: mail.messageId,
      trace: this.#turn.trace,
      run: options.run,
      replyTo: options.replyTo,
    });
  }

  wait<T>(name: string, schema: StandardSchemaV1<unknown, T>, options: WaitOptions = {}): Wait<T> {
    const deadlineMs = options.deadlineMs ?? this.#turn.engine.limits.waitDeadlineMs;
    return openWait(this.#turn, this.#frame, {
      key: this.#scope.key(`wait:${name}`),
      name,
      schema,
      isTimer: false,
      deadlineMs,
      question: options.question,
    });
  }

  waitFor<T>(name: string, schema: StandardSchemaV1<unknown, T>, options: WaitOptions = {}): Promise<T> {
    return this.wait(name, schema, options).answer;
  }

  sleep(durationMs: number): Promise<void> {
    const key = this.#scope.key("sleep");
    return openWait<void>(this.#turn, this.#frame, {
      key,
      name: "sleep",
      schema: undefined,
      isTimer: true,
      deadlineMs: durationMs,
      question: undefined,
    }).answer;
  }

  emit(kind: string, payload: JsonValue, options: EmitOptions = {}): void {
    this.#frame.assertLive();
    this.#scope.events += 1;
    this.#frame.touched.add(this.#scope);
    const { run, mail, hasJournal } = this.#turn;
    if (
      run === undefined ||
      (hasJournal && this.#scope.events <= (this.#turn.journal.flushed(this.#scope.name)?.events ?? 0))
    )
      return;
    this.#frame.events.push({
      path: options.path ?? mail.run?.path ?? [],
      kind,
      payload: freezeJson(payload, `event "${kind}"`),
      ...(options.end !== undefined && { end: options.end }),
    });
  }

  live(kind: string, payload: JsonValue, options: EmitOptions = {}): void {
    this.#frame.assertLive();
    const { run, mail } = this.#turn;
    run?.showLive({ path: options.path ?? mail.run?.path ?? [], kind, payload });
  }

  heartbeat(): void {
    this.#frame.assertLive();
    this.#turn.progress();
  }

  forget(): void {
    this.#frame.assertLive();
    if (this.#turn.isShared) throw readOnly(this.#turn.activation.key);
    this.#frame.isForgotten = true;
  }

  now(): number {
    this.#frame.assertLive();
    return this.#frame.now;
  }

  random(): number {
    this.#frame.assertLive();
    return hashSeed(this.#draw()) / 2 ** 32;
  }

  newId(): string {
    this.#frame.assertLive();
    return this.#draw();
  }

  /** Unique in all turns, and the same on replay: the turn, the scope, and a count. */
  #draw(): string {
    this.#scope.draws += 1;
    const { mail } = this.#turn;
    const turn = mail.origin ?? (mail.topic === undefined ? mail.messageId : this.#turn.id);
    return `${turn}.${this.#scope.name}${this.#scope.draws.toString(36)}`;
  }
}

/** A call that nobody awaits, as in a branch that lost a race, may fail when the attempt ends: that is no fault of the process. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(nothing);
  return promise;
}

function nothing(): void {}

function readOnly(agent: string): StateError {
  return new StateError("state.read_only", `A shared handler of "${agent}" cannot change anything`, {
    remedy: "Remove { shared: true } from the handler, or send the agent a message that changes it.",
    details: { agent },
  });
}
