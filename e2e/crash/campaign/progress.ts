import type { CampaignReport } from "./campaign.ts";

/** How fast a campaign goes on, in words, now and then. */
export class Progress {
  readonly #everyMs: number;
  readonly #now: () => number;
  readonly #startedAt: number;
  #saidAt: number;

  /** @param now milliseconds that only grow. */
  constructor(everyMs: number, now: () => number = () => performance.now()) {
    this.#everyMs = everyMs;
    this.#now = now;
    this.#startedAt = now();
    this.#saidAt = this.#startedAt;
  }

  /** Seconds since it began. */
  get seconds(): number {
    return (this.#now() - this.#startedAt) / 1000;
  }

  /** A line about a campaign, when the last one is long enough ago. Kills of an earlier part do not count for the speed. */
  say({ kills, known, wanted, cases, failed }: CampaignReport): string | undefined {
    if (this.#now() - this.#saidAt < this.#everyMs) return undefined;
    this.#saidAt = this.#now();
    const perSecond = (kills - known) / this.seconds;
    const minutes = Math.ceil(Math.max(0, wanted - kills) / perSecond / 60);
    const left = perSecond > 0 ? `${perSecond.toFixed(1)} a second, ${minutes} min left` : "none since it went on";
    return `${kills} of ${wanted} kills in ${cases} runs, ${failed.length} wrong; ${left}`;
  }
}
