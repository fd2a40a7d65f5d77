import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { documentRegistry } from "./document-registry.ts";

/** Prints JSON Schema of every component that documents of the command may describe, for editors. */
export function schemaCommand(): ExitCode {
  process.stdout.write(`${JSON.stringify(documentRegistry().schema(), null, 2)}\n`);
  return exitCodes.ok;
}
