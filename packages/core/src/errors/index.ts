export { assertNever } from "./assert-never.ts";
export {
  type CodeExecutionErrorCode,
  type ConfigErrorCode,
  type DeliveryErrorCode,
  type ModelErrorCode,
  type SerializationErrorCode,
  type StateErrorCode,
  type StoreErrorCode,
  type TeamErrorCode,
  type ToolErrorCode,
  type WaitErrorCode,
} from "./error-codes.ts";
export {
  CodeExecutionError,
  ConfigError,
  DeliveryError,
  ModelError,
  SerializationError,
  StateError,
  StoreError,
  TeamError,
  ToolError,
} from "./error-families.ts";
export { decodeError, type EncodedError, encodeError } from "./error-wire.ts";
export type { JsonObject, JsonPrimitive, JsonValue } from "./json-value.ts";
export { TroupeError, type TroupeErrorOptions } from "./troupe-error.ts";
export { toError } from "./to-error.ts";
