import { yieldMacrotask } from "../../async/index.ts";
import type { AgentRuntime, RuntimeStats } from "../../runtime/index.ts";
import type { ManualClock } from "../manual-clock.ts";
import { hold } from "./violation.ts";

/** Turns of the event loop in which what needs no time must end. */
const maxTurns = 500;

/** What must end by itself. `clock` is turned on for what may wait out a grace. @throws SimulationViolation when it does not end. */
export async function settleWithin<T>(promise: Promise<T>, what: string, clock?: ManualClock): Promise<T> {
  let isSettled = false;
  const settled = promise.finally(() => {
    isSettled = true;
  });
  settled.catch(() => {});
  for (let turn = 0; turn < 50 && !isSettled; turn++) await Promise.resolve();
  for (let round = 0; round < maxTurns && !isSettled; round++) {
    await yieldMacrotask();
    if (round > 3) clock?.advance(10);
  }
  hold(isSettled, "I3", () => `${what} does not end`);
  return settled;
}

/**
 * Waits until nothing is runnable. Resolves with false when work has come up meanwhile that may wait for the outside: a message was still
 * being admitted, and its handler stands at a gate.
 *
 * @throws SimulationViolation when a runtime without visible work does not become idle.
 */
export async function becomesIdle(runtime: Pick<AgentRuntime, "idle" | "stats">): Promise<boolean> {
  let isIdle = false;
  const idle = runtime.idle().then(() => {
    isIdle = true;
  });
  for (let turn = 0; turn < maxTurns && !isIdle; turn++) {
    await yieldMacrotask();
    if (!isIdle && hasWork(runtime.stats())) return false;
  }
  await settleWithin(idle, "idle");
  return true;
}

/** True for a runtime that has something to do, or waits for something. */
export function hasWork(stats: RuntimeStats): boolean {
  const { queuedMessages, runningTurns, parkedTurns, openWaits, pendingRequests } = stats;
  return queuedMessages + runningTurns + parkedTurns + openWaits + pendingRequests > 0;
}
