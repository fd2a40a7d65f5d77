import { TroupeError } from "@troupe/core";

/** Faults that pass by themselves. A quota that is used up, a bad request or a wrong key do not. */
const passingCodes: ReadonlySet<string> = new Set([
  "model.rate_limited",
  "model.overloaded",
  "model.server_error",
  "model.network",
  "model.timeout",
  "model.circuit_open",
]);

/** Whether the same call may succeed later. */
export function isPassingFault(error: unknown): error is TroupeError {
  return TroupeError.isTroupeError(error) && passingCodes.has(error.code);
}

/** The milliseconds that a provider asks to be left alone, when it says so. */
export function retryAfterOf(error: unknown): number | undefined {
  const after = TroupeError.isTroupeError(error) ? error.details?.["retryAfterMs"] : undefined;
  return typeof after === "number" ? after : undefined;
}
