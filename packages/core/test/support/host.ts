import { type AgentDefinition, InProcessRuntime, type Logger, MemoryStore, type RuntimeOptions } from "@troupe/core";
import { KillableStore } from "@troupe/core/testing";

/** A logger for tests that break things on purpose. */
export const quiet: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A process on a store: it can be killed, and another one started on what is left. */
export class Host {
  readonly store = new MemoryStore({ isDurable: true });
  power = new KillableStore(this.store);
  runtime = new InProcessRuntime({ store: this.power, logger: quiet });
  #agents: readonly AgentDefinition[] = [];

  async start(agents: readonly AgentDefinition[], options: RuntimeOptions = {}): Promise<void> {
    this.#agents = agents;
    this.power = new KillableStore(this.store);
    this.runtime = new InProcessRuntime({ logger: quiet, ...options, store: this.power });
    for (const agent of agents) await this.runtime.register(agent);
  }

  /** The process dies now, and another one takes over what it had. */
  async crash(agents: readonly AgentDefinition[] = this.#agents): Promise<void> {
    this.power.kill();
    await this.start(agents);
    await this.runtime.recover();
  }
}

/** Everything that an iterable yields. */
export async function readAll<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** What `find` finds, looked for again and again: for what happens a little later in this process. */
export async function until<T>(find: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
