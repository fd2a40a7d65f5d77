// Peers live in bench/peers, a project of its own: a newcomer's `npm ci` does not bring them.
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = join(import.meta.dirname, "..", "peers");

/** When a file was last written; 0 when there is none. */
function writtenAt(...path: readonly string[]): number {
  return statSync(join(folder, ...path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Installs the peers unless what the lock file asks for is there. */
export function installPeers(): void {
  if (writtenAt("node_modules", ".package-lock.json") >= writtenAt("package-lock.json")) return;
  console.log("installing what the benchmarks are measured beside into bench/peers ...");
  const shell = process.platform === "win32";
  execFileSync("npm", ["ci", "--ignore-scripts", "--silent"], { cwd: folder, stdio: "inherit", shell });
}

/** The adapter `bench/peers/<name>.mjs`; its type is what that file says of itself. */
export async function loadPeer<Adapter>(name: string): Promise<Adapter> {
  installPeers();
  const module: unknown = await import(pathToFileURL(join(folder, `${name}.mjs`)).href);
  return module as Adapter;
}
