import { decodeError, type EncodedError } from "@troupe/core";

/**
 * The errors of runs as they were thrown in this process, with their stacks: records hold errors as JSON, without.
 *
 * Invariant: at most `maxFaults` are kept, so that runs whose handles nobody asks leave little (I9).
 */
export interface LiveFaults {
  note(runId: string, error: unknown): void;
  /** The thrown error that a recorded one stands for; a copy made of the record when it was thrown elsewhere. */
  find(runId: string, recorded: EncodedError): Error;
  /** The run's handle has asked: nothing of the run is kept. */
  drop(runId: string): void;
}

const maxFaults = 100;

/** Makes the memory of one runner on one runtime. */
export function createLiveFaults(): LiveFaults {
  const faults = new Map<string, Error[]>();
  return {
    note: (runId, error) => {
      if (!(error instanceof Error)) return;
      faults.set(runId, [...(faults.get(runId) ?? []), error].slice(-maxFaults));
      const [oldest] = faults.keys();
      if (faults.size > maxFaults && oldest !== undefined) faults.delete(oldest);
    },
    find: (runId, recorded) => faults.get(runId)?.findLast((error) => isSame(error, recorded)) ?? decodeError(recorded),
    drop: (runId) => void faults.delete(runId),
  };
}

function isSame(error: Error, recorded: EncodedError): boolean {
  return error.message === recorded.message && error.name === recorded.name;
}
