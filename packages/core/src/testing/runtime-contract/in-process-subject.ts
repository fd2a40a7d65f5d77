import { silentLogger } from "../silent-logger.ts";
import { createIdSource, createSeededRandom, yieldMacrotask } from "../../async/index.ts";
import { InProcessRuntime } from "../../runtime/index.ts";
import type { Store } from "../../store/index.ts";
import type { ContractSubject } from "../contract.ts";
import { ManualClock } from "../manual-clock.ts";
import type { RuntimeContractOptions, RuntimeEnvironment } from "./environment.ts";

/** Rounds of the event loop that settle everything which time alone sets off. */
const settlingRounds = 8;

/**
 * The in-process runtime under its contract: a manual clock, seeded ids and randomness, the options of the caller besides.
 *
 * @param createStore makes the store of each runtime; default the runtime's own memory store.
 */
export function inProcessSubject(
  defaults: RuntimeContractOptions = {},
  createStore?: () => Store,
): ContractSubject<RuntimeEnvironment> {
  const runtimes = new WeakMap<RuntimeEnvironment, InProcessRuntime[]>();
  return {
    create: () => {
      const clock = new ManualClock();
      const random = createSeededRandom("contract");
      const opened: InProcessRuntime[] = [];
      const environment: RuntimeEnvironment = {
        open: (options) => {
          const runtime = new InProcessRuntime({
            clock,
            ids: createIdSource("id"),
            logger: silentLogger,
            random: () => random.next(),
            store: createStore?.(),
            ...defaults,
            ...options,
          });
          opened.push(runtime);
          return runtime;
        },
        advance: (durationMs) => advance(clock, durationMs),
      };
      runtimes.set(environment, opened);
      return environment;
    },
    dispose: async (environment) => {
      for (const runtime of runtimes.get(environment) ?? []) await runtime.close({ graceMs: 0 });
    },
  };
}

/** Turns the clock from timer to timer, so that what one timer sets off can set the next. */
async function advance(clock: ManualClock, durationMs: number): Promise<void> {
  let left = durationMs;
  await settleRounds();
  while (left > 0) {
    const step = Math.min(left, Math.max(1, clock.nextTimerMs ?? left));
    clock.advance(step);
    left -= step;
    await settleRounds();
  }
}

async function settleRounds(): Promise<void> {
  for (let round = 0; round < settlingRounds; round++) await yieldMacrotask();
}
