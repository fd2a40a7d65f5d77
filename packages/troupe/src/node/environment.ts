import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "@troupe/core";

/**
 * Reads `.env` of the working directory into the environment; what is set already stays. Nothing of it is ever printed.
 *
 * @throws ConfigError `config.invalid_option` when a file that was named does not exist or cannot be read.
 */
export function loadEnvironment(named?: string): void {
  const path = resolve(named ?? ".env");
  if (named === undefined && !existsSync(path)) return;
  try {
    process.loadEnvFile(path);
  } catch (error) {
    throw new ConfigError("config.invalid_option", `The environment file "${path}" cannot be read.`, {
      remedy: "Name a readable file of NAME=value lines with --env, or leave the option out.",
      cause: error,
    });
  }
}
