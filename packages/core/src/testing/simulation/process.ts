import { silentLogger } from "../silent-logger.ts";
import type { AgentDefinition, StepContext } from "../../agent/index.ts";
import { createDeferred, createIdSource, type Deferred, type RandomSource } from "../../async/index.ts";
import { formatAgentId } from "../../identity/index.ts";
import type { RuntimeEvent } from "../../observe/index.ts";
import { InProcessRuntime } from "../../runtime/index.ts";
import { ManualClock } from "../manual-clock.ts";
import { FaultyStore, type StoreFault, type StoreOperation } from "../store-faults/faulty-store.ts";
import type { SharedData, SharedStore } from "../store-faults/shared-store.ts";
import { KillableStore } from "../store-faults/killable-store.ts";
import type { LogAuditor } from "./log-auditor.ts";
import { createSimulatedAgent, type StepAction } from "./simulated-agent.ts";
import { agentTypes, type Target, type Task } from "./task.ts";
import { hold } from "./violation.ts";

/** What outlives a process: what has run, by idempotency key, and what the logs say. */
export interface World {
  readonly data: SharedData;
  readonly auditor: LogAuditor;
  readonly executions: Map<string, number>;
}

/** What a simulated process is made of. */
export interface ProcessOptions {
  readonly generation: number;
  readonly world: World;
  readonly startMs: number;
  readonly random: RandomSource;
  readonly observe: (event: RuntimeEvent) => void;
  readonly parkAfterMs: number;
  /** Cells with a log that stay in memory while nothing is to be done in them. */
  readonly maxRestingCells: number;
  /** Beyond it senders from outside wait. */
  readonly mailboxCapacity: number;
  /** How many microtasks each store operation takes; absent for a store that answers at once. */
  readonly storeDelay?: (() => number) | undefined;
  /** What goes wrong with store operations; absent for a sound store. */
  readonly fault?: ((operation: StoreOperation) => StoreFault | undefined) | undefined;
}

/**
 * One life of the simulated program: a runtime with a clock of its own, agents that perform tasks, and gates that hold them up.
 *
 * 1. After `die` nothing of it reaches the store, the effects or the observer.
 * 2. It notices two exclusive turns of one agent at work at once (C1), and a step that runs again though it must not (C28).
 */
export class SimulatedProcess {
  readonly runtime: InProcessRuntime;
  readonly clock: ManualClock;
  readonly gates: Map<string, Deferred<void>> = new Map();
  readonly store: KillableStore;
  readonly world: World;
  /** How many processes there were before it. */
  readonly generation: number;
  readonly #handle: SharedStore;
  readonly #atWork: Map<string, { readonly task: string; readonly signal: AbortSignal }> = new Map();
  violation: unknown;
  /** True when others take it for dead: it does not know what they have written since. */
  isSilent = false;

  constructor(options: ProcessOptions) {
    const { world, fault } = options;
    this.world = world;
    this.generation = options.generation;
    this.clock = new ManualClock({ startMs: options.startMs });
    this.#handle = world.data.open();
    const store = this.#handle;
    const faulty = fault === undefined ? store : new FaultyStore({ store, fault: (operation) => fault(operation) });
    this.store = new KillableStore(faulty, options.storeDelay);
    this.runtime = new InProcessRuntime({
      store: this.store,
      logger: silentLogger,
      clock: this.clock,
      ids: createIdSource(`g${options.generation}`),
      random: () => options.random.next(),
      pick: (count) => Math.floor(options.random.next() * count),
      observer: (event) => {
        if (!this.store.isDead) options.observe(event);
      },
      parkAfterMs: options.parkAfterMs,
      mailboxCapacity: options.mailboxCapacity,
      maxIdleAgents: 2,
      maxRestingCells: options.maxRestingCells,
      maxDeadLetters: 100_000,
    });
  }

  /** Registers the agents and takes up what nobody works on. */
  async start(): Promise<void> {
    for (const type of agentTypes) await this.runtime.register(this.#define(type));
    // What cannot be taken now is taken by a later one.
    this.runtime.recover().catch(() => {});
  }

  openGates(): void {
    for (const name of Array.from(this.gates.keys())) this.openGate(name);
  }

  /** Everybody hears that its workers are gone: their cells can be taken at once. */
  expire(): void {
    for (const worker of this.#handle.workers) this.world.data.expire(worker);
  }

  /** The power goes: nothing is written any more. */
  die(): void {
    this.store.kill();
  }

  /** Lets a step go on that waits at a gate. */
  openGate(name: string): void {
    this.gates.get(name)?.resolve();
    this.gates.delete(name);
  }

  #define(type: Target["type"]): AgentDefinition<"Perform" | "Happen"> {
    return createSimulatedAgent(type, {
      begin: (id, task, signal) => {
        const agent = formatAgentId(id);
        this.#enter(agent, task, signal);
        return () => {
          if (this.#atWork.get(agent)?.task === task.id) this.#atWork.delete(agent);
        };
      },
      run: (action, step, fork) => this.#run(action, step, fork),
    });
  }

  #enter(agent: string, task: Task, signal: AbortSignal): void {
    const other = this.#atWork.get(agent);
    this.#check(
      other === undefined || other.task === task.id || other.signal.aborted,
      "C1",
      () => `"${agent}" handles "${task.id}" while it handles "${other?.task}"`,
    );
    this.#atWork.set(agent, { task: task.id, signal });
  }

  async #run(action: StepAction, step: StepContext, fork: string): Promise<void> {
    if (!this.store.isDead) {
      const { executions, auditor } = this.world;
      const { idempotencyKey } = step;
      const count = (executions.get(idempotencyKey) ?? 0) + 1;
      executions.set(idempotencyKey, count);
      this.#check(
        count === 1 || action.isIdempotent,
        "C28",
        () => `step "${idempotencyKey}" ran ${count} times though it is not idempotent`,
      );
      this.#check(
        this.isSilent || !auditor.isSettled(idempotencyKey),
        "C28",
        () => `step "${idempotencyKey}" ran though its outcome is in the log`,
      );
    }
    if (action.gate !== undefined) await this.#waitAt(`${action.gate}${fork}`, step.signal);
  }

  async #waitAt(name: string, signal: AbortSignal): Promise<void> {
    const gate = createDeferred<void>();
    this.gates.set(name, gate);
    const onAbort = (): void => gate.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await gate.promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (this.gates.get(name) === gate) this.gates.delete(name);
    }
  }

  /** Handlers cannot stop the simulation: the first violation is kept for the driver. */
  #check(holds: boolean, invariant: string, what: () => string): void {
    try {
      hold(holds, invariant, what);
    } catch (error) {
      this.violation ??= error;
    }
  }
}
