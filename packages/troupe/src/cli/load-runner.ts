import { existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError, TroupeError } from "@troupe/core";
import { lendOwnPackages } from "./own-packages.ts";
import { isRunner, type AnyRunner } from "./any-runner.ts";

/** Kinds of modules that Node runs as they are. */
const moduleExtensions = new Set([".ts", ".mts", ".js", ".mjs"]);

/**
 * Loads the team or agent that a module exports as `team`, `default` or `agent`, in this order.
 *
 * @throws ConfigError `config.invalid_option` for a missing file, a file that is no module, a module that fails to load or
 * exports nothing that runs.
 */
export async function loadRunner(file: string): Promise<AnyRunner> {
  const path = resolve(file);
  if (!existsSync(path))
    throw wrongFile(
      `There is no file "${file}".`,
      "Check the path; `troupe init <dir>` makes a project with a team.ts.",
    );
  const extension = extname(path);
  if (extension === ".json") {
    throw wrongFile(
      `"${file}" is a component document, and this version of the command runs modules only.`,
      "Write a module that exports `team`.",
    );
  }
  if (!moduleExtensions.has(extension))
    throw wrongFile(`"${file}" is not a module.`, "Name a .ts, .mts, .js or .mjs file that exports `team`.");
  const exported = await importModule(file, path);
  const runner = ["team", "default", "agent"].map((name) => exported[name]).find(isRunner);
  if (runner !== undefined) return runner;
  throw wrongFile(
    `"${file}" exports no team.`,
    "Export it: `export const team = new RoundRobinGroupChat({ ... })`, or as the default.",
  );
}

async function importModule(file: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  lendOwnPackages();
  try {
    const exported: unknown = await import(pathToFileURL(path).href);
    return isRecord(exported) ? exported : {};
  } catch (error) {
    if (TroupeError.isTroupeError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError("config.invalid_option", `"${file}" cannot be loaded: ${reason}`, {
      remedy: "Run it with Node to see the error in full, or install the packages that it imports.",
      cause: error,
    });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function wrongFile(message: string, remedy: string): ConfigError {
  return new ConfigError("config.invalid_option", message, { remedy });
}
