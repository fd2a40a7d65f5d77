// `npm run verify`: every check and the tests, cheap first; stops at nothing, so one run shows all that is red.
// --checks leaves the tests out; --only a,b runs the named steps; --bail stops at the first failure.
import { parseArgs } from "node:util";
import { printOutcome, runStep } from "./run-step.ts";
import { checks, tests } from "./steps.ts";

const { values } = parseArgs({
  options: { checks: { type: "boolean" }, only: { type: "string" }, bail: { type: "boolean" } },
});
const only = values.only?.split(",");
const all = values.checks ? checks : [...checks, tests];
const steps = only === undefined ? all : all.filter((step) => only.includes(step.name));
const failed: string[] = [];
for (const step of steps) {
  const outcome = await runStep(step);
  printOutcome(outcome);
  if (!outcome.isOk) failed.push(step.name);
  if (!outcome.isOk && values.bail) break;
}
console.log(failed.length === 0 ? `all ${steps.length} steps passed` : `failed: ${failed.join(", ")}`);
if (failed.length > 0 || steps.length === 0) process.exitCode = 1;
