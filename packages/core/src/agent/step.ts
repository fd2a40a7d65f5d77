import type { JsonValue } from "../errors/index.ts";

/** Options of one journaled step (C6, C8). */
export interface StepOptions {
  /** True when running twice does no harm: found in flight after a crash, the step runs again. Default false. */
  readonly idempotent?: boolean | undefined;
  /** Replaces the occurrence count in the step's key; tool calls pass their call id. Unique within the turn. */
  readonly key?: string | undefined;
  /** Further tries after a failure, before `failed` is recorded. Default 0. */
  readonly retries?: number | undefined;
  /** Milliseconds before the first retry; doubles each time, with full jitter. Default 100. */
  readonly backoffMs?: number | undefined;
  /** Milliseconds for one try; then its signal aborts and the try fails with `state.step_timeout`. Default none. */
  readonly timeoutMs?: number | undefined;
  /** Small JSON kept with the claim (a budget reservation, the call's arguments); makes the step write a claim. */
  readonly claim?: JsonValue | undefined;
}

/** What the function of a step gets. */
export interface StepContext {
  /** Aborts on cancel, interrupt, timeout, shutdown and when the attempt is over. */
  readonly signal: AbortSignal;
  /** The same for every try, retry and resume of this step. */
  readonly idempotencyKey: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Earlier executions that were claimed and never settled, because their process died: 0 in ordinary times. */
  readonly lost: number;
  /** Keeps what is there so far: recorded as the partial output when the step is cancelled. The last call counts. */
  partial(value: JsonValue): void;
}

/** How a step ended, as recorded. `unknown`: it may or may not have taken effect, and is never silently repeated. */
export type StepOutcome<T> = {
  /** Executions that were claimed and never settled, because their process died; absent when there were none. The same on replay. */
  readonly lost?: number;
} & (
  | { readonly status: "done"; readonly value: T }
  | { readonly status: "failed"; readonly error: Error }
  | { readonly status: "cancelled"; readonly reason: ControlReason; readonly partial: JsonValue | undefined }
  | { readonly status: "unknown"; readonly reason: ControlReason | undefined }
);

/** Why running steps were stopped from outside the mailbox (C18). */
export interface ControlReason {
  readonly kind: "cancel" | "interrupt";
  /** What the caller gave: shown to people, recorded, JSON. */
  readonly detail: JsonValue;
}
