// Packs every published package as npm would and lets publint and attw judge the tarball: entries that do not resolve,
// types that lie about the module format, files that are missing. Needs a build.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, runStep, type Step } from "./run-step.ts";
import { published } from "./steps.ts";
import { report } from "./tracked-files.ts";

const folder = mkdtempSync(join(tmpdir(), "troupe-pack-"));

/** The tarball that `npm publish` would upload. */
function pack(packagePath: string): string {
  const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
  const printed = execFileSync("npm", args, { cwd: join(root, packagePath), shell: process.platform === "win32" });
  return join(folder, printed.toString().trim().split("\n").at(-1) ?? "");
}

async function problemsOf(packagePath: string): Promise<string[]> {
  const tarball = pack(packagePath);
  const judges: readonly Step[] = [
    { name: `publint ${packagePath}`, command: ["publint", "run", tarball, "--strict"] },
    // ESM only on purpose: a CommonJS `require` of these packages is the one thing attw may complain about.
    { name: `attw ${packagePath}`, command: ["attw", tarball, "--profile", "esm-only", "--format", "ascii"] },
  ];
  const outcomes = await Promise.all(judges.map(runStep));
  return outcomes.filter(({ isOk }) => !isOk).map(({ step, output }) => `${step.name}:\n${output.trim()}`);
}

try {
  const problems: string[] = [];
  for (const path of published) problems.push(...(await problemsOf(path)));
  report(problems, `${published.length} tarballs pass publint and attw`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
