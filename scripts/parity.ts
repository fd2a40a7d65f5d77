// Runs the tests of every requirement and prints the table of rows: what AutoGen does and fails, what Troupe does, and what proves it.
//   npm run parity                 everything
//   npm run parity -- agentchat    one area, or several
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, styleText } from "node:util";
import type { Requirement, Requirements } from "../e2e/requirements/requirement.ts";
import { root } from "./run-step.ts";

/** A row with what its tests said. */
type Row = Requirement & { readonly verdict: "verified" | "failed" | "unverified" | "known failure" };

const folder = join(root, "e2e", "requirements");
const { positionals } = parseArgs({ allowPositionals: true });
const known = (await readdir(folder, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const areas = positionals.length === 0 ? known.sort() : positionals;
const stranger = areas.find((area) => !known.includes(area));
if (stranger !== undefined) {
  console.error(`There is no area "${stranger}". There are ${known.join(", ")}.`);
  process.exit(2);
}

const results = await runTests(areas.map((area) => join("e2e", "requirements", area)));
let count = 0;
let isWell = true;
for (const area of areas) {
  const { requirements } = (await import(join(folder, `${area}.ts`))) as { readonly requirements: Requirements };
  const rows = [...requirements.values()].map((row): Row => ({ ...row, verdict: judge(row, results) }));
  console.log(`\n${styleText("bold", area)}: ${rows.length} rows\n`);
  for (const row of rows) console.log(describe(row));
  count += rows.length;
  isWell &&= rows.every(({ verdict }) => verdict === "verified" || verdict === "known failure");
}
console.log(`\n${count} rows, ${isWell ? "each of them verified" : "not all of them verified"}`);
process.exitCode = isWell ? 0 : 1;

/** Titles begin with the id of their row in brackets. True for each that passed. */
async function runTests(folders: readonly string[]): Promise<ReadonlyMap<string, readonly boolean[]>> {
  const scratch = await mkdtemp(join(tmpdir(), "troupe-parity-"));
  try {
    const file = join(scratch, "results.json");
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const child = spawn(process.execPath, [vitest, "run", ...folders, "--reporter=json", `--outputFile=${file}`], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
    });
    await new Promise<void>((resolve, reject) => child.once("close", () => resolve()).once("error", reject));
    const report = JSON.parse(await readFile(file, "utf8")) as Report;
    const found = new Map<string, boolean[]>();
    for (const { title, status } of report.testResults.flatMap((result) => result.assertionResults)) {
      const [, id] = /^\[([^\]]+)\]/u.exec(title) ?? [];
      if (id !== undefined) found.set(id, [...(found.get(id) ?? []), status === "passed"]);
    }
    return found;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

function judge({ id, knownFailure }: Requirement, verified: ReadonlyMap<string, readonly boolean[]>): Row["verdict"] {
  const outcomes = verified.get(id) ?? [];
  if (outcomes.length === 0) return "unverified";
  if (!outcomes.every(Boolean)) return "failed";
  return knownFailure === undefined ? "verified" : "known failure";
}

function describe({ id, kind, text, verdict, ...row }: Row): string {
  const mark = verdict === "verified" ? styleText("green", "ok  ") : styleText("red", verdict);
  const why = row.replacedBy === undefined ? "" : `\n${" ".repeat(24)}Troupe: ${row.replacedBy}`;
  return `${mark} ${id.padEnd(10)} ${kind.padEnd(8)} ${text}${why}`;
}
