/**
 * Ends an exhaustive switch: the compiler refuses it while a case is missing.
 *
 * @throws Error when a value that the types exclude arrives at run time, which is a programmer's mistake.
 */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`);
}
