import type { EncodedError, JsonValue } from "../errors/index.ts";
import { type AgentId, formatAgentId, type TopicId } from "../identity/index.ts";
import type { RunContext } from "../agent/index.ts";

/** Who hears how a request ended: a caller outside, a turn that waits for it, or the asker's mailbox (C12). */
export type ReplyAddress =
  | { readonly kind: "outside" }
  | { readonly kind: "turn"; readonly agent: AgentId; readonly turn: string; readonly key: string }
  | {
      readonly kind: "mailbox";
      readonly agent: AgentId;
      readonly tag: string;
      readonly hops: number;
      readonly run?: RunContext;
    };

/** How a request ended, as stored. */
export type ReplyOutcome =
  | { readonly status: "replied"; readonly body: JsonValue }
  | { readonly status: "failed"; readonly error: EncodedError };

/** Where a mail carries, inside one process, what its schema made of the body, so that it is not parsed twice. Never stored. */
export const decodedPayload: unique symbol = Symbol("decoded payload");

/** One message on its way to one agent: what a mailbox holds and a log keeps. Plain frozen JSON, never changed. */
export interface Mail {
  readonly messageId: string;
  readonly kind: "event" | "request" | "settlement";
  /** The message type's name; for a settlement, the name of the request it settles. */
  readonly type: string;
  /** The payload in its schema's input form; null for a settlement. */
  readonly body: JsonValue;
  readonly recipient: AgentId;
  readonly sender?: AgentId;
  readonly topic?: TopicId;
  /** Epoch milliseconds after which nobody waits for the reply. */
  readonly deadline?: number;
  readonly hops: number;
  /** The id before a fork renamed it: what `newId()` and `random()` derive from. */
  readonly origin?: string;
  /** Epoch milliseconds of sending. */
  readonly at: number;
  readonly causationId?: string;
  readonly trace?: Readonly<Record<string, string>>;
  readonly run?: RunContext;
  /** Requests only. */
  readonly replyTo?: ReplyAddress;
  [decodedPayload]?: unknown;
  /** Settlements only. */
  readonly settlement?: { readonly requestId: string; readonly outcome: ReplyOutcome; readonly tag: string };
}

/** The identity of a turn: one message at one recipient. */
export function turnIdOf(mail: Mail): string {
  return `${mail.messageId}>${formatAgentId(mail.recipient)}`;
}
