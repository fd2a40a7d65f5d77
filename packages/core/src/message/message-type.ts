import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError } from "../errors/index.ts";

/** A message as a program makes it: a type name and a payload in the *input* form of the type's schema. */
export interface Message<Name extends string = string, Payload = unknown> {
  readonly type: Name;
  readonly payload: Payload;
}

/** A message that wants no reply: it is published, or told. */
export interface EventMessage<Name extends string = string, Payload = unknown> extends Message<Name, Payload> {
  readonly "~reply"?: never;
}

/** A message that ends in a reply, an error or a deadline: it is sent. `"~reply"` exists in types only. */
export interface RequestMessage<Name extends string = string, Payload = unknown, Reply = unknown>
  extends Message<Name, Payload> {
  readonly "~reply": Reply;
}

/** The type of an event: call it with a payload to make the message. */
export interface EventType<Name extends string, In, Out> {
  (payload: In): EventMessage<Name, In>;
  readonly type: Name;
  readonly schema: StandardSchemaV1<In, Out>;
}

/** The type of a request: call it with a payload to make the message. The reply belongs to it. */
export interface RequestType<Name extends string, In, Out, ReplyIn, ReplyOut> {
  (payload: In): RequestMessage<Name, In, ReplyOut>;
  readonly type: Name;
  readonly schema: StandardSchemaV1<In, Out>;
  readonly reply: StandardSchemaV1<ReplyIn, ReplyOut>;
}

/** A message type without its types: what the runtime needs of it. `reply` is set for requests only. */
export interface MessageDefinition {
  readonly type: string;
  readonly schema: StandardSchemaV1;
  readonly reply?: StandardSchemaV1;
}

/**
 * Defines an event by its name and schema.
 *
 * @param type the name on the wire: a bare class name such as `Tick`, or a protobuf full name such as `shop.Tick`.
 * @throws ConfigError `config.invalid_message_type` for a name that AutoGen's wire could not carry.
 */
export function defineEvent<const Name extends string, In, Out>(
  type: Name,
  schema: StandardSchemaV1<In, Out>,
): EventType<Name, In, Out> {
  assertMessageType(type);
  assertSchema(schema, type, "schema");
  const definition: MessageDefinition = Object.freeze({ type, schema });
  const create = (payload: In): EventMessage<Name, In> => createMessage(type, payload, definition);
  return Object.freeze(Object.assign(create, { type, schema, [definitionKey]: definition }));
}

/**
 * Defines a request by its name, the schema of its payload and the schema of its reply.
 *
 * @throws ConfigError `config.invalid_message_type`.
 */
export function defineRequest<const Name extends string, In, Out, ReplyIn, ReplyOut>(
  type: Name,
  schema: StandardSchemaV1<In, Out>,
  reply: StandardSchemaV1<ReplyIn, ReplyOut>,
): RequestType<Name, In, Out, ReplyIn, ReplyOut> {
  assertMessageType(type);
  assertSchema(schema, type, "schema");
  assertSchema(reply, type, "reply schema");
  const definition: MessageDefinition = Object.freeze({ type, schema, reply });
  const create = (payload: In): RequestMessage<Name, In, ReplyOut> => createMessage(type, payload, definition);
  return Object.freeze(Object.assign(create, { type, schema, reply, [definitionKey]: definition }));
}

/**
 * A message remembers its definition under this key, so that a sender is checked against the schema even when no agent of this
 * runtime handles the type. A symbol: JSON never shows it, and `{ ...message, payload }` keeps it.
 */
const definitionKey: unique symbol = Symbol.for("troupe.message-definition");

/** The first signature adds `~reply`, which carries the reply's type to the compiler and is never set. */
function createMessage<Name extends string, In, ReplyOut>(
  type: Name,
  payload: In,
  definition: MessageDefinition,
): RequestMessage<Name, In, ReplyOut> & EventMessage<Name, In>;
function createMessage(type: string, payload: unknown, definition: MessageDefinition): Message {
  const message = { type, payload, [definitionKey]: definition };
  return message;
}

/** The definition a message was made with; `undefined` for a hand-made `{ type, payload }`. */
export function definitionOf(message: Message): MessageDefinition | undefined {
  return readDefinition(message);
}

/** Anything that `defineEvent` or `defineRequest` returned. */
export interface AnyMessageType {
  readonly type: string;
  readonly schema: StandardSchemaV1;
}

/**
 * The definition of a message type: the object that `definitionOf` gives for its messages, one for each type.
 *
 * @throws ConfigError `config.invalid_definition` for anything else.
 */
export function toDefinition(type: AnyMessageType): MessageDefinition {
  const definition = readDefinition(type);
  if (definition !== undefined) return definition;
  throw new ConfigError("config.invalid_definition", `"${String(type.type)}" is not a message type`, {
    remedy: "Pass what defineEvent() or defineRequest() returned.",
  });
}

function readDefinition(carrier: object): MessageDefinition | undefined {
  if (!(definitionKey in carrier)) return undefined;
  const definition = carrier[definitionKey];
  return isDefinition(definition) ? definition : undefined;
}

function isDefinition(value: unknown): value is MessageDefinition {
  return typeof value === "object" && value !== null && "schema" in value;
}

const namePattern = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u;

/** True for a name that every peer can carry: identifiers of any script, joined by dots. */
export function isMessageType(name: string): boolean {
  return typeof name === "string" && namePattern.test(name);
}

function assertMessageType(name: string): void {
  if (isMessageType(name)) return;
  throw new ConfigError("config.invalid_message_type", `${JSON.stringify(name)} is not a message type name`, {
    remedy: 'Use a class name such as "Tick", or names joined by dots such as "shop.Tick".',
    details: { name: String(name) },
  });
}

function assertSchema(schema: StandardSchemaV1, type: string, what: string): void {
  // Written in JavaScript, or with a raw JSON Schema: the compiler did not check.
  const standard: unknown = isIndexable(schema) ? schema["~standard"] : undefined;
  if (isIndexable(standard) && typeof standard["validate"] === "function") return;
  throw new ConfigError("config.invalid_definition", `The ${what} of message type "${type}" is not a Standard Schema`, {
    remedy:
      "Use a schema library that implements Standard Schema (zod, valibot, arktype), or fromJsonSchema() for a raw document.",
  });
}

function isIndexable(value: unknown): value is Record<string, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
