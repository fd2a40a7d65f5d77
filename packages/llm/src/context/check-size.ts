import { ConfigError } from "@troupe/core";

/** @throws ConfigError `config.invalid_option` unless the value is a positive integer. */
export function checkSize(option: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new ConfigError("config.invalid_option", `The option "${option}" of a model context is ${value}.`, {
    remedy: "Give a whole number of messages above zero.",
    details: { option },
  });
}
