/**
 * Takes the caller's word for a type: the one cast of agents and runtime.
 *
 * Handler tables forget the types of their messages, and replies come back through them: what links a request to its reply, or a
 * handler to its payload, is the schema that checked the value, and the compiler cannot see that. Each call says which.
 */
export function trustType<T>(value: unknown): T {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- see above
  return value as T;
}
