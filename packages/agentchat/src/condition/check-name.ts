import { ConfigError } from "@troupe/core";

/** @throws ConfigError `config.invalid_option` unless the name of an agent or tool is a text with something in it. */
export function checkName(option: string, name: string): string {
  if (typeof name === "string" && name !== "") return name;
  throw new ConfigError("config.invalid_option", `${option} is ${JSON.stringify(name)}`, {
    remedy: "Give the name of an agent or a tool.",
    details: { option },
  });
}
