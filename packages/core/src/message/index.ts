export {
  assertJson,
  decodeJson,
  encodeJson,
  type JsonObject,
  type JsonPrimitive,
  type JsonValue,
  toJson,
} from "./json.ts";
export { fromJsonSchema, type JsonSchemaCompiler, type JsonSchemaIssue } from "./json-schema.ts";
export {
  type EncodedPayload,
  jsonContentType,
  type KnownPayload,
  MessageRegistry,
  protobufContentType,
  type UnknownPayload,
} from "./message-registry.ts";
export {
  type AnyMessageType,
  defineEvent,
  defineRequest,
  definitionOf,
  type EventMessage,
  type EventType,
  isMessageType,
  type Message,
  type MessageDefinition,
  type RequestMessage,
  type RequestType,
  toDefinition,
} from "./message-type.ts";
export { type ValidateOptions, validate } from "./validate.ts";
