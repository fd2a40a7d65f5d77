import { ConfigError } from "@troupe/core";

/** What a loaded module exports, still to be looked at. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/**
 * Imports an optional package from the project that uses us, then from where we are installed ourselves.
 *
 * The specifier is computed, so a bundler neither fails on a package that is absent nor adds one that is never used.
 *
 * @throws ConfigError `config.missing_package`, naming the line that installs it.
 */
export async function loadPackage(name: string, projectFolder: string): Promise<ModuleExports> {
  const specifier = locate(name, projectFolder) ?? name;
  try {
    const loaded: unknown = await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier);
    return isExports(loaded) ? loaded : {};
  } catch (cause) {
    throw missingPackage(name, cause);
  }
}

/** Node's own modules, taken at first use and not imported: so this file loads in browsers and workers too. */
function builtIn(): Pick<NodeJS.Process, "getBuiltinModule"> | undefined {
  return typeof process === "object" && typeof process.getBuiltinModule === "function" ? process : undefined;
}

/** The URL of the package's main module as seen from a folder, or `undefined` when it is not installed there. */
function locate(name: string, projectFolder: string): string | undefined {
  const host = builtIn();
  if (host === undefined) return undefined;
  const [fs, path, url] = [
    host.getBuiltinModule("node:fs"),
    host.getBuiltinModule("node:path"),
    host.getBuiltinModule("node:url"),
  ];
  const findPackage: unknown = Reflect.get(host.getBuiltinModule("node:module"), "findPackageJSON");
  const manifestPath = findManifest(
    findPackage,
    name,
    url.pathToFileURL(path.join(projectFolder, "package.json")).href,
  );
  if (manifestPath === undefined) return undefined;
  const manifest: unknown = JSON.parse(fs.readFileSync(manifestPath, "utf8"));
  const entry = isExports(manifest) ? mainEntry(manifest) : undefined;
  return entry === undefined ? undefined : url.pathToFileURL(path.join(path.dirname(manifestPath), entry)).href;
}

/** A runtime may lack the function: Node before 22.14, others. */
function findManifest(find: unknown, name: string, from: string): string | undefined {
  if (typeof find !== "function") return undefined;
  try {
    return textOf(Reflect.apply(find, undefined, [name, from]));
  } catch {
    // Node throws for a package that is not there.
    return undefined;
  }
}

function mainEntry(manifest: ModuleExports): string | undefined {
  const exported = manifest["exports"];
  const root = isExports(exported) && "." in exported ? exported["."] : exported;
  return pickCondition(root) ?? textOf(manifest["module"]) ?? textOf(manifest["main"]);
}

/** Walks the conditions of an `exports` entry as an importing Node does. */
function pickCondition(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  if (!isExports(target)) return undefined;
  for (const [condition, next] of Object.entries(target)) {
    if (condition !== "node" && condition !== "import" && condition !== "module-sync" && condition !== "default")
      continue;
    const found = pickCondition(next);
    if (found !== undefined) return found;
  }
  return undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function isExports(value: unknown): value is ModuleExports {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function missingPackage(name: string, cause: unknown): ConfigError {
  const isAbsent =
    isExports(cause) &&
    "code" in cause &&
    cause["code"] === "ERR_MODULE_NOT_FOUND" &&
    String(cause["message"]).includes(name);
  return new ConfigError(
    "config.missing_package",
    isAbsent ? `The package "${name}" is not installed.` : `The package "${name}" cannot be loaded.`,
    {
      remedy: `Run: npm install ${name}`,
      cause,
      details: { package: name },
    },
  );
}
