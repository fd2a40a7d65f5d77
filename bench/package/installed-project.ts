// What a newcomer gets: the workspaces built, packed and installed into an empty folder.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");
const shell = process.platform === "win32";

function run(program: string, args: readonly string[], folder: string): string {
  return execFileSync(program, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], shell });
}

/** Own packages that `troupe` depends on, itself included, by name and folder. */
function ownPackages(
  name: string,
  folders: ReadonlyMap<string, string>,
  found = new Map<string, string>(),
): Map<string, string> {
  const folder = folders.get(name);
  if (folder === undefined || found.has(name)) return found;
  found.set(name, folder);
  for (const dependency of Object.keys(readManifest(folder).dependencies ?? {}))
    ownPackages(dependency, folders, found);
  return found;
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** Builds, packs and installs `troupe`; the folder of the new project. Remove it with `removeProject`. */
export function installProject(): string {
  const project = mkdtempSync(join(tmpdir(), "troupe-bench-"));
  run("npm", ["run", "--silent", "build"], root);
  const folders = ["packages", "extensions"].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(root, parent, name)),
  );
  const byName = new Map(
    folders
      .filter((folder) => existsSync(join(folder, "package.json")))
      .map((folder) => [readManifest(folder).name, folder]),
  );
  const dependencies: Record<string, string> = {};
  for (const [name, folder] of ownPackages("troupe", byName)) {
    const packed = run("npm", ["pack", folder, "--silent", "--ignore-scripts", "--pack-destination", project], project);
    dependencies[name] = `file:${packed.trim().split("\n").at(-1) ?? ""}`;
  }
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "newcomer", private: true, type: "module", dependencies }),
  );
  run("npm", ["install", "--silent", "--no-audit", "--no-fund"], project);
  return project;
}

/** Removes what `installProject` made. */
export function removeProject(project: string): void {
  rmSync(project, { recursive: true, force: true });
}

/** Packages and bytes below a project's `node_modules`. */
export function footprint(project: string): { readonly packages: number; readonly bytes: number } {
  const folder = join(project, "node_modules");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile());
  const manifests = files.filter((path) => /node_modules[\\/](@[^\\/]+[\\/])?[^\\/@]+[\\/]package\.json$/.test(path));
  return { packages: manifests.length, bytes: files.reduce((sum, path) => sum + statSync(path).size, 0) };
}
