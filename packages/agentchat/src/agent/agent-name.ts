import { ConfigError } from "@troupe/core";

/** An identifier of any script: what models, tools and AutoGen accept as a name. */
const namePattern = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/** @throws ConfigError `config.invalid_definition` unless the name is an identifier. */
export function checkAgentName(name: string): string {
  if (typeof name === "string" && namePattern.test(name)) return name;
  throw new ConfigError("config.invalid_definition", `${JSON.stringify(name)} is not an agent name`, {
    remedy: "Use letters, digits and underscores of any script, not starting with a digit.",
    details: { name: String(name) },
  });
}
