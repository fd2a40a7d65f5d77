import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDeferred } from "@troupe/core";
import type { CountedCall } from "../crash/outside/outside-call.ts";
import { type OutsideBook, OutsideServer } from "../crash/outside/outside-server.ts";
import { teamScenario } from "../crash/scenario/team-scenarios.ts";
import type { StoreAddress } from "../crash/worker/assignment.ts";
import { Puppet } from "./puppet/puppet.ts";

/** How a test is set. */
export interface StageOptions {
  readonly scenario: string;
  /** Default: a SQLite file of its own. */
  readonly store?: StoreAddress | undefined;
  /** Milliseconds that an answer from outside may take; default 4. */
  readonly maxDelayMs?: number | undefined;
}

/** An answer that is kept. */
export interface HeldCall {
  readonly reached: Promise<CountedCall>;
  release(): void;
}

/** What the processes of one test share: a store, the world outside, one run. */
export class Stage {
  readonly server: OutsideServer = new OutsideServer();
  readonly store: StoreAddress;
  readonly book: OutsideBook;
  readonly runId: string;
  readonly #scenario: string;
  readonly #folder: string;
  readonly #puppets: Puppet[] = [];

  private constructor({ scenario, store, maxDelayMs }: StageOptions, folder: string) {
    this.#scenario = scenario;
    this.#folder = folder;
    this.runId = `run-of-${scenario}`;
    this.store = store ?? { kind: "sqlite", path: join(folder, "runs.db") };
    const { script } = teamScenario(scenario);
    this.book = this.server.open(this.runId, { script, seed: this.runId, maxDelayMs: maxDelayMs ?? 4 });
  }

  static async open(options: StageOptions): Promise<Stage> {
    const stage = new Stage(options, await mkdtemp(join(tmpdir(), "troupe-processes-")));
    await stage.server.listen();
    return stage;
  }

  /** Another process with the team and the store; the world outside knows it by `lane`. */
  async start(lane: string): Promise<Puppet> {
    const puppet = await Puppet.start({
      store: this.store,
      outsideUrl: this.server.url,
      scenario: this.#scenario,
      runId: this.runId,
      lane,
    });
    this.#puppets.push(puppet);
    return puppet;
  }

  /** Resolves when a process asks the world for what `isWanted` says; that request is never answered. */
  withhold(lane: string, isWanted: (call: CountedCall) => boolean): Promise<CountedCall> {
    return this.hold(lane, isWanted).reached;
  }

  /** Keeps the first answers that `isWanted` says until `release`; `reached` when there are so many. */
  hold(lane: string, isWanted: (call: CountedCall) => boolean, count = 1): HeldCall {
    const reached = createDeferred<CountedCall>();
    const released = createDeferred<void>();
    let held = 0;
    this.book.listen(lane, {
      life: 0,
      onAnswered: () => {},
      onCall: (call) => {
        if (held === count || !isWanted(call)) return "answer";
        held += 1;
        if (held === count) reached.resolve(call);
        return released.promise;
      },
    });
    return { reached: reached.promise, release: () => released.resolve() };
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
