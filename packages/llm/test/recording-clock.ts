import type { TimerHandle } from "@troupe/core";
import { ManualClock } from "@troupe/core/testing";

/** A manual clock that remembers the delays it was asked for, oldest first. */
export class RecordingClock extends ManualClock {
  readonly delays: number[] = [];

  override setTimer(delayMs: number, callback: () => void): TimerHandle {
    this.delays.push(delayMs);
    return super.setTimer(delayMs, callback);
  }
}

/** Lets promises that are ready run on. */
export async function flush(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}
