import type { EncodedError, JsonValue } from "../errors/index.ts";
import { type AgentId, formatAgentId, type TopicId } from "../identity/index.ts";
import type { RunContext } from "../agent/index.ts";

/** Who hears how a request ended: a caller outside, a turn that waits for it, or the asker's mailbox (C12). */
export type ReplyAddress =
  /** `worker`: the inbox of the process that asked, when it is not the one that holds the cell. */
  | { readonly kind: "outside"; readonly worker?: string }
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
  /** `reply`: how a request of a turn in another cell ended. */
  readonly kind: "event" | "request" | "settlement" | "reply";
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
  /** Its place among the messages that its sender's cell has for other cells (C10); absent within a cell. */
  readonly number?: number;
  /** True when its sender chose the id: it is remembered with its reply, and never handled twice (C10). */
  readonly isRemembered?: true;
  /** Replies only: the turn that asked, and under which key. */
  readonly asker?: { readonly turn: string; readonly key: string };
  /** Settlements and replies only. */
  readonly settlement?: { readonly requestId: string; readonly outcome: ReplyOutcome; readonly tag: string };
}

/** The identity of a turn: one message at one recipient. */
export function turnIdOf(mail: Mail): string {
  return `${mail.messageId}>${formatAgentId(mail.recipient)}`;
}
