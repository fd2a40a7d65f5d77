import { ConfigError } from "@troupe/core";

/** @throws ConfigError `config.invalid_option` unless the value of an option is a whole number of at least `least`. */
export function checkWholeNumber(option: string, value: number, least = 1): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new ConfigError("config.invalid_option", `${option} is ${value}`, {
    remedy: `Give a whole number of at least ${least}.`,
    details: { option },
  });
}
