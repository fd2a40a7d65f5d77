// What STYLE says about files that no linter sees: folder sizes, medians, names, `export *`, one-by-one entries.
// Function length, file length and parameter counts are lint rules; here the files are only measured for the summary.
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { root } from "../run-step.ts";
import { report, trackedFiles } from "../tracked-files.ts";

const maxFilesPerFolder = 12;
const maxMedianLines = 100;
const maxP90Lines = 300;
const vagueNames = new Set(["utils", "util", "helpers", "helper", "common", "misc", "types"]);

/** What shipped sources may not contain, for reasons that no linter knows. */
const forbidden = [
  { pattern: /^export \* /m, why: '"export *": list the names one by one' },
  { pattern: /^\s*await using /m, why: '"await using" does not run unbuilt on Node 22: use try and finally' },
  { pattern: /^(export )?(let|var) /m, why: "mutable state at module level: two runs would share it" },
];

const isTest = (path: string): boolean => /\.test(-d)?\.ts$/.test(path);
const isExempt = (path: string): boolean => path.endsWith(".data.ts") || path.endsWith(".d.ts");
const isShipped = (path: string): boolean => /^(packages|extensions)\/[^/]+\/src\//.test(path);

const sources = trackedFiles().filter((path) => path.endsWith(".ts") && !isTest(path) && !isExempt(path));

/** Lines that hold code: not blank, not inside a comment that stands alone. */
function codeLines(text: string): number {
  const withoutBlocks = text.replace(/^[ \t]*\/\*[\s\S]*?\*\/[ \t]*$/gm, "");
  return withoutBlocks.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//")).length;
}

function folderProblems(): string[] {
  const counts = new Map<string, number>();
  for (const path of sources) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > maxFilesPerFolder)
    .map(
      ([folder, count]) =>
        `${folder}: ${count} source files, at most ${maxFilesPerFolder}: split it by what changes together`,
    );
}

function fileProblems(path: string): string[] {
  const problems: string[] = [];
  const name = basename(path).replace(/\..*$/, "");
  if (vagueNames.has(name)) problems.push(`${path}: "${name}" says nothing: name the file for its main export`);
  const text = readFileSync(join(root, path), "utf8");
  if (isShipped(path))
    problems.push(...forbidden.filter(({ pattern }) => pattern.test(text)).map(({ why }) => `${path}: ${why}`));
  return problems;
}

/** The value below which the given share of the sorted numbers lies. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const lengths = sources
  .filter(isShipped)
  .map((path) => codeLines(readFileSync(join(root, path), "utf8")))
  .sort((a, b) => a - b);
const median = quantile(lengths, 0.5);
const p90 = quantile(lengths, 0.9);
const problems = [...folderProblems(), ...sources.flatMap(fileProblems)];
if (median > maxMedianLines)
  problems.push(`the median source file has ${median} code lines, at most ${maxMedianLines}`);
if (p90 > maxP90Lines) problems.push(`one in ten source files has more than ${p90} code lines, at most ${maxP90Lines}`);
report(
  problems,
  `${lengths.length} shipped sources: median ${median}, p90 ${p90}, longest ${lengths.at(-1) ?? 0} code lines`,
);
