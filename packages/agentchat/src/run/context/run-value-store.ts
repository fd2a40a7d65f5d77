import { type Clock, createDeferred, type Deferred, type JsonValue, raceSignal, StateError } from "@troupe/core";
import type { RunValueKey, RunValues } from "@troupe/llm";
import type { ContextValue } from "./define-context.ts";

/** A run whose turns wait for a value. */
interface Lack {
  readonly name: string;
  readonly given: Deferred<void>;
  /** Turns that wait: several may speak at once. */
  waiting: number;
}

/** Who waits for a value of a run. */
export interface Waiting {
  readonly runId: string;
  readonly name: string;
  readonly signal: AbortSignal;
  /** Called now and then while it waits. */
  readonly heartbeat: () => void;
}

/** Milliseconds between two signs of life of a turn that waits. */
const heartbeatMs = 60_000;

/**
 * What the handles of one runner on one runtime were given for their runs.
 *
 * Invariants:
 * V1. A value is found under its run's id only.
 * V2. It is here from the moment a handle was made with it until that handle's run is over, or goes on elsewhere.
 * V3. A run that lacks a value waits, in memory, until somebody gives it: it does not fail, and whoever holds a handle of it, or else the
 *     operator, hears of it.
 */
export class RunValueStore {
  readonly #clock: Clock;
  readonly #onLack: (runId: string, name: string) => void;
  readonly #given = new Map<string, ReadonlyMap<string, unknown>>();
  readonly #lacks = new Map<string, Lack>();
  readonly #watchers = new Map<string, Set<(name: string) => void>>();

  /** @param onLack called when a run lacks a value and nobody holds a handle of it. */
  constructor(clock: Clock, onLack: (runId: string, name: string) => void) {
    this.#clock = clock;
    this.#onLack = onLack;
  }

  give(runId: string, values: readonly ContextValue[]): void {
    if (values.length === 0) return;
    this.#given.set(runId, new Map(values.map(({ key, value }) => [key.name, value])));
    this.#lacks.get(runId)?.given.resolve();
    this.#lacks.delete(runId);
  }

  /** A fork works on behalf of whom its run worked for. */
  copy(from: string, to: string): void {
    const given = this.#given.get(from);
    if (given !== undefined) this.#given.set(to, given);
  }

  drop(runId: string): void {
    this.#given.delete(runId);
  }

  /** The run was cancelled: whoever waits hears of it. */
  release(runId: string, detail: JsonValue): void {
    this.#lacks.get(runId)?.given.reject(stopped(runId, detail));
    this.#lacks.delete(runId);
  }

  /**
   * Resolves when the run has been given values; they may be others than the one it lacks.
   *
   * @throws The signal's reason; StateError `state.step_cancelled`.
   */
  async wait({ runId, name, signal, heartbeat }: Waiting): Promise<void> {
    const lack = this.#lacks.get(runId) ?? { name, given: createDeferred<void>(), waiting: 0 };
    this.#lacks.set(runId, lack);
    lack.waiting += 1;
    const watchers = this.#watchers.get(runId) ?? [];
    for (const onLack of watchers) onLack(name);
    if (this.#watchers.get(runId) === undefined) this.#onLack(runId, name);
    const beat = (): void => {
      heartbeat();
      timer = this.#clock.setTimer(heartbeatMs, beat);
    };
    let timer = this.#clock.setTimer(heartbeatMs, beat);
    try {
      await raceSignal(lack.given.promise, signal);
    } finally {
      timer.cancel();
      lack.waiting -= 1;
      if (lack.waiting === 0 && this.#lacks.get(runId) === lack) this.#lacks.delete(runId);
    }
  }

  /** Tells once that the run lacks a value: at once when it does. Returns how to stop. */
  watch(runId: string, onLack: (name: string) => void): () => void {
    const lack = this.#lacks.get(runId);
    if (lack !== undefined) onLack(lack.name);
    const watchers = this.#watchers.get(runId) ?? new Set();
    this.#watchers.set(runId, watchers.add(onLack));
    return () => {
      watchers.delete(onLack);
      if (watchers.size === 0) this.#watchers.delete(runId);
    };
  }

  /** The values of a run: those given here, then those stored with it. */
  valuesOf(runId: string, stored: unknown): RunValues {
    return {
      find: (key) => {
        const given = this.#given.get(runId);
        return given?.has(key.name) === true ? given.get(key.name) : parseStored(key, stored);
      },
    };
  }
}

function stopped(runId: string, detail: JsonValue): StateError {
  return new StateError("state.step_cancelled", `Run "${runId}" was cancelled while it waited for its context`, {
    remedy: "Start a new run.",
    details: { kind: "cancel", detail },
  });
}

function parseStored(key: RunValueKey, stored: unknown): unknown {
  return isStored(stored) && Object.hasOwn(stored, key.name) ? key.parse(stored[key.name] ?? null) : undefined;
}

/** Made by `storedValues`, and read as JSON. */
function isStored(value: unknown): value is Readonly<Record<string, JsonValue>> {
  return typeof value === "object" && value !== null;
}

/** The values that are stored with a run, by name; undefined without any. */
export function storedValues(values: readonly ContextValue[]): Readonly<Record<string, JsonValue>> | undefined {
  const stored = values.flatMap(({ key, stored: value }): [string, JsonValue][] =>
    value === undefined ? [] : [[key.name, value]],
  );
  return stored.length === 0 ? undefined : Object.fromEntries(stored);
}

/** One value or several, as options take them. */
export type ContextOption = ContextValue | readonly ContextValue[];

/** As a list. */
export function toValues(option: ContextOption | undefined): readonly ContextValue[] {
  if (option === undefined) return [];
  return isList(option) ? option : [option];
}

function isList(option: ContextOption): option is readonly ContextValue[] {
  return Array.isArray(option);
}
