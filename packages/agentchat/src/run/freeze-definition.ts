import { ConfigError } from "@troupe/core";

/**
 * Makes an agent or team immutable: from its first run on, writing one of its fields throws and says where state belongs.
 *
 * One definition serves many runs at once, so a field would leak from one run into another (I8). Private `#fields` and the insides of
 * objects that fields hold cannot be guarded.
 */
export function freezeDefinition(definition: object): void {
  if (!Object.isExtensible(definition)) return;
  for (const [name, value] of Object.entries(definition)) {
    Object.defineProperty(definition, name, {
      enumerable: true,
      configurable: false,
      get: (): unknown => value,
      set: () => {
        throw fieldWritten(definition, name);
      },
    });
  }
  Object.preventExtensions(definition);
}

function fieldWritten(definition: object, name: string): ConfigError {
  const label =
    "name" in definition && typeof definition.name === "string" ? definition.name : definition.constructor.name;
  return new ConfigError("config.invalid_definition", `Field "${name}" of "${label}" was written after its first run`, {
    remedy: "Keep what changes in context.state: one definition serves many runs at once.",
    details: { field: name },
  });
}
