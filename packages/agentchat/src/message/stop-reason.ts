/** Why a run ended, or rests. Every one is a decision; faults are errors instead. */
export const stopKinds = [
  "finished",
  "condition",
  "max-turns",
  "budget",
  "loop",
  "no-handoff",
  "graph-complete",
  "dead-end",
  "stopped",
  "cancelled",
  "stalled",
  "input-required",
] as const;

/** One of the ways a run can end. */
export type StopKind = (typeof stopKinds)[number];

/** Why a run ended, or rests. */
export interface StopReason {
  readonly kind: StopKind;
  /** Name of the termination condition, for `condition`; of the limit, for `budget`. */
  readonly condition?: string;
  /** What happened, as a sentence. */
  readonly detail: string;
  /** Number of the event that decided. */
  readonly sequence: number;
}
