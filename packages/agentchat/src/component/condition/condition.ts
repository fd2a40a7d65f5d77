/** What the components of all conditions have in common. */
export function condition(name: string, description: string): { provider: string; type: string; description: string } {
  return { provider: `@troupe/agentchat/${name}`, type: "termination", description };
}

/** True for an object of this very class: a subclass may behave in another way. */
export function isExactly<T extends object>(value: object, Class: abstract new (...options: never[]) => T): value is T {
  return value.constructor === Class;
}
