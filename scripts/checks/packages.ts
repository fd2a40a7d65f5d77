// Packs every published package as npm would and lets publint and attw judge the tarball: entries that do not resolve,
// types that lie about the module format, files that are missing. Needs a build.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, runStep, type Step } from "../run-step.ts";
import { published } from "../steps.ts";
import { report } from "../tracked-files.ts";

const folder = mkdtempSync(join(tmpdir(), "troupe-pack-"));

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

function isPacked(value: unknown): value is Packed {
  return typeof value === "object" && value !== null && "filename" in value && "files" in value;
}

/** Makes the tarball that `npm publish` would upload. */
function pack(packagePath: string): Packed {
  const args = ["pack", "--json", "--silent", "--ignore-scripts", "--pack-destination", folder];
  const printed = execFileSync("npm", args, { cwd: join(root, packagePath), shell: process.platform === "win32" });
  const answer: unknown = JSON.parse(printed.toString());
  const list: unknown[] = Array.isArray(answer) ? answer : Object.values(answer ?? {});
  const [packed] = list;
  if (!isPacked(packed)) throw new Error(`npm pack said something unexpected about "${packagePath}"`);
  return packed;
}

/** Every package explains itself and carries its licence; none ships tests or compiler caches. */
function fileProblems(packagePath: string, { files }: Packed): string[] {
  const paths = files.map(({ path }) => path);
  const missing = ["LICENSE", "README.md"].filter((name) => !paths.includes(name));
  const unwanted = paths.filter((path) => /\.test(-d)?\.|tsbuildinfo/.test(path));
  return [
    ...missing.map((name) => `${packagePath}: the tarball lacks ${name}`),
    ...unwanted.map((path) => `${packagePath}: the tarball should not hold ${path}`),
  ];
}

async function problemsOf(packagePath: string): Promise<string[]> {
  const packed = pack(packagePath);
  const tarball = join(folder, packed.filename);
  const judges: readonly Step[] = [
    { name: `publint ${packagePath}`, command: ["publint", "run", tarball, "--strict"] },
    // ESM only on purpose: a CommonJS `require` of these packages is the one thing attw may complain about.
    { name: `attw ${packagePath}`, command: ["attw", tarball, "--profile", "esm-only", "--format", "ascii"] },
  ];
  const outcomes = await Promise.all(judges.map(runStep));
  const judged = outcomes.filter(({ isOk }) => !isOk).map(({ step, output }) => `${step.name}:\n${output.trim()}`);
  return [...fileProblems(packagePath, packed), ...judged];
}

try {
  const problems: string[] = [];
  for (const path of published) problems.push(...(await problemsOf(path)));
  report(problems, `${published.length} tarballs pass publint and attw`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
