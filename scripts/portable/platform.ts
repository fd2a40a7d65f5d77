/** What `e2e/portable/run-suites.ts` answers, read back from another process. */
export interface PlatformReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly { readonly suite: string; readonly name: string; readonly error: string }[];
}

/** What became of one platform. */
export type PlatformOutcome =
  | { readonly kind: "ran"; readonly version: string; readonly report: PlatformReport }
  /** It is not there, and nothing that this script may do would bring it. */
  | { readonly kind: "missing"; readonly reason: string };

/** One runtime that has to run the suites. */
export interface Platform {
  /** As on the command line: `node22`, `deno`. */
  readonly name: string;
  /** Runs the bundle. Rejects when the platform breaks instead of answering. */
  readonly run: (bundle: Bundle) => Promise<PlatformOutcome>;
}

/** The one build that all platforms load. */
export interface Bundle {
  /** Absolute path of an ES module that exports `runSuites`. */
  readonly path: string;
  readonly folder: string;
}

/** Reads a report. @throws Error when the text is none: the platform broke before it could answer. */
export function parseReport(text: string): PlatformReport {
  const line = text.split("\n").find((candidate) => candidate.startsWith('{"passed":'));
  const report: unknown = line === undefined ? undefined : JSON.parse(line);
  if (isReport(report)) return report;
  throw new Error(`no report came back, but:\n${text.trim().slice(-4000)}`);
}

function isReport(value: unknown): value is PlatformReport {
  return (
    typeof value === "object" &&
    value !== null &&
    "passed" in value &&
    "failed" in value &&
    "skipped" in value &&
    "failures" in value &&
    Array.isArray(value.failures)
  );
}
