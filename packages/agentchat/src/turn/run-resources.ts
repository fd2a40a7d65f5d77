import {
  type CellEvent,
  type Clock,
  isPromiseLike,
  type JsonValue,
  type LiveEvent,
  type MaybePromise,
} from "@troupe/core";
import { type PriceTable, type RunValues, ToolLimiter } from "@troupe/llm";
import { type Budget, loadBudget, type StoredBudget } from "../budget/budget.ts";
import { type RecordedSpending, readSpending, spendingKinds } from "../budget/recorded-spending.ts";
import { RunLedger } from "../budget/run-ledger.ts";
import type { LoopGuard } from "../guard/loop-guard.ts";
import { loadLoopLimit } from "../guard/loop-limit.ts";
import type { ContextKey } from "../run/context/define-context.ts";
import type { Waiting } from "../run/context/run-value-store.ts";
import { RunWatch, type WatchEnd } from "../guard/watch/run-watch.ts";
import { loadStallLimit, type StoredStallLimit } from "../guard/watch/stall-limit.ts";
import { createLiveFaults, type LiveFaults } from "../message/live-faults.ts";
import { type DurableRunEvent, toRunEvent } from "../message/run-event.ts";
import type * as LateCalls from "./tool/late-calls.ts";

/** What the turns of one run share in this process; everything in it can be made again from the run's record. */
export interface RunResources {
  readonly ledger: RunLedger;
  readonly limiter: ToolLimiter;
  readonly loops: LoopGuard;
  readonly watch: RunWatch;
  readonly values: RunValues;
}

/** What a run hands down in its run context: JSON. */
export interface InheritedRun {
  readonly budget: StoredBudget;
  /** How often the same may happen in a row; absent for the default, 0 when nobody looks. */
  readonly loops?: number;
  /** When a silence is a stall; absent for the default. */
  readonly stall?: StoredStallLimit;
  /** What the program gave the run to be stored with it, by name. */
  readonly context?: Readonly<Record<string, JsonValue>>;
}

/** A run as its actors know it. */
export interface RunIdentity {
  readonly runId: string;
  readonly inherited?: unknown;
}

/** What the turns of a registered runner get from its surroundings. */
export interface TurnEnvironment {
  readonly clock: Clock;
  readonly prices: PriceTable;
  /** Names of those whose words come from people. */
  readonly people: ReadonlySet<string>;
  readonly needs: readonly ContextKey[];
  readonly waitForValues: (waiting: Waiting) => Promise<void>;
  /** Makes the resources of a run that begins here and now, and has spent nothing. */
  begin(run: RunIdentity, cell: string): void;
  /** Those of a run that is under way; read from its record when another process, or the run that it was forked from, began it. */
  resources(run: RunIdentity, cell: string): MaybePromise<RunResources>;
  /** The run is over: nothing of it stays but what it failed with, until its handle has asked. */
  close(runId: string): void;
  readonly faults: LiveFaults;
  /** What calls of tools and runs of programs need. Loaded once; asked again after it could not be loaded. */
  loadCalls(): Promise<typeof LateCalls>;
}

/** What an environment is made of. */
export interface EnvironmentOptions {
  readonly clock: Clock;
  readonly prices: PriceTable;
  /** Names of those whose words come from people. */
  readonly people: ReadonlySet<string>;
  /** What a run of this process was given, with what is stored with it. */
  readonly valuesOf: (runId: string, stored: unknown) => RunValues;
  /** Keys of the values that the definition needs. */
  readonly needs: readonly ContextKey[];
  /** Resolves when a run that lacks a value has been given some. */
  readonly waitForValues: (waiting: Waiting) => Promise<void>;
  /** Called once when a run's wall time is spent. */
  readonly onTimeOver: (run: { readonly cell: string; readonly runId: string; readonly detail: string }) => void;
  /** Milliseconds that a run may last at all; undefined when nothing says so. */
  readonly lastsMs: number | undefined;
  /** A run shall end: nothing happens in it any more, or it has lasted too long. */
  readonly onWatchEnd: (run: { readonly cell: string; readonly runId: string; readonly end: WatchEnd }) => void;
  /** Nothing has happened in a run for long. */
  readonly onStall: (runId: string, text: string) => void;
  /** The events of a run that are recorded by now. */
  readonly readEvents: (cell: string, runId: string) => AsyncIterable<CellEvent | LiveEvent>;
  /** Tells once when this process has lost a run's cell; returns how to stop. Undefined where cells cannot be lost. */
  readonly watchLoss: ((cell: string, runId: string, onLost: () => void) => () => void) | undefined;
}

/**
 * Makes the environment of one runner on one runtime.
 *
 * Invariants:
 * 1. An entry exists from the first turn of a run to `close`, so finished runs leave nothing (I9).
 * 2. No call of a run is made here before what it had spent elsewhere has been read, also when the run comes back from another process.
 */
export function createEnvironment(options: EnvironmentOptions): TurnEnvironment {
  const { clock, prices } = options;
  const runs = new Map<string, MaybePromise<RunResources>>();
  const watches = new Map<string, () => void>();
  const close = (runId: string): void => {
    const closed = runs.get(runId);
    runs.delete(runId);
    watches.get(runId)?.();
    watches.delete(runId);
    if (closed === undefined || isPromiseLike(closed)) return;
    closed.ledger.close();
    closed.watch.close();
  };
  const keep = (run: RunIdentity, cell: string, resources: MaybePromise<RunResources>): void => {
    const { runId } = run;
    runs.set(runId, resources);
    const stop = options.watchLoss?.(cell, runId, () => close(runId));
    if (stop !== undefined) watches.set(runId, stop);
  };
  const make = (run: RunIdentity, cell: string, past: Past): RunResources =>
    makeResources(options, { run, cell }, past);
  const recover = async (run: RunIdentity, cell: string): Promise<RunResources> =>
    make(run, cell, await readPast(options, run, cell));
  return {
    faults: createLiveFaults(),
    clock,
    prices,
    people: options.people,
    needs: options.needs,
    waitForValues: options.waitForValues,
    begin: (run, cell) => {
      // A manager's first turn that is replayed for show must not touch a run at work.
      if (!runs.has(run.runId)) keep(run, cell, make(run, cell, { startedAt: clock.now() }));
    },
    resources: (run, cell) => {
      const known = runs.get(run.runId);
      if (known !== undefined) return known;
      const recovering = recover(run, cell);
      keep(run, cell, recovering);
      const settle = (made: RunResources | undefined): void => {
        if (runs.get(run.runId) !== recovering) return;
        if (made === undefined) close(run.runId);
        else runs.set(run.runId, made);
      };
      recovering.then(settle, () => settle(undefined));
      return recovering;
    },
    close,
    loadCalls: createLoader(),
  };
}

function createLoader(): () => Promise<typeof LateCalls> {
  let loading: Promise<typeof LateCalls> | undefined;
  return () =>
    (loading ??= import("./tool/late-calls.ts").catch((error: unknown) => {
      loading = undefined;
      throw error;
    }));
}

/** What a run was before this process took it up. */
interface Past {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly recorded?: RecordedSpending;
}

async function readPast({ readEvents, clock }: EnvironmentOptions, run: RunIdentity, cell: string): Promise<Past> {
  const events: DurableRunEvent[] = [];
  let startedAt: number | undefined;
  for await (const event of readEvents(cell, run.runId)) {
    if (event.live !== true) startedAt ??= event.at;
    const seen = spendingKinds.has(event.kind) ? toRunEvent(event) : undefined;
    if (seen?.isLive === false) events.push(seen);
  }
  return { startedAt: startedAt ?? clock.now(), recorded: readSpending(events) };
}

interface ResourcePlace {
  readonly run: RunIdentity;
  readonly cell: string;
}

/** Milliseconds in which a speaker may still end by itself when the run has lasted long enough. */
const lastWordMs = 250;

function makeResources(
  options: EnvironmentOptions,
  { run, cell }: ResourcePlace,
  { startedAt, recorded }: Past,
): RunResources {
  const { runId, inherited } = run;
  const { clock, people, lastsMs } = options;
  const onTimeOver = (detail: string): void => options.onTimeOver({ cell, runId, detail });
  return {
    ledger: new RunLedger({ budget: readBudget(inherited), clock, onTimeOver, recorded }),
    limiter: new ToolLimiter(),
    values: options.valuesOf(runId, memberOf(inherited, "context")),
    loops: { limit: readLoopLimit(inherited), people },
    watch: new RunWatch({
      clock,
      stall: loadStallLimit(memberOf(inherited, "stall")),
      deadline: lastsMs === undefined ? undefined : startedAt + lastsMs + lastWordMs,
      onStall: (text) => options.onStall(runId, text),
      onEnd: (end) => options.onWatchEnd({ cell, runId, end }),
    }),
  };
}

/** The budget in a run context; the default for a context that another program made. */
export function readBudget(inherited: unknown): Budget {
  if (!hasBudget(inherited)) return loadBudget({});
  return loadBudget(inherited.budget);
}

/** The limit of loops in a run context; the default for a context that another program made. */
export function readLoopLimit(inherited: unknown): number {
  return loadLoopLimit(memberOf(inherited, "loops"));
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function hasBudget(value: unknown): value is InheritedRun {
  return typeof value === "object" && value !== null && "budget" in value && typeof value.budget === "object";
}
