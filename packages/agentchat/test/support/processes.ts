import { InProcessRuntime, MemoryStore, type RuntimeOptions, yieldMacrotask } from "@troupe/core";
import { KillableStore } from "@troupe/core/testing";

/** One process: a runtime on the shared store, which can die. */
export interface Process {
  readonly runtime: InProcessRuntime;
  /** Dies after so many further writes: nothing it asks the store for ever comes back. */
  kill(afterWrites?: number): void;
  /** Resolves when the process is dead, or when it has nothing to do any more. */
  settled(): Promise<boolean>;
}

/** Turns of the event loop in which nothing happens before a process counts as idle. */
const quietTurns = 50;

/**
 * Processes that share one durable store: each runtime stands for one, and none knows of the others.
 *
 * The runtimes left over are closed with the machine; for a dead one, which waits for its store for ever, nobody waits.
 */
export class Machine implements AsyncDisposable {
  readonly store: MemoryStore = new MemoryStore({ isDurable: true });
  readonly #processes: { readonly runtime: InProcessRuntime; readonly store: KillableStore }[] = [];

  start(options: Omit<RuntimeOptions, "store"> = {}): Process {
    const store = new KillableStore(this.store, () => 1);
    const runtime = new InProcessRuntime({ ...options, store });
    this.#processes.push({ runtime, store });
    return {
      runtime,
      kill: (afterWrites) => store.kill(afterWrites),
      settled: async () => {
        let quiet = 0;
        const idle = runtime.idle().then(() => "idle");
        while (!store.isDead && quiet < quietTurns) {
          const first = await Promise.race([idle, yieldMacrotask().then(() => "busy")]);
          if (first === "idle") quiet += 1;
        }
        return store.isDead;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { runtime, store } of this.#processes) {
      const closed = runtime.close({ graceMs: 0 });
      if (!store.isDead) await closed;
    }
  }
}
