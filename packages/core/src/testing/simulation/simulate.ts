import type { MemoryStore } from "../../store/index.ts";
import { Episode, type EpisodeCounts } from "./episode.ts";

/** What to simulate. */
export interface SimulationOptions {
  readonly seed: string;
  /** Actions from outside, over all episodes. */
  readonly steps: number;
  /** Actions in one episode; default 250. Short ones start from an empty store and replay fast. */
  readonly stepsPerEpisode?: number | undefined;
  /** The first episode; a failing one is replayed with its number. */
  readonly firstEpisode?: number | undefined;
  /** Part of the actions that are crashes; default: few in most episodes, many in some. */
  readonly crashRate?: number | undefined;
  /** Makes what holds the data of each episode: for stores that are broken on purpose. */
  readonly createStore?: (() => MemoryStore) | undefined;
  readonly onEpisode?: ((episode: number, fingerprint: string) => void) | undefined;
}

/** How a simulation failed: enough to replay it. */
export interface SimulationFailure {
  readonly seed: string;
  readonly episode: number;
  /** The action after which the violation showed. */
  readonly step: number;
  readonly error: unknown;
  /** What happened before, a line each, the last ones. */
  readonly log: readonly string[];
}

/** How a simulation ended. */
export interface SimulationReport {
  readonly steps: number;
  readonly episodes: number;
  /** What happened, counted over all episodes. */
  readonly counts: EpisodeCounts;
  /** Equal for equal seeds and steps (I11). */
  readonly fingerprint: string;
  readonly failure?: SimulationFailure;
}

/**
 * Drives random interleavings of send, tell, publish, reply, throw, cancel, pause, park, wait, fork, crash, take-over and restart,
 * on stores that are late, fail and repeat, against the in-process runtime on a manual clock with seeded ids and a seeded scheduler,
 * and checks what was written and shown after every step against a reference model. Stops at the first violation; the same seed and
 * episode show it again.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const perEpisode = options.stepsPerEpisode ?? 250;
  const fingerprints: string[] = [];
  const counts: EpisodeCounts = { crashes: 0, takeOvers: 0, faults: 0, forks: 0, records: 0 };
  let done = 0;
  for (let episode = options.firstEpisode ?? 0; done < options.steps; episode++) {
    const steps = Math.min(perEpisode, options.steps - done);
    const { fingerprint, failure, counted } = await runEpisode(options, episode, steps);
    fingerprints.push(fingerprint);
    addCounts(counts, counted);
    options.onEpisode?.(episode, fingerprint);
    if (failure !== undefined)
      return {
        steps: done + failure.step,
        episodes: fingerprints.length,
        counts,
        fingerprint: fingerprints.join("-"),
        failure,
      };
    done += steps;
  }
  return { steps: done, episodes: fingerprints.length, counts, fingerprint: fingerprints.join("-") };
}

async function runEpisode(
  options: SimulationOptions,
  number: number,
  steps: number,
): Promise<{ readonly fingerprint: string; readonly counted: EpisodeCounts; readonly failure?: SimulationFailure }> {
  let step = 0;
  const episode = new Episode({
    seed: `${options.seed}/${number}`,
    steps,
    crashRate: options.crashRate,
    store: options.createStore?.(),
    onStep: (at) => {
      step = at;
    },
  });
  try {
    await episode.run();
    return { fingerprint: episode.fingerprint, counted: episode.counts };
  } catch (error) {
    return {
      fingerprint: episode.fingerprint,
      counted: episode.counts,
      failure: { seed: options.seed, episode: number, step, error, log: episode.log.slice(-400) },
    };
  }
}

function addCounts(sum: EpisodeCounts, more: EpisodeCounts): void {
  sum.crashes += more.crashes;
  sum.takeOvers += more.takeOvers;
  sum.faults += more.faults;
  sum.forks += more.forks;
  sum.records += more.records;
}
