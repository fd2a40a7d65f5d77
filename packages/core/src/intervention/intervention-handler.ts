import type { MaybePromise } from "../async/index.ts";
import type { AgentId, TopicId } from "../identity/index.ts";
import type { Message } from "../message/index.ts";

/** Returned by a hook to make the message vanish: a request then fails with `delivery.dropped`, an event is gone in silence. */
export const dropMessage: unique symbol = Symbol.for("troupe.drop-message");

/** What a hook decides: another message, `dropMessage`, or nothing. To leave a message as it is, return it. */
export type Intervention<T> = T | typeof dropMessage | undefined;

/** What every hook is told. */
export interface InterventionContext {
  readonly messageId: string;
  readonly sender: AgentId | undefined;
}

/** What `onSend` is told. */
export interface SendContext extends InterventionContext {
  readonly recipient: AgentId;
  readonly kind: "request" | "event";
}

/** What `onPublish` is told. */
export interface PublishContext extends InterventionContext {
  readonly topic: TopicId;
}

/** What `onReply` is told: `sender` is the agent that replies, `recipient` the asker, absent outside agents. */
export interface ReplyContext extends InterventionContext {
  readonly sender: AgentId;
  readonly recipient: AgentId | undefined;
  /** Name of the request's type. */
  readonly requestType: string;
}

/**
 * Sees, changes, drops or refuses messages of a runtime, at admission: before a message is stored (C15).
 *
 * Handlers run in order, each on the former's result, once for each message. A hook that throws fails the request with that error,
 * or the publish at its caller. Payloads are in the input form of their schemas, and are checked again afterwards.
 */
export interface InterventionHandler {
  /** Shown in errors and logs; default: the class name. */
  readonly name?: string;
  /** A request or event for one agent. */
  onSend?(message: Message, context: SendContext): MaybePromise<Intervention<Message>>;
  /** An event for a topic. */
  onPublish?(message: Message, context: PublishContext): MaybePromise<Intervention<Message>>;
  /** The reply of a request. `undefined` leaves it as it is; to reply with nothing at all is not JSON. */
  onReply?(reply: unknown, context: ReplyContext): MaybePromise<Intervention<unknown>>;
}
