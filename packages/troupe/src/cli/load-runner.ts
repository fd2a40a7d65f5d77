import { existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError, TroupeError } from "@troupe/core";
import { lendOwnPackages } from "./own-packages.ts";
import { isRunner, type AnyRunner } from "./any-runner.ts";

/** Kinds of modules that Node runs as they are. */
const moduleExtensions = new Set([".ts", ".mts", ".js", ".mjs"]);

/** How a component document is loaded. */
export interface LoadOptions {
  /** The model in the place of every other one of the document. */
  readonly modelId?: string | undefined;
  /** The module whose exports the document may name: tools, executors, functions. */
  readonly lender?: string | undefined;
}

/**
 * Loads the team or agent that a module exports as `team`, `default` or `agent`, in this order, or that a component document describes.
 *
 * @throws ConfigError `config.invalid_option` for a missing file, a file that is no module, a module that fails to load or
 * exports nothing that runs; for a document also `config.invalid_document` and `config.unknown_component`.
 */
export async function loadRunner(file: string, options: LoadOptions = {}): Promise<AnyRunner> {
  const path = resolve(file);
  if (!existsSync(path))
    throw wrongFile(
      `There is no file "${file}".`,
      "Check the path; `troupe init <dir>` makes a project with a team.ts.",
    );
  const extension = extname(path);
  if (extension === ".json") return await loadFromDocument(file, path, options);
  if (options.modelId !== undefined || options.lender !== undefined)
    throw wrongFile(
      `"${file}" is a module, and --model and --with are for documents.`,
      "Choose the model in the module.",
    );
  if (!moduleExtensions.has(extension))
    throw wrongFile(
      `"${file}" is not a module.`,
      "Name a .ts, .mts, .js or .mjs file that exports `team`, or a .json file that describes one.",
    );
  const exported = await importModule(file, path);
  const runner = ["team", "default", "agent"].map((name) => exported[name]).find(isRunner);
  if (runner !== undefined) return runner;
  throw wrongFile(
    `"${file}" exports no team.`,
    "Export it: `export const team = new RoundRobinGroupChat({ ... })`, or as the default.",
  );
}

async function loadFromDocument(file: string, path: string, { modelId, lender }: LoadOptions): Promise<AnyRunner> {
  const { loadDocument } = await import("./documents/load-document.ts");
  const lent = lender === undefined ? {} : await importModule(lender, existing(lender));
  return loadDocument(file, path, { modelId, lent });
}

function existing(file: string): string {
  const path = resolve(file);
  if (existsSync(path)) return path;
  throw wrongFile(`There is no file "${file}".`, "Check the path behind --with.");
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
