import type { RunContext } from "../../agent/index.ts";
import { type AgentId, formatAgentId, type TopicId } from "../../identity/index.ts";
import { ConfigError, type JsonValue } from "../../errors/index.ts";
import { definitionOf, type Message, validate } from "../../message/index.ts";
import { decodedPayload, freezeJson, type Mail, type ReplyAddress } from "../../store/index.ts";

/** Everything about a message on its way but its payload. */
export interface Postmark {
  readonly messageId: string;
  readonly kind: "event" | "request";
  readonly sender: AgentId | undefined;
  readonly at: number;
  readonly hops: number;
  readonly deadline?: number | undefined;
  readonly causationId?: string | undefined;
  readonly trace?: Readonly<Record<string, string>> | undefined;
  readonly run?: RunContext | undefined;
  readonly replyTo?: ReplyAddress | undefined;
  /** True when the sender chose the id. */
  readonly isRemembered?: boolean | undefined;
}

/** A checked message that has no recipient yet. */
export interface Letter extends Postmark {
  readonly type: string;
  readonly body: JsonValue;
  readonly output: unknown;
}

/**
 * Checks a message against its schema and freezes its payload.
 *
 * @throws SerializationError `serialization.invalid_message`, `serialization.unserializable`; StateError `state.too_large`.
 */
export function createLetter(message: Message, postmark: Postmark): Letter {
  const what = `payload of "${message.type}"`;
  const body = freezeJson(message.payload ?? null, what);
  const definition = definitionOf(message);
  const output = definition === undefined ? body : validate(definition.schema, body, { what });
  const { messageId, kind, sender, at, hops, deadline, causationId, trace, run, replyTo, isRemembered } = postmark;
  return {
    messageId,
    kind,
    sender,
    at,
    hops,
    deadline,
    causationId,
    trace,
    run,
    replyTo,
    isRemembered,
    type: message.type,
    body,
    output,
  };
}

/**
 * The moment after which nobody waits; undefined for one that never comes.
 *
 * @throws ConfigError `config.invalid_option` for a number below 0 or not a number.
 */
export function deadlineAt(at: number, deadlineMs: number): number | undefined {
  assertDuration(deadlineMs, "deadlineMs");
  return deadlineMs === Number.POSITIVE_INFINITY ? undefined : at + deadlineMs;
}

/** @throws ConfigError `config.invalid_option` for a number below 0 or not a number. */
export function assertDuration(milliseconds: number, name: string): void {
  if (milliseconds >= 0) return;
  throw new ConfigError("config.invalid_option", `"${name}" is ${milliseconds}`, {
    remedy: `Give "${name}" milliseconds from 0 on, or Infinity.`,
  });
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The mail that carries a letter to one agent. */
export function addressLetter(letter: Letter, recipient: AgentId, topic?: TopicId): Mail {
  const mail: Writable<Mail> = {
    messageId: letter.messageId,
    kind: letter.kind,
    type: letter.type,
    body: letter.body,
    recipient,
    hops: letter.hops,
    at: letter.at,
    [decodedPayload]: letter.output,
  };
  if (letter.sender !== undefined) mail.sender = letter.sender;
  if (topic !== undefined) mail.topic = topic;
  if (letter.deadline !== undefined) mail.deadline = letter.deadline;
  if (letter.causationId !== undefined) mail.causationId = letter.causationId;
  if (letter.trace !== undefined) mail.trace = letter.trace;
  if (letter.run !== undefined) mail.run = letter.run;
  if (letter.replyTo !== undefined) mail.replyTo = letter.replyTo;
  if (letter.isRemembered === true) mail.isRemembered = true;
  return mail;
}

/** The settlement that tells an asker's mailbox how its request ended (C12). */
export function createSettlement(
  request: Mail,
  outcome: NonNullable<Mail["settlement"]>["outcome"],
  at: number,
): Mail | undefined {
  const { replyTo } = request;
  if (replyTo?.kind !== "mailbox") return undefined;
  return {
    messageId: `${request.messageId}.settled`,
    kind: "settlement",
    type: request.type,
    body: null,
    recipient: replyTo.agent,
    sender: request.recipient,
    hops: replyTo.hops,
    at,
    causationId: request.messageId,
    settlement: { requestId: request.messageId, outcome, tag: replyTo.tag },
    ...(replyTo.run !== undefined && { run: replyTo.run }),
    ...(request.trace !== undefined && { trace: request.trace }),
  };
}

/** The reply that brings the end of a request to the turn in another cell that asked; `live` comes along inside the process. */
export function createReplyMail(
  request: Mail,
  { outcome, live }: { readonly outcome: NonNullable<Mail["settlement"]>["outcome"]; readonly live: unknown },
  at: number,
): Mail | undefined {
  const { replyTo } = request;
  if (replyTo?.kind !== "turn") return undefined;
  return {
    messageId: `${request.messageId}.reply`,
    kind: "reply",
    type: request.type,
    body: null,
    recipient: replyTo.agent,
    sender: request.recipient,
    hops: request.hops,
    at,
    asker: { turn: replyTo.turn, key: replyTo.key },
    settlement: { requestId: request.messageId, outcome, tag: "" },
    [decodedPayload]: live,
  };
}

/** How messages name an agent to people. */
export function nameOf(mail: Mail): string {
  return formatAgentId(mail.recipient);
}
