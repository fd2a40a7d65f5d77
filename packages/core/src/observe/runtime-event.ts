import type { JsonValue } from "../errors/index.ts";
import type { AgentId, TopicId } from "../identity/index.ts";

/** What every event about a message tells. */
export interface MessageFacts {
  readonly messageId: string;
  /** Name of the message type. */
  readonly type: string;
  readonly sender: AgentId | undefined;
}

/** A request or event was accepted and is on its way: once for each send, tell and publish. */
export interface MessageSentEvent extends MessageFacts {
  readonly kind: "message-sent";
  readonly to: { readonly kind: "agent"; readonly id: AgentId } | { readonly kind: "topic"; readonly id: TopicId };
}

/** A message reached the mailbox of an agent: once for each recipient. */
export interface MessageDeliveredEvent extends MessageFacts {
  readonly kind: "message-delivered";
  readonly agent: AgentId;
}

/** A turn has committed. */
export interface MessageHandledEvent extends MessageFacts {
  readonly kind: "message-handled";
  readonly agent: AgentId;
  /** Milliseconds from the start of the turn to its commit. */
  readonly durationMs: number;
}

/** No handler takes an event: it is acknowledged and forgotten. */
export interface MessageUnhandledEvent extends MessageFacts {
  readonly kind: "message-unhandled";
  readonly agent: AgentId;
}

/** A reply reached, or could not reach, its asker. */
export interface ReplySentEvent extends MessageFacts {
  readonly kind: "reply-sent";
  readonly agent: AgentId;
  readonly outcome: "reply" | "error";
}

/** An intervention or a full mailbox took a message out. */
export interface MessageDroppedEvent extends MessageFacts {
  readonly kind: "message-dropped";
  readonly reason: "intervention" | "mailbox-full" | "refused";
  /** What dropped it, or whose mailbox was full. */
  readonly by: string;
}

/** An attempt of a turn threw. */
export interface HandlerFailedEvent extends MessageFacts {
  readonly kind: "handler-failed";
  readonly agent: AgentId;
  readonly attempt: number;
  readonly error: unknown;
}

/** A message will not be handled any more; it can be listed, inspected and sent again. */
export interface DeadLetteredEvent extends MessageFacts {
  readonly kind: "dead-lettered";
  readonly agent: AgentId;
  /** Error code. */
  readonly reason: string;
}

/** An agent was brought to memory. */
export interface AgentActivatedEvent {
  readonly kind: "agent-activated";
  readonly agent: AgentId;
}

/** An agent left memory; its state stays. */
export interface AgentPassivatedEvent {
  readonly kind: "agent-passivated";
  readonly agent: AgentId;
  readonly reason: "idle" | "capacity" | "failed" | "closing";
}

/** A request was refused because its recipient waits for its sender. */
export interface DeadlockDetectedEvent extends MessageFacts {
  readonly kind: "deadlock-detected";
  /** The agents in the cycle, each waiting for the next. */
  readonly cycle: readonly AgentId[];
}

/** A turn parked at a wait, and may have left memory. */
export interface TurnParkedEvent extends MessageFacts {
  readonly kind: "turn-parked";
  readonly agent: AgentId;
}

/** A durable event of a run is in the log, and shown: once for each, in order. The one observation that carries a payload (C20). */
export interface EventStoredEvent {
  readonly kind: "event-stored";
  readonly cell: string;
  readonly event: StoredRunEvent;
}

/** A durable event of a run, as observers see it. */
export interface StoredRunEvent {
  readonly runId: string;
  readonly sequence: number;
  readonly path: readonly string[];
  readonly kind: string;
  readonly payload: JsonValue;
  /** Epoch milliseconds of the commit. */
  readonly at: number;
  /** Set on the last event of a run: how it ended. */
  readonly end?: string;
}

/** Everything that a runtime tells its observer. Payloads of messages never appear. */
export type RuntimeEvent =
  | MessageSentEvent
  | MessageDeliveredEvent
  | MessageHandledEvent
  | MessageUnhandledEvent
  | ReplySentEvent
  | MessageDroppedEvent
  | HandlerFailedEvent
  | DeadLetteredEvent
  | AgentActivatedEvent
  | AgentPassivatedEvent
  | DeadlockDetectedEvent
  | TurnParkedEvent
  | EventStoredEvent;

/**
 * Watches a runtime, synchronously and in order. Without one no event object is made.
 *
 * An observer that throws is reported to the logger and changes nothing.
 */
export type RuntimeObserver = (event: RuntimeEvent) => void;

/** One observer that tells several. One that throws does not keep the others from hearing. */
export function combineObservers(observers: readonly RuntimeObserver[]): RuntimeObserver {
  return (event) => {
    const errors: unknown[] = [];
    for (const observe of observers) {
      try {
        observe(event);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  };
}
