const key: unique symbol = Symbol.for("troupe.component");

/** What an object was made of. */
export interface KeptOptions {
  /** The own provider of the class or function that made it. */
  readonly provider: string;
  readonly options: object;
}

/**
 * Notes on an object what it was made of, so that it can be written as a component document.
 *
 * A constructor calls it for its own class only (`if (new.target === AssistantAgent)`): a subclass is something else, and says so itself.
 *
 * @returns the object, which must not be frozen yet.
 */
export function keepOptions<Made extends object>(made: Made, provider: string, options: object): Made {
  return Object.defineProperty(made, key, { value: { provider, options }, configurable: true });
}

/** What an object was made of; undefined when nobody noted it. */
export function keptOptions(made: object): KeptOptions | undefined {
  const kept: unknown = Reflect.get(made, key);
  return isKept(kept) ? kept : undefined;
}

function isKept(value: unknown): value is KeptOptions {
  if (typeof value !== "object" || value === null || !("provider" in value) || !("options" in value)) return false;
  return typeof value.provider === "string" && typeof value.options === "object" && value.options !== null;
}
