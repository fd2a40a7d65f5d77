import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run-step.ts";

/** Paths, from the root, of every file that git tracks or would track and that exists; sorted. */
export function trackedFiles(): readonly string[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  const paths = new Set(listed.toString().split("\0"));
  return [...paths].filter((path) => path !== "" && isFile(join(root, path))).sort();
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Prints what is wrong and sets the exit code, or says in one line that nothing is. */
export function report(problems: readonly string[], summary: string): void {
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? summary : `${problems.length} problems`);
  if (problems.length > 0) process.exitCode = 1;
}
