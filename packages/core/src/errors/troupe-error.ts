import type { JsonObject } from "./json-value.ts";

const brand: unique symbol = Symbol.for("troupe.error");

/** What an error says besides its code and message. */
export interface TroupeErrorOptions {
  /** What the reader can do about it, as an instruction. */
  readonly remedy: string;
  /** The error behind this one. */
  readonly cause?: unknown;
  /** Facts for programs: ids, limits, names. JSON, without secrets. */
  readonly details?: JsonObject | undefined;
}

/**
 * The root of every error that Troupe throws on purpose.
 *
 * Branch on `code` (stable, `family.reason`), show `message` (what happened) and `remedy` (what to do). `instanceof`
 * works across two installed copies of the package, because membership is a brand and not a prototype.
 */
export class TroupeError<Code extends string = string> extends Error {
  static {
    Object.defineProperty(this.prototype, "name", { value: "TroupeError", configurable: true, writable: true });
    Object.defineProperty(this.prototype, brand, { value: "TroupeError" });
  }

  /** Stable identifier of the failure, `family.reason`. */
  readonly code: Code;
  /** What the reader can do about it. */
  readonly remedy: string;
  /** Facts for programs. */
  declare readonly details?: JsonObject;

  // Set only when there are any: an error without details has no such property.
  constructor(code: Code, message: string, options: TroupeErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
    if (options.details !== undefined) this.details = options.details;
  }

  /** True for every Troupe error, also one made by another copy of this package. */
  static isTroupeError(value: unknown): value is TroupeError {
    return typeof value === "object" && value !== null && brand in value;
  }

  /**
   * Makes `instanceof` hold across copies: an error belongs to a class when its brand names that class.
   * Classes that a program derives from these keep the ordinary prototype check.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    if (!TroupeError.isTroupeError(value)) return false;
    const prototype: unknown = this.prototype;
    if (this === TroupeError || !isObject(prototype) || !Object.hasOwn(prototype, brand)) return this === TroupeError;
    return Reflect.get(value, brand) === Reflect.get(prototype, brand);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Names a class of the family: its `name`, and the brand that other copies of the package recognise. */
export function brandErrorClass(errorClass: { readonly prototype: object }, name: string): void {
  Object.defineProperty(errorClass.prototype, "name", { value: name, configurable: true, writable: true });
  Object.defineProperty(errorClass.prototype, brand, { value: name });
}
