import { ConfigError } from "@troupe/core";

/** Where runs are kept, as the command line and the environment say it. */
export type StoreSpec =
  | { readonly kind: "memory" }
  | { readonly kind: "sqlite"; readonly path: string }
  | { readonly kind: "postgres"; readonly url: string };

/** The variable that stands in for `--store`, so that no password has to be on a command line. */
export const storeVariable = "TROUPE_STORE";

/** The store of a project: one file, below its working directory. */
const projectStore: StoreSpec = { kind: "sqlite", path: ".troupe/runs.db" };

/** What was asked for: the option, else the variable, else the project's file. @throws ConfigError `config.invalid_option`. */
export function chooseStore(option: string | undefined, environment: NodeJS.ProcessEnv = process.env): StoreSpec {
  const named = option ?? environment[storeVariable] ?? "";
  return named === "" ? projectStore : parseStoreSpec(named);
}

/** Reads `memory`, `sqlite:path`, or the URL of a PostgreSQL database. @throws ConfigError `config.invalid_option`. */
export function parseStoreSpec(text: string): StoreSpec {
  if (text === "memory") return { kind: "memory" };
  const [, scheme = "", rest = ""] = /^(\w+):(.+)$/s.exec(text) ?? [];
  if (scheme === "sqlite") return { kind: "sqlite", path: rest };
  if (scheme === "postgres" || scheme === "postgresql")
    return { kind: "postgres", url: rest.startsWith("//") ? text : rest };
  // What was written may hold a password: it is not repeated.
  throw new ConfigError("config.invalid_option", "The store that was named is none that the command knows.", {
    remedy: `Write memory, sqlite:path/to/runs.db or postgres://host/database; with a password, in ${storeVariable}.`,
  });
}

/** A store by name, without its password. */
export function describeStore(spec: StoreSpec): string {
  switch (spec.kind) {
    case "memory":
      return "memory";
    case "sqlite":
      return spec.path;
    case "postgres":
      return spec.url.replace(/(\/\/[^:/@]*):[^@/]*@/, "$1@").replace(/\?.*$/s, "");
  }
}

/** The options that name a store again, for a command that a person can copy; empty for the project's own. */
export function repeatStoreOption(spec: StoreSpec, environment: NodeJS.ProcessEnv = process.env): string {
  const chosen = JSON.stringify(spec);
  if (chosen === JSON.stringify(chooseStore(undefined, environment)) || spec.kind !== "sqlite") return "";
  return ` --store sqlite:${spec.path}`;
}
