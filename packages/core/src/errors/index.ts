export { assertNever } from "./assert-never.ts";
export {
  type CodeExecutionErrorCode,
  type ConfigErrorCode,
  configErrorCodes,
  type DeliveryErrorCode,
  deliveryErrorCodes,
  type ModelErrorCode,
  type SerializationErrorCode,
  serializationErrorCodes,
  type StateErrorCode,
  type StoreErrorCode,
  stateErrorCodes,
  storeErrorCodes,
  type TeamErrorCode,
  type ToolErrorCode,
  type WaitErrorCode,
  waitErrorCodes,
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
