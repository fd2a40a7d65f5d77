/**
 * Ends an exhaustive switch: the compiler rejects the call while a case is missing.
 *
 * @throws Error when a value of a newer version reaches this point at run time.
 */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
