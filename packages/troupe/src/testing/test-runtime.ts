import { createIdSource, createSeededRandom, InProcessRuntime, type RuntimeOptions } from "@troupe/core";

/** Options of a test runtime: those of `InProcessRuntime`, and a seed. */
export interface TestRuntimeOptions extends RuntimeOptions {
  /** Equal seeds give equal ids and equal jitter; default 1. */
  readonly seed?: number | undefined;
}

/**
 * A runtime for tests: ids and randomness are seeded, and every wait drops its frame at once and replays on wake (C17).
 *
 * So code that holds something across a wait (a lock, a file, a counter in a closure) fails here as it would after a restart,
 * and not only in production.
 *
 * @example
 * ```ts
 * const runtime = testRuntime({ clock: new ManualClock() });
 * const result = await team.run("What did Ada order?", { runtime });
 * ```
 * @throws ConfigError `config.invalid_option` for an option out of range.
 */
export function testRuntime(options: TestRuntimeOptions = {}): InProcessRuntime {
  const { seed = 1, ...runtimeOptions } = options;
  const random = createSeededRandom(seed);
  return new InProcessRuntime({
    ids: createIdSource(`test-${seed}`),
    random: () => random.next(),
    parkAfterMs: 0,
    ...runtimeOptions,
  });
}
