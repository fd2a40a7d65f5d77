import { readFileSync, statSync } from "node:fs";
import { ConfigError } from "@troupe/core";
import { type AnyRunner, isRunner } from "../any-runner.ts";
import { type DocumentOptions, documentRegistry } from "./document-registry.ts";

/** Bytes of a document; what is in it has limits of its own. */
const maxBytes = 40_000_000;

/**
 * Loads the team or agent that a component document describes, ours or AutoGen's.
 *
 * @throws ConfigError `config.invalid_option` for a file that is too large or describes nothing that runs; what the registry throws, naming the
 * place in the document.
 */
export function loadDocument(file: string, path: string, options: DocumentOptions): AnyRunner {
  const registry = documentRegistry(options);
  if (statSync(path).size > maxBytes)
    throw wrongFile(`"${file}" is larger than ${maxBytes} bytes.`, "A team is described in far less.");
  const made = registry.load(readFileSync(path, "utf8"));
  if (isRunner(made)) return made;
  throw wrongFile(`"${file}" describes nothing that runs.`, "Write a document of an agent or a team.");
}

function wrongFile(message: string, remedy: string): ConfigError {
  return new ConfigError("config.invalid_option", message, { remedy });
}
