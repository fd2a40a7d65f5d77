// What a user's compiler pays for our types: the programs of e2e/programs and the code of the documents, compiled as a project
// of their own against the built declarations, must stay within a budget of time and type instantiations. Needs a build.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, runStep } from "../run-step.ts";
import { report } from "../tracked-files.ts";
import { userOptions } from "../user-options.ts";

const leastPrograms = 40;
const maxSeconds = 5;
const maxInstantiations = 100_000;
const folder = join("out", "programs");

mkdirSync(join(root, folder), { recursive: true });
const include = ["../../e2e/programs/*/*.ts", "../docs-code/*.ts"];
writeFileSync(join(root, folder, "tsconfig.json"), JSON.stringify({ compilerOptions: userOptions, include }));

/** One figure of the compiler's own accounting, as in `Instantiations:   12345` or `Total time:   1.23s`. */
function figure(output: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+([\\d.]+)`, "m").exec(output)?.[1] ?? Number.NaN);
}

/** The time of the best of three runs: the compiler pays for our types, not for what else the machine is doing. */
async function compile(): Promise<{ isOk: boolean; output: string; seconds: number }> {
  let best = { isOk: false, output: "", seconds: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 3 && !(best.seconds <= maxSeconds); round += 1) {
    const { isOk, output } = await runStep({
      name: "programs",
      command: ["tsc", "-p", folder, "--extendedDiagnostics"],
    });
    const seconds = figure(output, "Total time");
    if (!isOk || seconds < best.seconds) best = { isOk, output, seconds };
    if (!isOk) break;
  }
  return best;
}

const { isOk, output, seconds } = await compile();
const instantiations = figure(output, "Instantiations");
const listed = await runStep({ name: "list", command: ["tsc", "-p", folder, "--listFilesOnly"] });
const programs = listed.output
  .split("\n")
  .filter((line) => /\/(e2e\/programs|out\/docs-code)\/.*\.ts$/.test(line)).length;

const problems: string[] = [];
if (!isOk) problems.push(output.trim());
if (programs < leastPrograms) problems.push(`${programs} programs, at least ${leastPrograms} are wanted`);
if (!(seconds <= maxSeconds)) problems.push(`the compiler took ${seconds} s, at most ${maxSeconds}`);
if (!(instantiations <= maxInstantiations))
  problems.push(`${instantiations} instantiations, at most ${maxInstantiations}`);
report(problems, `${programs} programs: ${seconds} s, ${instantiations} instantiations`);
