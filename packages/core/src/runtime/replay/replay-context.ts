import type { StandardSchemaV1 } from "@standard-schema/spec";
import {
  type AnyContext,
  type EmitOptions,
  type Lists,
  type MessageInfo,
  type RunContext,
  type StepContext,
  type StepOptions,
  type StepOutcome,
  trustType,
  type TurnRequestOptions,
  type TurnSendOptions,
  type Wait,
  type WaitOptions,
} from "../../agent/index.ts";
import { hashSeed } from "../../async/index.ts";
import { decodeError, type JsonValue, StateError } from "../../errors/index.ts";
import { type AgentId, toAgentId, type TopicId } from "../../identity/index.ts";
import { definitionOf, type EventMessage, type Message, type RequestMessage, validate } from "../../message/index.ts";
import { freezeJson, type ReplyOutcome, type WaitRecordOutcome } from "../../store/index.ts";
import { createLetter } from "../delivery/mail-factory.ts";
import type { Destination } from "../delivery/post-office.ts";
import type { SettledRecord } from "../journal/journal.ts";
import { decodeReply } from "../request/decode-reply.ts";
import { toOutcome, unwrap } from "../step/run-step.ts";
import { stepCancelled, type StepResult } from "../step/step-run.ts";
import type { Scope } from "../turn/scope.ts";
import type { ReplayedMessage, ReplayFrame } from "./replay-frame.ts";

/** How a request inside a replayed turn differs from other messages. */
type Posted = Pick<ReplayedMessage, "kind" | "to" | "run" | "tag">;

/**
 * What a handler gets when its turn is replayed offline: every outcome comes from the journal, nothing is run, sent or stored.
 *
 * Invariant Y4: keys, ids, random numbers and times are those of the live context, computed from the same records.
 */
export class ReplayContext implements AnyContext {
  readonly #frame: ReplayFrame;
  readonly #scope: Scope;

  constructor(frame: ReplayFrame, scope: Scope) {
    this.#frame = frame;
    this.#scope = scope;
  }

  get id(): AgentId {
    return this.#frame.options.mail.recipient;
  }

  get message(): MessageInfo {
    const { mail, attempt } = this.#frame.options;
    const { messageId, type, sender, topic, deadline, hops } = mail;
    return { messageId, type, sender, topic, deadline, hops, attempt };
  }

  get run(): RunContext | undefined {
    return this.#frame.options.mail.run;
  }

  get state(): unknown {
    this.#frame.assertLive();
    return this.#frame.state;
  }

  get lists(): Lists<Record<string, StandardSchemaV1>> {
    return this.#frame.lists;
  }

  get signal(): AbortSignal {
    return this.#frame.signal;
  }

  // --- steps -------------------------------------------------------------------------------------

  step<T>(name: string, _run: (step: StepContext) => T | Promise<T>, options: StepOptions = {}): Promise<T> {
    const key = this.#stepKey(name, options);
    return quiet(this.#step(key).then((result) => unwrap<T>(key, result)));
  }

  stepOutcome<T>(
    name: string,
    _run: (step: StepContext) => T | Promise<T>,
    options: StepOptions = {},
  ): Promise<StepOutcome<T>> {
    return quiet(this.#step(this.#stepKey(name, options)).then((result) => toOutcome<T>(result)));
  }

  #stepKey(name: string, options: StepOptions): string {
    return options.key === undefined ? this.#scope.key(name) : this.#scope.fixedKey(name, options.key);
  }

  async #step(key: string): Promise<StepResult> {
    const frame = this.#frame;
    frame.assertLive();
    if (frame.steps.has(key)) throw ambiguous(key);
    frame.steps.add(key);
    const record = await this.#ask(key);
    if (record.kind !== "step-settled") throw otherKind(record);
    const { outcome, lost } = record;
    return lost === undefined ? { record: outcome } : { record: outcome, lost };
  }

  branch<T>(name: string, run: (branch: AnyContext) => Promise<T>): Promise<T> {
    this.#frame.assertLive();
    return run(new ReplayContext(this.#frame, this.#scope.child(name)));
  }

  async #ask(key: string): Promise<SettledRecord> {
    const record = await this.#frame.asks.ask(key);
    this.#frame.assertLive();
    this.#frame.at = record.at;
    return record;
  }

  // --- messages ----------------------------------------------------------------------------------

  send<Name extends string, Reply>(
    message: RequestMessage<Name, unknown, Reply>,
    to: AgentId<Name>,
    options: TurnSendOptions = {},
  ): Promise<Reply> {
    const key = this.#scope.key(`send:${message.type}>${to.type}`);
    const run = this.#childRun(options.path, undefined);
    const posted: Posted = { kind: "request", to: { kind: "agent", id: toAgentId(to) }, run, tag: undefined };
    // The reply passed the schema of this request's own type.
    return quiet(trustType<Promise<Reply>>(this.#send(key, message, posted)));
  }

  async #send(key: string, message: Message, posted: Posted): Promise<unknown> {
    this.#frame.assertLive();
    const sent = this.#compose(message, posted);
    this.#frame.sends.set(key, sent);
    const record = await this.#ask(key);
    if (record.kind !== "request-settled") throw otherKind(record);
    return toReply(message, record.outcome);
  }

  request<Name extends string>(
    message: RequestMessage<Name, unknown, unknown>,
    to: AgentId<Name>,
    options: TurnRequestOptions = {},
  ): void {
    this.#queue(message, {
      kind: "request",
      to: { kind: "agent", id: toAgentId(to) },
      run: this.#childRun(options.path, options.inherited),
      tag: options.tag ?? "",
    });
  }

  tell<Name extends string>(message: EventMessage<Name>, to: AgentId<Name>): void {
    this.#queueEvent(message, { kind: "agent", id: toAgentId(to) });
  }

  publish(message: EventMessage, topic: TopicId): void {
    this.#queueEvent(message, { kind: "topic", id: topic });
  }

  #queueEvent(message: EventMessage, to: Destination): void {
    this.#queue(message, { kind: "event", to, run: this.run, tag: undefined });
  }

  #queue(message: Message, posted: Posted): void {
    this.#frame.assertLive();
    this.#frame.outputOf(this.#scope.name).messages.push(this.#compose(message, posted));
  }

  /** Checks the payload as the live context does, and throws what that throws. */
  #compose(message: Message, posted: Posted): ReplayedMessage {
    const { mail } = this.#frame.options;
    const { type, body } = createLetter(message, {
      ...posted,
      messageId: "",
      sender: this.id,
      at: this.#frame.at,
      hops: mail.hops + 1,
    });
    return { ...posted, type, body };
  }

  #childRun(path: readonly string[] | undefined, inherited: JsonValue | undefined): RunContext | undefined {
    const { run } = this;
    if (run === undefined) return undefined;
    return { ...run, ...(path !== undefined && { path }), ...(inherited !== undefined && { inherited }) };
  }

  // --- waits -------------------------------------------------------------------------------------

  wait<T>(name: string, schema: StandardSchemaV1<unknown, T>, options: WaitOptions = {}): Wait<T> {
    const key = this.#open(`wait:${name}`, { name, question: options.question });
    const id = this.#frame.options.waits.get(key)?.id ?? `unrecorded ${key}`;
    let answer: Promise<T> | undefined;
    const settle = async (): Promise<T> => {
      const outcome = await this.#settle(key, name);
      return validate(schema, outcome, { what: `answer to "${name}"` });
    };
    return {
      id,
      get answer(): Promise<T> {
        answer ??= quiet(settle());
        return answer;
      },
    };
  }

  waitFor<T>(name: string, schema: StandardSchemaV1<unknown, T>, options: WaitOptions = {}): Promise<T> {
    return this.wait(name, schema, options).answer;
  }

  sleep(_durationMs: number): Promise<void> {
    const key = this.#open("sleep", { name: "sleep", question: undefined });
    return quiet(this.#settle(key, "sleep").then(nothing));
  }

  #open(prefix: string, wait: { readonly name: string; readonly question: JsonValue | undefined }): string {
    this.#frame.assertLive();
    const key = this.#scope.key(prefix);
    const question = wait.question === undefined ? undefined : freezeJson(wait.question, `question of "${wait.name}"`);
    this.#frame.questions.set(key, { name: wait.name, question });
    return key;
  }

  /** The answer; undefined for a timer. */
  async #settle(key: string, name: string): Promise<JsonValue | undefined> {
    this.#frame.assertLive();
    const record = await this.#ask(key);
    if (record.kind !== "wait-settled") throw otherKind(record);
    return toAnswer(record.outcome, { key, name });
  }

  // --- events ------------------------------------------------------------------------------------

  emit(kind: string, payload: JsonValue, options: EmitOptions = {}): void {
    this.#frame.assertLive();
    const { run } = this;
    // Agents that are cells of their own have no runs: what they emit goes nowhere.
    if (run === undefined || this.#frame.options.blueprint.options.cell === undefined) return;
    this.#frame.outputOf(this.#scope.name).events.push({
      path: options.path ?? run.path,
      kind,
      payload: freezeJson(payload, `event "${kind}"`),
      ...(options.end !== undefined && { end: options.end }),
    });
  }

  live(): void {
    this.#frame.assertLive();
  }

  heartbeat(): void {
    this.#frame.assertLive();
  }

  forget(): void {
    this.#frame.assertLive();
    this.#frame.isForgotten = true;
  }

  // --- time and chance ---------------------------------------------------------------------------

  now(): number {
    this.#frame.assertLive();
    return this.#frame.at;
  }

  random(): number {
    this.#frame.assertLive();
    return hashSeed(this.#draw()) / 2 ** 32;
  }

  newId(): string {
    this.#frame.assertLive();
    return this.#draw();
  }

  #draw(): string {
    this.#scope.draws += 1;
    const { mail, turn } = this.#frame.options;
    const origin = mail.origin ?? (mail.topic === undefined ? mail.messageId : turn);
    return `${origin}.${this.#scope.name}${this.#scope.draws.toString(36)}`;
  }
}

function toReply(message: Message, outcome: ReplyOutcome): unknown {
  if (outcome.status === "failed") throw decodeError(outcome.error);
  const reply = definitionOf(message)?.reply;
  return reply === undefined ? outcome.body : decodeReply({ type: message.type, reply }, outcome.body);
}

function toAnswer(
  outcome: WaitRecordOutcome,
  { key, name }: { readonly key: string; readonly name: string },
): JsonValue | undefined {
  switch (outcome.status) {
    case "answered":
      return outcome.answer;
    case "elapsed":
      return undefined;
    case "deadline":
      throw new StateError("wait.deadline_exceeded", `Nobody answered "${name}" before its deadline`, {
        remedy: "Give the wait a longer deadlineMs, or handle the missing answer.",
        details: { name },
      });
    case "cancelled":
      throw stepCancelled(key, outcome.reason);
  }
}

function ambiguous(key: string): StateError {
  return new StateError("state.ambiguous_step", `Step "${key}" was started already in this turn`, {
    remedy: "Give parallel steps names or keys of their own, or run each branch in context.branch().",
    details: { key },
  });
}

function otherKind(record: SettledRecord): StateError {
  return new StateError(
    "state.nondeterministic_replay",
    `The journal holds "${record.kind}" for "${record.key}", which the handler asks for as something else`,
    { remedy: "Run the code that recorded the journal.", details: { recorded: record.kind, asked: record.key } },
  );
}

/** A call that nobody awaits, as in a branch that lost a race, may fail when the attempt ends: that is no fault of the process. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(nothing);
  return promise;
}

function nothing(): void {}
