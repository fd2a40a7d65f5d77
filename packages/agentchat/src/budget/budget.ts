import { ConfigError } from "@troupe/core";

/**
 * How much a run may spend, with everything it starts. Hard: the call that would exceed a limit is not made.
 *
 * What a model call will use is estimated before it, so tokens and dollars may be overshot by the calls that were under way.
 */
export interface Budget {
  readonly modelCalls: number;
  readonly toolCalls: number;
  /** Turns of speakers, those of nested teams included. */
  readonly turns: number;
  /** Milliseconds in which something ran: waiting for a person and pauses do not count. */
  readonly wallTimeMs: number;
  /** Input and output tokens together. */
  readonly tokens: number;
  /** US dollars at list price. */
  readonly usd: number;
  /** Levels of teams within teams. */
  readonly depth: number;
}

/** Limits that differ from the default, or none at all. */
export type BudgetOption =
  | "unbounded"
  | ({ readonly [Limit in keyof Budget]?: number | undefined } & {
      /** What to do about a model without a known price under a limit in dollars; default: refuse to start. */
      readonly unpriced?: "allow" | "refuse" | undefined;
    });

const none: number = Number.POSITIVE_INFINITY;

/** What every run may spend that does not say otherwise: no run goes on for ever by accident (I10). */
export const defaultBudget: Budget = Object.freeze({
  modelCalls: 100,
  toolCalls: 200,
  turns: 50,
  wallTimeMs: 600_000,
  tokens: none,
  usd: none,
  depth: 8,
});

const unbounded: Budget = Object.freeze({
  modelCalls: none,
  toolCalls: none,
  turns: none,
  wallTimeMs: none,
  tokens: none,
  usd: none,
  depth: none,
});

const limits: readonly (keyof Budget)[] = ["modelCalls", "toolCalls", "turns", "wallTimeMs", "tokens", "usd", "depth"];

/**
 * The limits that hold: those of the run before those of the runner before the default.
 *
 * @throws ConfigError `config.invalid_option` for a limit below zero or not a number.
 */
export function resolveBudget(...options: readonly (BudgetOption | undefined)[]): Budget {
  return options.reduceRight<Budget>((base, option) => applyOption(base, option), defaultBudget);
}

function applyOption(base: Budget, option: BudgetOption | undefined): Budget {
  if (option === undefined) return base;
  if (option === "unbounded") return unbounded;
  const merged: Record<keyof Budget, number> = { ...base };
  for (const limit of limits) {
    const value = option[limit];
    if (value === undefined) continue;
    if (!(value >= 0)) throw invalidLimit(limit, value);
    merged[limit] = value;
  }
  return merged;
}

function invalidLimit(limit: string, value: unknown): ConfigError {
  return new ConfigError("config.invalid_option", `The budget's ${limit} is ${String(value)}`, {
    remedy: 'Give a number of at least 0, or budget: "unbounded" for no limit at all.',
    details: { option: `budget.${limit}` },
  });
}

/** A budget as JSON: limits that do not exist are left out. */
export type StoredBudget = { readonly [Limit in keyof Budget]?: number };

/** JSON has no Infinity. */
export function storeBudget(budget: Budget): StoredBudget {
  return Object.fromEntries(limits.filter((limit) => budget[limit] !== none).map((limit) => [limit, budget[limit]]));
}

/** The inverse of `storeBudget`. */
export function loadBudget(stored: StoredBudget): Budget {
  return { ...unbounded, ...stored };
}
