import { suites } from "./suites.ts";

/** A case that failed, as text: it crosses from the platform under test to the one that asks. */
export interface PortableFailure {
  readonly suite: string;
  readonly name: string;
  readonly error: string;
}

/** What one platform has to say; JSON. */
export interface PortableReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly PortableFailure[];
}

/** Runs every suite on the platform that loaded this module. */
export async function runSuites(): Promise<PortableReport> {
  let passed = 0;
  let skipped = 0;
  const failures: PortableFailure[] = [];
  for (const suite of suites) {
    const report = await suite.run();
    passed += report.passed;
    skipped += report.skipped;
    for (const result of report.results)
      if (result.status === "failed")
        failures.push({ suite: suite.name, name: result.name, error: describe(result.error) });
  }
  return { passed, failed: failures.length, skipped, failures };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
}
