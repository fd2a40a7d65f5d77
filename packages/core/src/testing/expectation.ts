import type { MaybePromise } from "../async/index.ts";
import { TroupeError } from "../errors/index.ts";

/** A promise of a contract is broken. */
export class ContractViolation extends Error {
  override readonly name: string = "ContractViolation";
}

/** @throws ContractViolation unless `isTrue`. */
export function expectThat(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new ContractViolation(what);
}

/**
 * Compares by value: plain objects (properties that are `undefined` count as absent), arrays, and everything else by identity.
 *
 * @throws ContractViolation naming both values.
 */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (isEqual(actual, expected)) return;
  throw new ContractViolation(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

/**
 * Runs an action that must fail with a code.
 *
 * @returns the error.
 * @throws ContractViolation when it succeeds or fails otherwise.
 */
export async function expectCode(
  code: string,
  what: string,
  action: () => MaybePromise<unknown>,
): Promise<TroupeError> {
  const outcome = await settle(action);
  if (outcome.status === "fulfilled")
    throw new ContractViolation(`${what}: expected ${code}, got the value ${show(outcome.value)}`);
  const { error } = outcome;
  if (TroupeError.isTroupeError(error) && error.code === code) {
    expectThat(error.remedy !== "", `${what}: ${code} has no remedy`);
    return error;
  }
  throw new ContractViolation(`${what}: expected ${code}, got ${show(error)}`, { cause: error });
}

/** The code of a Troupe error; of any other, its message. */
export function codeOf(error: unknown): string {
  if (TroupeError.isTroupeError(error)) return error.code;
  return error instanceof Error ? error.message : String(error);
}

/** How an action ended, as data. */
export type Outcome<T> =
  | { readonly status: "fulfilled"; readonly value: T }
  | { readonly status: "rejected"; readonly error: unknown };

/** Runs an action and catches what it throws, now or later. */
export async function settle<T>(action: () => MaybePromise<T>): Promise<Outcome<T>> {
  try {
    return { status: "fulfilled", value: await action() };
  } catch (error) {
    return { status: "rejected", error };
  }
}

function isEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index]));
  }
  if (!isRecord(left) || !isRecord(right)) return false;
  const keys = new Set([...definedKeys(left), ...definedKeys(right)]);
  return [...keys].every((key) => isEqual(left[key], right[key]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function definedKeys(value: Record<string, unknown>): readonly string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined);
}

function show(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  try {
    const text = JSON.stringify(value);
    return text === undefined ? String(value) : text.slice(0, 2000);
  } catch {
    return String(value);
  }
}
