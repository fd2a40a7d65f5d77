export type { Logger, LogRecord } from "./logger.ts";
export {
  type AgentActivatedEvent,
  type AgentPassivatedEvent,
  combineObservers,
  type DeadLetteredEvent,
  type DeadlockDetectedEvent,
  type HandlerFailedEvent,
  type MessageDeliveredEvent,
  type MessageDroppedEvent,
  type MessageFacts,
  type MessageHandledEvent,
  type MessageSentEvent,
  type MessageUnhandledEvent,
  type ReplySentEvent,
  type RuntimeEvent,
  type RuntimeObserver,
  type TurnParkedEvent,
} from "./runtime-event.ts";
export {
  describeProcess,
  describeSpan,
  type ProcessAttributes,
  type SpanDescription,
  type SpanDestination,
  type SpanOperation,
} from "./span-names.ts";
export type { Span, SpanAttribute, SpanKind, SpanOptions, Tracer } from "./tracer.ts";
