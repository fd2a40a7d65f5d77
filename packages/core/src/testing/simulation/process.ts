import { silentLogger } from "../silent-logger.ts";
import { type AgentContext, type AgentDefinition, defineAgent } from "../../agent/index.ts";
import { createDeferred, createIdSource, type Deferred, type RandomSource } from "../../async/index.ts";
import { agentId, type AgentId, formatAgentId, type TopicId, topicId } from "../../identity/index.ts";
import { defineEvent, defineRequest, type EventType, type RequestType } from "../../message/index.ts";
import type { RuntimeEvent } from "../../observe/index.ts";
import { InProcessRuntime } from "../../runtime/index.ts";
import type { Store } from "../../store/index.ts";
import { typeSubscription } from "../../subscription/index.ts";
import { ManualClock } from "../manual-clock.ts";
import { schemaOf, textSchema } from "../runtime-contract/fixtures.ts";
import { KillableStore } from "./killable-store.ts";
import { type Action, plannedError, type Target, type Task } from "./task.ts";
import { hold } from "./violation.ts";

const taskSchema = schemaOf<Task>(
  (value): value is Task => typeof value === "object" && value !== null && "plan" in value,
  "a task",
);

/** A request for the agents of a simulation. */
export const Perform: RequestType<"Perform", Task, Task, string, string> = defineRequest(
  "Perform",
  taskSchema,
  textSchema,
);
/** An event for them. */
export const Happen: EventType<"Happen", Task, Task> = defineEvent("Happen", taskSchema);

/** The topic that reaches one target alone: each task is performed once. */
export function topicOf(target: Target): TopicId {
  return topicId(`${target.type}-work`, target.key);
}

/** The cell that all members share. */
export const memberCell = "session";

type State = { count: number };
type Lists = { entries: typeof textSchema; settled: typeof textSchema };
type Context = AgentContext<State, Lists>;

/** What outlives a process: what has run, by idempotency key. */
export interface Effects {
  readonly executions: Map<string, number>;
}

/** What a simulated process is made of. */
export interface ProcessOptions {
  readonly generation: number;
  readonly store: Store;
  readonly startMs: number;
  readonly random: RandomSource;
  readonly effects: Effects;
  readonly observe: (event: RuntimeEvent) => void;
  readonly parkAfterMs: number;
  /** Beyond it senders from outside wait. */
  readonly mailboxCapacity: number;
  /** How many microtasks each store operation takes; absent for a store that answers at once. */
  readonly storeDelay?: (() => number) | undefined;
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
  readonly #effects: Effects;
  readonly #atWork: Map<string, { readonly task: string; readonly signal: AbortSignal }> = new Map();
  violation: unknown;

  constructor(options: ProcessOptions) {
    this.clock = new ManualClock({ startMs: options.startMs });
    this.store = new KillableStore(options.store, options.storeDelay);
    this.#effects = options.effects;
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
      maxDeadLetters: 100_000,
    });
  }

  async start(): Promise<void> {
    await this.runtime.register(this.#define("member"));
    await this.runtime.register(this.#define("solo"));
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
    return defineAgent({
      type,
      state: (): State => ({ count: 0 }),
      lists: { entries: textSchema, settled: textSchema },
      ...(type === "member" && { cell: () => memberCell }),
      handlers: (on) => [
        on.request(Perform, async (task, context) => {
          await this.#perform(task, context);
          return task.id;
        }),
        on.event(Happen, (task, context) => this.#perform(task, context)),
        on.settled(Perform, (settlement, context) => {
          context.lists.settled.append(settlement.tag);
        }),
      ],
      subscriptions: [typeSubscription(`${type}-work`)],
    });
  }

  async #perform(task: Task, context: Context): Promise<void> {
    const agent = formatAgentId(context.id);
    this.#enter(agent, task, context.signal);
    try {
      context.emit("started", task.id);
      for (const action of task.plan) await this.#act(action, context);
      context.state.count += 1;
      context.lists.entries.append(task.id);
      context.emit("performed", task.id);
    } finally {
      if (this.#atWork.get(agent)?.task === task.id) this.#atWork.delete(agent);
    }
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

  async #act(action: Action, context: Context): Promise<void> {
    switch (action.kind) {
      case "step":
        await context.stepOutcome(action.name, (step) => this.#run(action, step), { idempotent: action.isIdempotent });
        return;
      case "send":
        // A failed request is none of this handler's business; one whose attempt is over ends it by itself.
        await context.send(Perform(action.task), idOf(action.to)).catch(() => {});
        return;
      case "request":
        context.request(Perform(action.task), idOf(action.to), { tag: action.task.id });
        return;
      case "tell":
        context.tell(Happen(action.task), idOf(action.to));
        return;
      case "publish":
        context.publish(Happen(action.task), topicOf(action.to));
        return;
      case "wait":
        await context.waitFor(action.name, textSchema).catch(() => {});
        return;
      case "sleep":
        await context.sleep(action.durationMs).catch(() => {});
        return;
      case "parallel": {
        const branches = action.branches.map((plan, index) =>
          context.branch(`${action.name}.${index}`, async (branch) => {
            for (const inner of plan) await this.#act(inner, branch);
          }),
        );
        await Promise.all(branches);
        return;
      }
      case "throw":
        throw new Error(plannedError);
    }
  }

  async #run(
    action: Extract<Action, { readonly kind: "step" }>,
    step: { readonly signal: AbortSignal; readonly idempotencyKey: string },
  ): Promise<void> {
    if (!this.store.isDead) {
      const count = (this.#effects.executions.get(step.idempotencyKey) ?? 0) + 1;
      this.#effects.executions.set(step.idempotencyKey, count);
      this.#check(
        count === 1 || action.isIdempotent,
        "C28",
        () => `step "${action.name}" ran ${count} times though it is not idempotent`,
      );
    }
    if (action.gate !== undefined) await this.#waitAt(action.gate, step.signal);
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
      this.gates.delete(name);
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

/** The address of a target. */
export function idOf(target: Target): AgentId {
  return agentId(target.type, target.key);
}
