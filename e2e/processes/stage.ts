import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OutsideServer, type OutsideBook } from "../crash/outside/outside-server.ts";
import { teamScenario } from "../crash/scenario/team-scenarios.ts";
import type { StoreAddress } from "../crash/worker/assignment.ts";
import { Puppet } from "./puppet/puppet.ts";

/** What the processes of one test share: a store, the world outside, one run. */
export class Stage {
  readonly server: OutsideServer = new OutsideServer();
  readonly store: StoreAddress;
  readonly book: OutsideBook;
  readonly #scenario: string;
  readonly #runId: string;
  readonly #folder: string;
  readonly #puppets: Puppet[] = [];

  private constructor(options: { scenario: string; runId: string; folder: string }) {
    this.#scenario = options.scenario;
    this.#runId = options.runId;
    this.#folder = options.folder;
    this.store = { kind: "sqlite", path: join(options.folder, "runs.db") };
    const { script } = teamScenario(options.scenario);
    this.book = this.server.open(options.runId, { script, seed: options.runId, maxDelayMs: 4 });
  }

  static async open(scenario: string): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), "troupe-processes-"));
    const stage = new Stage({ scenario, runId: `run-of-${scenario}`, folder });
    await stage.server.listen();
    return stage;
  }

  /** Another process with the team and the store. */
  async start(): Promise<Puppet> {
    const puppet = await Puppet.start({
      store: this.store,
      outsideUrl: this.server.url,
      scenario: this.#scenario,
      runId: this.#runId,
    });
    this.#puppets.push(puppet);
    return puppet;
  }

  /** How often each call took effect outside. */
  effects(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { request } of this.book.calls)
      if (request.kind === "effect") counts[request.callId] = (counts[request.callId] ?? 0) + 1;
    return counts;
  }

  /** How often models were asked, and how often the same. */
  modelCalls(): { readonly calls: number; readonly repeated: number } {
    const asked = this.book.calls.filter(({ request }) => request.kind === "model").map(({ identity }) => identity);
    return { calls: asked.length, repeated: asked.length - new Set(asked).size };
  }

  /** Ends whatever still runs and removes the data. */
  async close(): Promise<void> {
    await Promise.all(this.#puppets.map((puppet) => puppet.kill()));
    await this.server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
