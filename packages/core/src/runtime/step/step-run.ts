/**
 * The execution of one step: tries, retries, the clock and the stop (C6, C8, C18).
 *
 * Invariants:
 * T1. The function runs at most once at a time; a retry starts only after the try before it has settled.
 * T2. After a stop the step ends within the grace: settled in time it is `cancelled` with its partial output, else `unknown`,
 *     and what it does later is dropped.
 * T3. Every timer and listener of the step is gone when its outcome is there.
 */
import { createDeferred, type TimerHandle } from "../../async/index.ts";
import type { ControlReason, StepContext, StepOptions } from "../../agent/index.ts";
import { encodeError, type JsonValue, StateError, toError } from "../../errors/index.ts";
import { freezeJson, type StepRecordOutcome } from "../../store/index.ts";
import type { Engine } from "../engine.ts";

/** What a step run needs to know about itself. */
export interface StepIdentity {
  readonly key: string;
  readonly idempotencyKey: string;
  readonly options: StepOptions;
  /** Executions that were claimed and never settled. */
  readonly lost: number;
}

/** An outcome with the live value or error, which the record only holds as JSON. */
export interface StepResult {
  readonly record: StepRecordOutcome;
  readonly error?: Error;
  readonly lost?: number;
}

type StepFunction = (step: StepContext) => unknown;

export class StepRun {
  readonly #engine: Engine;
  readonly #identity: StepIdentity;
  readonly #run: StepFunction;
  readonly #stopped = createDeferred<ControlReason>();
  readonly #graceOver = createDeferred<void>();
  #controller = new AbortController();
  #stop: ControlReason | undefined;
  #graceTimer: TimerHandle | undefined;
  #partial: JsonValue | undefined;
  #timedOut: StateError | undefined;

  constructor(engine: Engine, identity: StepIdentity, run: StepFunction) {
    this.#engine = engine;
    this.#identity = identity;
    this.#run = run;
  }

  abort(reason: ControlReason, error?: Error): void {
    if (this.#stop !== undefined) return;
    this.#stop = reason;
    this.#stopped.resolve(reason);
    this.#graceTimer = this.#engine.timers.set(this.#engine.limits.cancelGraceMs, () => this.#graceOver.resolve());
    this.#graceTimer.keepAlive?.(true);
    this.#controller.abort(error ?? stepCancelled(this.#identity.key, reason));
  }

  async outcome(): Promise<StepResult> {
    const retries = this.#identity.options.retries ?? 0;
    try {
      for (let attempt = 1; ; attempt++) {
        const result = await this.#try(attempt);
        if (result.record.status !== "failed" || attempt > retries || this.#stop !== undefined) return result;
        const stop = await this.#backOff(attempt);
        if (stop !== undefined) return { record: { status: "cancelled", reason: stop, partial: this.#partial } };
      }
    } finally {
      this.#graceTimer?.cancel();
    }
  }

  /** One try: the function, the stop and the timeout race; the first to settle decides. */
  async #try(attempt: number): Promise<StepResult> {
    if (this.#stop !== undefined)
      return { record: { status: "cancelled", reason: this.#stop, partial: this.#partial } };
    this.#controller = new AbortController();
    this.#timedOut = undefined;
    const timeout = this.#startTimeout();
    const work = this.#call(attempt);
    try {
      const first = await Promise.race([work, this.#graceOver.promise, timeout.expired]);
      if (first === undefined) return this.#unknown();
      if (this.#stop !== undefined) return this.#cancelled(this.#stop, first);
      return this.#timedOut !== undefined && first.record.status === "failed" ? failedStep(this.#timedOut) : first;
    } finally {
      timeout.cancel();
    }
  }

  async #call(attempt: number): Promise<StepResult> {
    try {
      const value = await this.#run({
        signal: this.#controller.signal,
        idempotencyKey: this.#identity.idempotencyKey,
        attempt,
        lost: this.#identity.lost,
        partial: (partial) => {
          this.#partial = freezeJson(partial, `partial output of step "${this.#identity.key}"`);
        },
      });
      if (value === undefined) return { record: { status: "done", value: undefined } };
      return { record: { status: "done", value: freezeJson(value, `outcome of step "${this.#identity.key}"`) } };
    } catch (thrown) {
      const error = toError(thrown);
      return failedStep(error);
    }
  }

  /** On timeout the signal aborts; a try that does not settle within the grace has failed, or is unknown when it may have had an effect. */
  #startTimeout(): { cancel(): void; readonly expired: Promise<StepResult> } {
    const expired = createDeferred<StepResult>();
    const { timeoutMs, idempotent } = this.#identity.options;
    if (timeoutMs === undefined) return { cancel: () => {}, expired: expired.promise };
    let timer = this.#engine.timers.set(timeoutMs, () => {
      const error = stepTimeout(this.#identity.key, timeoutMs);
      this.#timedOut = error;
      this.#controller.abort(error);
      timer = this.#engine.timers.set(this.#engine.limits.cancelGraceMs, () => {
        expired.resolve(
          idempotent === true ? failedStep(error) : { record: { status: "unknown", reason: undefined }, error },
        );
      });
    });
    return { cancel: () => timer.cancel(), expired: expired.promise };
  }

  /** Full jitter: a random part of the doubled pause. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
  #backOff(attempt: number): Promise<ControlReason | undefined> {
    const ceiling = Math.min(60_000, (this.#identity.options.backoffMs ?? 100) * 2 ** (attempt - 1));
    const pause = createDeferred<undefined>();
    const timer = this.#engine.timers.set(Math.round(ceiling * this.#engine.random()), () => pause.resolve(undefined));
    timer.keepAlive?.(true);
    return Promise.race([pause.promise, this.#stopped.promise]).finally(() => timer.cancel());
  }

  #cancelled(reason: ControlReason, settled: StepResult): StepResult {
    const value = settled.record.status === "done" ? settled.record.value : undefined;
    return { record: { status: "cancelled", reason, partial: this.#partial ?? value } };
  }

  #unknown(): StepResult {
    return { record: { status: "unknown", reason: this.#stop } };
  }
}

/** The error by which `step()` tells that it was stopped. */
export function stepCancelled(key: string, reason: ControlReason): StateError {
  return new StateError("state.step_cancelled", `Step "${key}" was stopped (${reason.kind})`, {
    remedy: "Use stepOutcome() to close the turn in order; a cancelled run does not start new steps.",
    details: { key, kind: reason.kind, detail: reason.detail },
  });
}

/** The error by which `step()` tells that nobody knows whether it took effect. */
export function stepUnknown(key: string, reason: ControlReason | undefined): StateError {
  return new StateError("state.step_unknown", `Step "${key}" may or may not have taken effect`, {
    remedy:
      "Look at the outside system. A step that may run twice without harm is declared idempotent: then it is run again.",
    details: { key, stopped: reason?.kind ?? null },
  });
}

function failedStep(error: Error): StepResult {
  return { record: { status: "failed", error: encodeError(error) }, error };
}

function stepTimeout(key: string, timeoutMs: number): StateError {
  return new StateError("state.step_timeout", `Step "${key}" took longer than ${timeoutMs} ms`, {
    remedy: "Raise timeoutMs, or make the step honour its signal.",
    details: { key, timeoutMs },
  });
}
