// What a user gets from `npm install troupe`: the packed tarballs, installed into an empty project beside their third-party
// dependencies, must stay within a footprint, load from every entry, run a team and answer on the command line. This is
// the one place where the built form runs, so it finds what only a build can break (worker files, rewritten imports).
import { execFileSync } from "node:child_process";
import { existsSync, cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../run-step.ts";
import { published } from "../steps.ts";
import { report } from "../tracked-files.ts";

const maxPackages = 15;
const maxMegabytes = 15;
/** Loading costs by the file: see docs/decisions/0011-one-file-per-entry.md. */
const maxFilesLoaded = 40;
const project = mkdtempSync(join(tmpdir(), "troupe-install-"));
const node = process.execPath;

/** Runs a program in the new project, without the source condition; its output, or what it failed with. */
function run(program: string, ...args: string[]): string {
  const shell = process.platform === "win32";
  return execFileSync(program, args, {
    cwd: project,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    shell,
    timeout: 90_000,
  });
}

/** The name of a tarball as a dependency, by the package it holds. */
function packAll(): Record<string, string> {
  const entries = published.map((path): [string, string] => {
    const args = ["pack", join(root, path), "--silent", "--ignore-scripts", "--pack-destination", project];
    const file =
      run("npm", ...args)
        .trim()
        .split("\n")
        .at(-1) ?? "";
    const manifest: unknown = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));
    if (typeof manifest !== "object" || manifest === null || !("name" in manifest))
      throw new Error(`"${path}" has no name`);
    return [String(manifest.name), `file:${file}`];
  });
  return Object.fromEntries(entries);
}

/** Every file below a folder. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile());
}

/** The entries a user can import, as `name/path`. */
function specifiersOf(packages: Readonly<Record<string, string>>): string[] {
  return Object.keys(packages).flatMap((name) => {
    const manifest: unknown = JSON.parse(readFileSync(join(project, "node_modules", name, "package.json"), "utf8"));
    if (typeof manifest !== "object" || manifest === null || !("exports" in manifest)) return [];
    const paths = Object.keys(manifest.exports ?? {}).filter((path) => path !== "./package.json");
    return paths.map((path) => name + path.slice(1));
  });
}

/** The folders of a package and of everything it needs, without zod, which only the programs here use. */
function closureOf(name: string, found: Set<string> = new Set()): ReadonlySet<string> {
  const folder = join(project, "node_modules", name);
  if (found.has(folder) || name === "zod" || !existsSync(folder)) return found;
  found.add(folder);
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const needed =
    typeof manifest === "object" && manifest !== null && "dependencies" in manifest ? manifest.dependencies : {};
  for (const needs of Object.keys(needed ?? {})) closureOf(needs, found);
  return found;
}

/** What a newcomer's install brings: the one package and what it needs. */
function footprintProblems(): string[] {
  const folders = closureOf("troupe");
  const packages = folders.size;
  const installed = [...folders].flatMap(filesOf);
  const megabytes = installed.reduce((sum, path) => sum + statSync(path).size, 0) / 1_000_000;
  console.log(`npm install troupe: ${packages} packages, ${megabytes.toFixed(1)} MB`);
  return [
    ...(packages > maxPackages ? [`${packages} packages, at most ${maxPackages}`] : []),
    ...(megabytes > maxMegabytes ? [`${megabytes.toFixed(1)} MB, at most ${maxMegabytes}`] : []),
  ];
}

/** How many files one `import "troupe"` loads: what its time depends on, and the same on every machine. */
function importProblems(): string[] {
  const program = `
    import { registerHooks } from "node:module";
    let count = 0;
    registerHooks({ load: (url, context, next) => { count += url.startsWith("file:") ? 1 : 0; return next(url, context); } });
    await import("troupe");
    console.log(count);`;
  const count = Number(run(node, "--input-type=module", "-e", program));
  console.log(`import "troupe": ${count} files`);
  return count > 0 && count <= maxFilesLoaded
    ? []
    : [`import "troupe" loads ${count} files, at most ${maxFilesLoaded}`];
}

/** Programs of e2e/programs, which check themselves; here they run from the built packages. */
const programs = [
  "core/manager.ts",
  "llm/tool-loop.ts",
  "agents/tools.ts",
  "teams/code-runner.ts",
  "teams/question.ts",
];

function runProblems(packages: Readonly<Record<string, string>>): string[] {
  const attempts: readonly (readonly [name: string, run: () => void])[] = [
    ...specifiersOf(packages).map(
      (name) => [name, () => void run(node, "-e", `await import("${name}")`, "--input-type=module")] as const,
    ),
    ...programs.map((name) => [name, () => void run(node, join("programs", name))] as const),
    ["troupe --help", () => void run(join("node_modules", ".bin", "troupe"), "--help")],
  ];
  return attempts.flatMap(([name, attempt]) => {
    try {
      attempt();
      return [];
    } catch (error) {
      return [`${name} fails when installed: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}

try {
  const packages = packAll();
  const manifest = { name: "newcomer", private: true, type: "module", dependencies: { ...packages, zod: "^4.0.0" } };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  run("npm", "install", "--silent", "--no-audit", "--no-fund");
  cpSync(join(root, "e2e", "programs"), join(project, "programs"), { recursive: true });
  report([...footprintProblems(), ...importProblems(), ...runProblems(packages)], "the installed packages work");
} finally {
  rmSync(project, { recursive: true, force: true });
}
