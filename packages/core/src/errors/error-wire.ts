import {
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
import type { JsonObject } from "./json-value.ts";
import { TroupeError, type TroupeErrorOptions } from "./troupe-error.ts";

/** An error as it is stored and sent: plain JSON, without a stack. */
export interface EncodedError {
  /** Class name, `Error` when the thrown value had none. */
  readonly name: string;
  readonly message: string;
  /** Present for Troupe errors. */
  readonly code?: string;
  readonly remedy?: string;
  readonly details?: JsonObject;
  readonly cause?: EncodedError;
}

/** Causes deeper than this are cut: a chain that long is a loop or noise. */
const maxCauseDepth = 8;

/** Turns whatever was thrown into JSON. Stacks stay behind: they name files and may hold secrets. */
export function encodeError(error: unknown): EncodedError {
  return encodeAtDepth(error, 0);
}

function encodeAtDepth(error: unknown, depth: number): EncodedError {
  if (!isErrorLike(error)) return { name: "Error", message: textOf(error) };
  const troupe = TroupeError.isTroupeError(error) ? error : undefined;
  const hasCause = error.cause !== undefined && error.cause !== null && depth < maxCauseDepth;
  return {
    name: error.name,
    message: error.message,
    ...(troupe !== undefined && { code: troupe.code, remedy: troupe.remedy }),
    ...(troupe?.details !== undefined && { details: troupe.details }),
    ...(hasCause && { cause: encodeAtDepth(error.cause, depth + 1) }),
  };
}

function isErrorLike(value: unknown): value is { name: string; message: string; cause?: unknown } {
  if (typeof value !== "object" || value === null || !("name" in value) || !("message" in value)) return false;
  return typeof value.name === "string" && typeof value.message === "string";
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "a thrown value that has no text";
  }
}

/**
 * Rebuilds an error from its stored form: the same class family (by the code's prefix), code, message, remedy, details
 * and causes. An error that never had a code comes back as an `Error` with its old name.
 */
export function decodeError(encoded: EncodedError): Error {
  const cause = encoded.cause === undefined ? undefined : decodeError(encoded.cause);
  if (encoded.code === undefined) {
    const error = new Error(encoded.message, cause === undefined ? undefined : { cause });
    Object.defineProperty(error, "name", { value: encoded.name, configurable: true, writable: true });
    return error;
  }
  const options: TroupeErrorOptions = { remedy: encoded.remedy ?? "", cause, details: encoded.details };
  return createByCode(encoded.code, encoded.message, options);
}

/** The parser of codes: another version of Troupe may send a code that this one does not list, so they are not checked. */
function createByCode(code: string, message: string, options: TroupeErrorOptions): TroupeError {
  const make = familyByPrefix[code.slice(0, code.indexOf("."))];
  if (make === undefined) return new TroupeError(code, message, options);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: see above
  return make(code as never, message, options);
}

type Make = (code: never, message: string, options: TroupeErrorOptions) => TroupeError;

const familyByPrefix: Readonly<Record<string, Make>> = {
  delivery: (code, message, options) => new DeliveryError(code, message, options),
  config: (code, message, options) => new ConfigError(code, message, options),
  serialization: (code, message, options) => new SerializationError(code, message, options),
  state: (code, message, options) => new StateError(code, message, options),
  wait: (code, message, options) => new StateError(code, message, options),
  model: (code, message, options) => new ModelError(code, message, options),
  tool: (code, message, options) => new ToolError(code, message, options),
  code: (code, message, options) => new CodeExecutionError(code, message, options),
  team: (code, message, options) => new TeamError(code, message, options),
  run: (code, message, options) => new TeamError(code, message, options),
  store: (code, message, options) => new StoreError(code, message, options),
};
