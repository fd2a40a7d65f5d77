import { type AgentId, formatAgentId, type TopicId } from "../identity/index.ts";
import type { SpanAttribute, SpanKind } from "./tracer.ts";

/** What a runtime does with a message, as spans name it. The names are AutoGen's, so that dashboards keep working. */
export type SpanOperation = "create" | "intercept" | "send" | "publish" | "process" | "ack";

interface OperationTraits {
  readonly kind: SpanKind;
  /** Value of `messaging.operation`. */
  readonly messaging: string;
}

const traits: Readonly<Record<SpanOperation, OperationTraits>> = {
  create: { kind: "producer", messaging: "create" },
  intercept: { kind: "consumer", messaging: "receive" },
  send: { kind: "producer", messaging: "publish" },
  publish: { kind: "producer", messaging: "publish" },
  process: { kind: "consumer", messaging: "process" },
  ack: { kind: "consumer", messaging: "receive" },
};

/** Where a message goes: an agent, a topic, a name as it is, or nowhere in particular. */
export type SpanDestination =
  | { readonly kind: "agent"; readonly id: AgentId }
  | { readonly kind: "topic"; readonly id: TopicId }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "none" };

/** The name, kind and attributes of a runtime span. */
export interface SpanDescription {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Readonly<Record<string, SpanAttribute>>;
}

/** Describes a runtime span: `autogen publish default.(default)-T`, kind producer, `messaging.operation` and `.destination`. */
export function describeSpan(operation: SpanOperation, destination: SpanDestination): SpanDescription {
  const text = formatDestination(destination);
  const { kind, messaging } = traits[operation];
  return {
    name: text === "" ? `autogen ${operation}` : `autogen ${operation} ${text}`,
    kind,
    attributes: { "messaging.operation": messaging, "messaging.destination": text },
  };
}

function formatDestination(destination: SpanDestination): string {
  switch (destination.kind) {
    case "agent":
      return `${destination.id.type}.(${destination.id.key})-A`;
    case "topic":
      return `${destination.id.type}.(${destination.id.source})-T`;
    case "name":
      return destination.name;
    case "none":
      return "";
  }
}

/** Who and what a `process` or `ack` span is about. */
export interface ProcessAttributes {
  readonly sender: AgentId | undefined;
  readonly recipient: AgentId;
  readonly messageType: string;
  readonly messageId: string;
}

/** Attributes of a `process` or `ack` span. Payloads are left out: traces are read by more people than messages. */
export function describeProcess(about: ProcessAttributes): Readonly<Record<string, SpanAttribute>> {
  return {
    "messaging.message.type": about.messageType,
    "messaging.message.id": about.messageId,
    sender_agent_type: about.sender?.type ?? "",
    recipient_agent_type: about.recipient.type,
    "troupe.recipient": formatAgentId(about.recipient),
  };
}
