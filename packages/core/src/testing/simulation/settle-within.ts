import { yieldMacrotask } from "../../async/index.ts";
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
