import type { AgentId, TopicId } from "../identity/index.ts";
import type { JsonValue } from "./json.ts";

/** One message on its way: what mailboxes, stores and wires carry. Plain JSON. */
export interface Envelope {
  readonly kind: "request" | "event";
  /** Name of the message type. */
  readonly type: string;
  /** The payload in the *input* form of the type's schema. */
  readonly body: JsonValue;
  readonly messageId: string;
  /** The request that everything since the outside world belongs to. */
  readonly correlationId?: string;
  /** The message whose turn sent this one. */
  readonly causationId?: string;
  readonly sender?: AgentId;
  /** Set for requests and told events. */
  readonly recipient?: AgentId;
  /** Set for published events. */
  readonly topic?: TopicId;
  /** Epoch milliseconds after which the sender no longer waits. */
  readonly deadline?: number;
  /** Messages between the outside world and this one; bounded by the runtime's `maxHops`. */
  readonly hops: number;
  /** W3C trace context: `traceparent`, `tracestate`. */
  readonly trace?: Readonly<Record<string, string>>;
  /** The run context that everything started by this message inherits. */
  readonly run?: JsonValue;
}
