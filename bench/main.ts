// npm run bench [-- name ...] [-- --quick]
// Each benchmark runs in a process of its own, so that none inherits another's heap; it and its peer share one.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchmarks } from "./benchmarks.ts";
import { type Figure, isMet } from "./harness/benchmark.ts";
import { describeMachine, formatFigure } from "./harness/report.ts";

interface Answer {
  readonly claim?: string;
  readonly figures: readonly Figure[];
}

interface Outcome extends Answer {
  readonly name: string;
  readonly error?: string;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false } },
});

/** Runs one benchmark in a child, on the unbuilt sources; never rejects. */
function runChild(name: string): Promise<Outcome> {
  const flags = ["--expose-gc", "--conditions=troupe-source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(
    process.execPath,
    [...flags, join(import.meta.dirname, "run-one.ts"), name, ...(values.quick ? ["--quick"] : [])],
    { stdio: ["ignore", "inherit", "inherit", "ipc"] },
  );
  return new Promise((resolve) => {
    let answer: Answer = { figures: [] };
    child.on("message", (message) => {
      answer = message as Answer;
    });
    child.once("error", (error) => resolve({ name, ...answer, error: error.message }));
    child.once("close", (code) => {
      const isWhole = code === 0 && answer.figures.length > 0;
      resolve(isWhole ? { name, ...answer } : { name, ...answer, error: `ended with code ${code}` });
    });
  });
}

function select(parts: readonly string[]): readonly string[] {
  const names = Object.keys(benchmarks);
  const chosen = names.filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)));
  if (chosen.length > 0) return chosen;
  throw new Error(`no benchmark is named "${parts.join(" ")}"; there are ${names.join(", ")}`);
}

const outcomes: Outcome[] = [];
console.log(describeMachine());
for (const name of select(positionals)) {
  const outcome = await runChild(name);
  for (const figure of outcome.figures) console.log(formatFigure(figure));
  if (outcome.error !== undefined) console.log(`  BROKEN: ${outcome.error}`);
  outcomes.push(outcome);
}
const folder = join(import.meta.dirname, "..", "out");
mkdirSync(folder, { recursive: true });
const report = { machine: describeMachine(), isQuick: values.quick, outcomes };
writeFileSync(join(folder, "bench.json"), `${JSON.stringify(report, undefined, 2)}\n`);
const verdicts = outcomes.flatMap((outcome) => outcome.figures.map(isMet)).filter((met) => met !== undefined);
const broken = outcomes.filter((outcome) => outcome.error !== undefined).length;
console.log(
  `\n${verdicts.filter(Boolean).length} of ${verdicts.length} targets met, ${broken} benchmarks broken; out/bench.json`,
);
// A missed target is a figure to read, not a failure: machines differ. A benchmark that does not run is one.
process.exitCode = broken === 0 ? 0 : 1;
