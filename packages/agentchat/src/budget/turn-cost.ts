import { TeamError, TroupeError } from "@troupe/core";
import { asJson } from "../message/as-json.ts";
import type { Spent } from "./spent.ts";

const code = "run.turn_failed";

/** The error of a turn that cost something before it threw: nothing of the turn is kept but what it did and what that cost. */
export function withCost(error: unknown, spent: readonly Spent[]): unknown {
  if (spent.length === 0) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TeamError(code, message, {
    remedy: "See `cause` for what the agent threw.",
    cause: error,
    details: { spent: asJson(spent) },
  });
}

/** What was thrown, and what the turn had cost by then. */
export interface FailedTurn {
  readonly error: Error;
  readonly spent: readonly Spent[];
}

/** The inverse of `withCost`, after the error has been stored and read. */
export function readCost(error: Error): FailedTurn {
  if (!TroupeError.isTroupeError(error) || error.code !== code) return { error, spent: [] };
  const { cause, details } = error;
  return { error: cause instanceof Error ? cause : error, spent: toEntries(details?.["spent"]) };
}

/** Only `withCost` writes them. */
function toEntries(value: unknown): readonly Spent[] {
  return isEntries(value) ? value : [];
}

function isEntries(value: unknown): value is readonly Spent[] {
  return Array.isArray(value);
}
