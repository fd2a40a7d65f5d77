import {
  describeProcess,
  describeSpan,
  type Span,
  type SpanDestination,
  type SpanOperation,
} from "../observe/index.ts";
import type { Mail } from "../store/index.ts";
import type { Engine } from "./engine.ts";

type Trace = Readonly<Record<string, string>>;

/** Starts the span of a message on its way in, or of a topic's expansion; nothing without a tracer. */
export function startMessageSpan(
  engine: Engine,
  operation: SpanOperation,
  about: { readonly to: SpanDestination; readonly type: string; readonly trace: Trace | undefined },
): Span | undefined {
  if (engine.tracer === undefined) return undefined;
  const { name, kind, attributes } = describeSpan(operation, about.to);
  return engine.tracer.startSpan(name, {
    kind,
    attributes: { ...attributes, "messaging.message.type": about.type },
    trace: about.trace,
  });
}

/** Starts the span of one turn; its trace context goes into every message the turn sends. */
export function startTurnSpan(engine: Engine, mail: Mail): Span | undefined {
  if (engine.tracer === undefined) return undefined;
  const { name, kind, attributes } = describeSpan("process", { kind: "agent", id: mail.recipient });
  const facts = describeProcess({
    sender: mail.sender,
    recipient: mail.recipient,
    messageType: mail.type,
    messageId: mail.messageId,
  });
  return engine.tracer.startSpan(name, { kind, attributes: { ...attributes, ...facts }, trace: mail.trace });
}
