import { faultKindOf, toStoreError } from "./to-store-error.ts";

const firstDelayMs = 25;
const maxDelayMs = 1_000;

/** What limits the attempts. */
export interface RetryOptions {
  readonly limitMs: number;
  /** True ends the attempts: the store was closed. */
  readonly isOver: () => boolean;
  readonly redact: (text: string) => string;
}

/**
 * Tries something that may be done twice until it succeeds, with growing, jittered pauses. An attempt is told whether one before it may
 * have been executed although its answer was lost.
 *
 * @throws StoreError the last failure, after `limitMs` or when trying again cannot help.
 */
export async function retry<T>(attempt: (isRepeated: boolean) => Promise<T>, options: RetryOptions): Promise<T> {
  const end = performance.now() + options.limitMs;
  let isOutcomeUnknown = false;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      return await attempt(isOutcomeUnknown);
    } catch (error) {
      const kind = faultKindOf(error);
      if (kind === "lost") isOutcomeUnknown = true;
      const pauseMs = delayMs * (0.5 + Math.random() / 2);
      if (kind === "final" || options.isOver() || performance.now() + pauseMs > end)
        throw toStoreError(error, { isOutcomeUnknown, redact: options.redact });
      await pause(pauseMs);
    }
  }
}

/** Waits; somebody awaits the outcome, so the process stays alive. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
