// What `.ci/run` calls after `npm ci`: checks, tests, demo, examples, portable runs. The last line it prints is
// `N passed, N failed`: every test of a vitest report counts one, every other step counts one.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { killRunning, printOutcome, root, runStep, type StepOutcome } from "./run-step.ts";
import { checks, ciOnly, tests } from "./steps.ts";

interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** A failed file without a failed test (it did not load) counts as one failure, so nothing red is lost. */
function countReport(path: string): Count {
  const report: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!isReport(report)) throw new Error(`"${path}" is not a vitest JSON report`);
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded.length };
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { status: string }[];
  }[];
}

function isReport(value: unknown): value is Report {
  return (
    typeof value === "object" &&
    value !== null &&
    "numPassedTests" in value &&
    "numFailedTests" in value &&
    "testResults" in value
  );
}

function countOutcome({ step, isOk }: StepOutcome): Count {
  const report = step.report === undefined ? undefined : join(root, step.report);
  if (report === undefined || !existsSync(report)) return { passed: isOk ? 1 : 0, failed: isOk ? 0 : 1 };
  const count = countReport(report);
  const isFailedOutsideTests = !isOk && count.failed === 0;
  return isFailedOutsideTests ? { ...count, failed: 1 } : count;
}

mkdirSync(join(root, "out", "ci"), { recursive: true });
if (tests.report !== undefined) rmSync(join(root, tests.report), { force: true });
let passed = 0;
let failed = 0;
process.once("SIGTERM", () => {
  killRunning();
  console.log(`stopped from outside\n${passed} passed, ${failed + 1} failed`);
  process.exit(3);
});
for (const step of [...checks, tests, ...ciOnly]) {
  const outcome = await runStep(step);
  printOutcome(outcome);
  const count = countOutcome(outcome);
  passed += count.passed;
  failed += count.failed;
}
console.log(`${passed} passed, ${failed} failed`);
// Not 1: that is how Node ends when this file itself breaks, and then `.ci/run` has to print the closing line.
process.exitCode = failed === 0 ? 0 : 3;
