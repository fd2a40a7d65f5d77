import { ConfigError, SerializationError } from "../errors/index.ts";
import { decodeJson, encodeJson, type JsonValue } from "./json.ts";
import { type AnyMessageType, type Message, type MessageDefinition, toDefinition } from "./message-type.ts";

/** Content type of JSON payloads on AutoGen's wire. */
export const jsonContentType = "application/json";

/** Content type of protobuf payloads on AutoGen's wire: bytes of a `google.protobuf.Any`. */
export const protobufContentType = "application/x-protobuf";

/** A payload as bytes, with what a reader needs to understand them. */
export interface EncodedPayload {
  readonly typeName: string;
  readonly contentType: string;
  readonly data: Uint8Array;
}

/** A payload that this program cannot read: kept whole, so that it can be logged, stored or passed on. */
export interface UnknownPayload extends EncodedPayload {
  readonly kind: "unknown";
}

/** A payload that this program can read, in the input form of its schema; not validated yet. */
export interface KnownPayload {
  readonly kind: "known";
  readonly definition: MessageDefinition;
  readonly body: JsonValue;
}

/**
 * The message types of one runtime, by the name they have on the wire.
 *
 * 1. One name has one definition for the registry's whole life.
 * 2. Decoding never fails for an unknown name: it yields the bytes.
 */
export class MessageRegistry {
  readonly #definitions: Map<string, MessageDefinition> = new Map();

  /**
   * Adds a type; adding the same one again changes nothing.
   *
   * @throws ConfigError `config.duplicate_message_type` when another definition has the name.
   */
  register(type: AnyMessageType): void {
    const definition = toDefinition(type);
    const known = this.#definitions.get(definition.type);
    if (known === undefined) this.#definitions.set(definition.type, definition);
    else if (known !== definition) throw duplicateMessageType(definition.type);
  }

  /** The definition of a name. */
  get(name: string): MessageDefinition | undefined {
    return this.#definitions.get(name);
  }

  /** The registered names, in order of registration. */
  names(): readonly string[] {
    return [...this.#definitions.keys()];
  }

  /**
   * Bytes of a message: compact JSON in UTF-8.
   *
   * @throws SerializationError `serialization.unknown_message_type`, `serialization.unserializable`.
   */
  encode(message: Message): EncodedPayload {
    if (!this.#definitions.has(message.type)) throw unknownMessageType(message.type);
    const text = encodeJson(message.payload, `payload of "${message.type}"`);
    return { typeName: message.type, contentType: jsonContentType, data: new TextEncoder().encode(text) };
  }

  /**
   * Reads bytes. A name or content type that is not registered yields the bytes as they came.
   *
   * @throws SerializationError `serialization.invalid_json` when a known JSON payload cannot be read.
   */
  decode(payload: EncodedPayload): KnownPayload | UnknownPayload {
    const definition = this.#definitions.get(payload.typeName);
    if (definition === undefined || payload.contentType !== jsonContentType) {
      return { kind: "unknown", typeName: payload.typeName, contentType: payload.contentType, data: payload.data };
    }
    return { kind: "known", definition, body: decodeJson(payload.data, `payload of "${payload.typeName}"`) };
  }
}

function duplicateMessageType(name: string): ConfigError {
  return new ConfigError("config.duplicate_message_type", `Two message types are named "${name}"`, {
    remedy: "Rename one of them, or import the one definition in both places. A package prefix helps: shop.Order.",
    details: { name },
  });
}

function unknownMessageType(name: string): SerializationError {
  return new SerializationError("serialization.unknown_message_type", `No message type "${name}" is registered`, {
    remedy: "Register an agent that handles it, or register the type itself.",
    details: { name },
  });
}
