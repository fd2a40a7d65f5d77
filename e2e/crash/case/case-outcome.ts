import type { Entrance, StoreAddress } from "../worker/assignment.ts";
import type { Kill } from "../campaign/kill-plan.ts";
import type { CaseEvidence } from "./case-evidence.ts";
import type { Life } from "./life.ts";
import type { Transcript } from "../judge/transcript.ts";

/** One run and how it is to be killed. */
export interface CaseOptions {
  readonly scenario: string;
  readonly runId: string;
  /** Of how long answers from outside take. */
  readonly seed: string;
  readonly store: StoreAddress;
  readonly kills: readonly Kill[];
  readonly entrances: readonly Entrance[];
  readonly durability: "step" | "turn";
  /** The uninterrupted run; undefined when this is it. */
  readonly expected: Transcript | undefined;
}

/** What came of a case. */
export interface CaseOutcome {
  readonly violations: readonly string[];
  /** Processes that were really killed. */
  readonly kills: number;
  /** Steps that ended as `unknown`. */
  readonly unknown: number;
  readonly transcript: Transcript | undefined;
  readonly events: number;
  readonly writes: number;
  readonly requests: number;
  /** Milliseconds that its last process worked. */
  readonly workedMs: number;
  /** Of a case that went wrong. */
  readonly evidence: CaseEvidence | undefined;
}

/** A healthy process reports nothing to the error port. */
export function faultsOf({ lines }: Life): readonly string[] {
  return lines.flatMap((line) => (line.kind === "fault" ? [`fault: ${line.message}`] : []));
}

/** How often a process wrote; 0 when it did not close in order. */
export function writesOf({ lines }: Life): number {
  return lines.find((line) => line.kind === "closed")?.writes ?? 0;
}

/** Why a life that nobody ended has not done what it should. */
export function describeEnd({ lines, end, isStuck }: Life): string {
  if (isStuck) return "the process did not come to an end";
  const failed = lines.find((line) => line.kind === "failed");
  if (failed !== undefined) return `it failed with ${failed.code}: ${failed.message}`;
  return `the process ended with code ${end.code}, signal ${end.signal}: ${end.errors.slice(0, 2000)}`;
}
