import { existsSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError, MemoryStore, type Store } from "@troupe/core";
import { makeDirectory } from "../../node/make-directory.ts";
import { type StoreSpec, storeVariable } from "./store-spec.ts";

/**
 * Opens the store, made when it is not there yet.
 *
 * @throws ConfigError `config.missing_package` for PostgreSQL without its package, `config.invalid_option` for a folder that cannot be made.
 */
export async function openStore(spec: StoreSpec): Promise<Store> {
  switch (spec.kind) {
    case "memory":
      return new MemoryStore();
    case "sqlite": {
      await prepareFolder(spec.path);
      const { sqliteStore } = await import("@troupe/sqlite");
      return sqliteStore(resolve(spec.path));
    }
    case "postgres":
      return openPostgres(spec.url);
  }
}

/**
 * Opens a store that is expected to hold runs already.
 *
 * @throws ConfigError `config.invalid_option` for one that is not there, or that ended with its process.
 */
export function openExistingStore(spec: StoreSpec): Promise<Store> {
  if (spec.kind === "memory") {
    throw new ConfigError(
      "config.invalid_option",
      "Runs in memory end with their process: there is nothing to look at.",
      {
        remedy: `Leave --store and ${storeVariable} out, or name a store that outlives the process.`,
      },
    );
  }
  if (spec.kind === "sqlite" && !existsSync(spec.path)) {
    throw new ConfigError("config.invalid_option", `There is no store "${spec.path}" here.`, {
      remedy: "`troupe run` makes it; in another folder, go there or name the file: --store sqlite:path/to/runs.db",
    });
  }
  return openStore(spec);
}

/** Opens an existing store for one piece of work, and closes it whatever comes of that. */
export async function withStore<Result>(spec: StoreSpec, use: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openExistingStore(spec);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** The project's own folder is for its owner's eyes and keeps itself out of git; any other is the user's affair. */
async function prepareFolder(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const isOwn = basename(folder) === ".troupe" && !existsSync(folder);
  try {
    await makeDirectory(folder);
    if (!isOwn) return;
    await chmod(folder, 0o700);
    await writeFile(join(folder, ".gitignore"), "*\n");
  } catch (error) {
    throw new ConfigError("config.invalid_option", `The folder of the store "${path}" cannot be made.`, {
      remedy: "Name a file in a folder that can be written to: --store sqlite:path/to/runs.db",
      cause: error,
    });
  }
}

const postgresPackage = "@troupe/postgres";

/** The package is optional: only whoever wants it has its driver. */
async function openPostgres(url: string): Promise<Store> {
  const loaded: unknown = await import(locatePostgres([join(process.cwd(), "package.json"), import.meta.url]));
  if (isPostgresModule(loaded)) return loaded.postgresStore({ connectionString: url });
  throw new ConfigError("config.missing_package", `The package "${postgresPackage}" is of another version.`, {
    remedy: `Run: npm install ${postgresPackage}`,
  });
}

/** The package as the first of these places sees it: the project's own, else this installation's. @throws ConfigError `config.missing_package`. */
export function locatePostgres(places: readonly string[]): string {
  for (const place of places) {
    try {
      return pathToFileURL(createRequire(place).resolve(postgresPackage)).href;
    } catch {
      // Not installed there.
    }
  }
  throw new ConfigError("config.missing_package", `A PostgreSQL store needs the package "${postgresPackage}".`, {
    remedy: `Run: npm install ${postgresPackage}`,
  });
}

interface PostgresModule {
  readonly postgresStore: (options: { readonly connectionString: string }) => Store;
}

function isPostgresModule(value: unknown): value is PostgresModule {
  return (
    typeof value === "object" && value !== null && "postgresStore" in value && typeof value.postgresStore === "function"
  );
}
