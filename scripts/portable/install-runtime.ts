// Runtimes come from npm, each into a folder of its own under node_modules/.cache: together they are 600 MB, too much for `npm ci`.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../run-step.ts";

const execute = promisify(execFile);

/**
 * The folder of an installed package, installed when it is not there.
 *
 * @param spec name and exact version: `deno@2.9.6`.
 * @throws Error with npm's own words.
 */
export async function installPackage(spec: string): Promise<string> {
  const name = spec.slice(0, spec.lastIndexOf("@"));
  const folder = join(root, "node_modules", ".cache", "troupe-portable", spec.replaceAll(/[^\w.-]/g, "_"));
  const installed = join(folder, "node_modules", name);
  if (existsSync(join(installed, "package.json"))) return installed;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const shell = process.platform === "win32";
  const args = ["install", spec, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
  await execute("npm", args, { cwd: folder, shell });
  return installed;
}

/** A file of a package that the wanted one brought for this operating system: the first of some paths that exists. */
export function findInstalled(packageFolder: string, candidates: readonly string[]): string | undefined {
  const nodeModules = packageFolder.slice(0, packageFolder.lastIndexOf("node_modules") + "node_modules".length);
  return candidates.map((candidate) => join(nodeModules, candidate)).find((path) => existsSync(path));
}
