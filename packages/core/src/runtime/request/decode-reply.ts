import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonValue } from "../../errors/index.ts";
import { definitionOf, type Message, validate } from "../../message/index.ts";

/** A request type as far as its reply matters. */
export interface ReplyType {
  readonly type: string;
  readonly reply: StandardSchemaV1;
}

/**
 * The output form of a stored reply. JSON has no `undefined`: a reply schema that takes nothing finds it again behind null.
 *
 * @throws SerializationError `serialization.invalid_reply`.
 */
export function decodeReply(type: ReplyType, body: JsonValue): unknown {
  const options = { what: `reply to "${type.type}"`, code: "serialization.invalid_reply" } as const;
  if (body !== null) return validate(type.reply, body, options);
  const asNull = type.reply["~standard"].validate(null);
  if (!(asNull instanceof Promise) && asNull.issues === undefined) return asNull.value;
  return validate(type.reply, undefined, options);
}

/** How replies to a message are read; undefined for a message without a definition. */
export function decoderOf(message: Message): ((body: JsonValue) => unknown) | undefined {
  const reply = definitionOf(message)?.reply;
  return reply === undefined ? undefined : (body) => decodeReply({ type: message.type, reply }, body);
}
