import { codeOf } from "../expectation.ts";
import { actionsOf, forbiddenIds, plannedError, type Target, type Task, tasksWithin } from "./task.ts";
import { hold } from "./violation.ts";

/** What one agent has committed, as its snapshot shows it. */
export interface Committed {
  readonly count: number;
  readonly entries: readonly string[];
  readonly settled: readonly string[];
}

/** What the driver sent from outside. */
export interface Sent {
  readonly task: Task;
  readonly to: Target;
  readonly kind: "request" | "event";
  /** Empty outside runs. */
  readonly runId: string;
}

/** What was seen of one agent so far. */
interface Seen {
  entries: number;
  settled: number;
  readonly ids: Set<string>;
  /** The latest task from outside, by run. */
  readonly lastOrders: Map<string, number>;
}

/** Errors that a request may end with. Everything else is a defect of the runtime. */
const allowedCodes: ReadonlySet<string> = new Set([
  plannedError,
  "aborted",
  "delivery.deadline_exceeded",
  "delivery.deadlock",
  "delivery.runtime_closed",
  "state.step_cancelled",
]);

/**
 * What must be true of the agents, whatever the interleaving: a list of what was sent and what was seen, without any scheduling.
 *
 * 1. An agent's count equals the length of its entries: state and lists commit together (C5).
 * 2. Entries only grow, and no task is entered twice (C4).
 * 3. Tasks sent from outside to one agent, in one run, are entered in the order sent (C10); a paused run lets others pass (C18).
 * 4. A task that throws, and what it queued after its last commit point, is never entered (C5).
 * 5. A task whose request was answered is entered (C5); the answer is that of the request.
 * 6. A request between turns settles at most once, and at rest exactly once when its turn committed (C12).
 *
 * Agents without a log keep a snapshot of their rest only: after a crash 2 and 6 are not asked of them.
 */
export class ReferenceModel {
  readonly #sent: Map<string, Sent & { readonly order: number }> = new Map();
  readonly #forbidden: Set<string> = new Set();
  readonly #tasks: Map<string, Task> = new Map();
  readonly #answered: Map<string, string> = new Map();
  readonly #seen: Map<string, Seen> = new Map();
  #hasCrashed = false;
  /** Requests from outside that have not ended. */
  readonly open: Set<string> = new Set();

  send(sent: Sent): void {
    const { task, kind } = sent;
    this.#sent.set(task.id, { ...sent, order: this.#sent.size });
    for (const id of forbiddenIds(task)) this.#forbidden.add(id);
    for (const nested of tasksWithin(task)) this.#tasks.set(nested.id, nested);
    if (kind === "request") this.open.add(task.id);
  }

  /** A request from outside ended. */
  answer(id: string, reply: string): void {
    this.open.delete(id);
    hold(reply === id, "C11", () => `the request "${id}" got the reply "${reply}"`);
    const sent = this.#sent.get(id);
    if (sent !== undefined) this.#answered.set(id, `${sent.to.type}/${sent.to.key}`);
  }

  /** A request from outside failed. */
  fail(id: string, error: unknown): void {
    this.open.delete(id);
    const code = error === "aborted" ? "aborted" : codeOf(error);
    hold(allowedCodes.has(code), "I3", () => `the request "${id}" failed with "${code}"`);
    const isPlanned = this.#forbidden.has(id);
    hold(
      code !== plannedError || isPlanned,
      "C5",
      () => `the request "${id}" failed with an error that it did not throw`,
    );
  }

  /** The process died: nobody waits any more, and agents without a log may have lost what they had not written. */
  crash(): void {
    this.open.clear();
    this.#hasCrashed = true;
    for (const agent of this.#seen.keys()) if (agent.startsWith("solo/")) this.#seen.delete(agent);
    for (const [id, agent] of this.#answered) if (agent.startsWith("solo/")) this.#answered.delete(id);
  }

  /** Compares what an agent shows with everything known. */
  check(agent: string, committed: Committed): void {
    const { count, entries, settled } = committed;
    hold(count === entries.length, "C5", () => `"${agent}" counts ${count} and lists ${entries.length}`);
    const seen = this.#seenOf(agent);
    hold(
      entries.length >= seen.entries,
      "C4",
      () => `"${agent}" had ${seen.entries} entries and has ${entries.length}`,
    );
    hold(
      settled.length >= seen.settled,
      "C4",
      () => `"${agent}" had ${seen.settled} settlements and has ${settled.length}`,
    );
    for (const id of entries.slice(seen.entries)) this.#enter(agent, id, seen);
    if (settled.length > seen.settled && this.#isReliable(agent))
      hold(new Set(settled).size === settled.length, "C12", () => `"${agent}" was told twice how a request ended`);
    seen.entries = entries.length;
    seen.settled = settled.length;
  }

  #enter(agent: string, id: string, seen: Seen): void {
    hold(!this.#forbidden.has(id), "C5", () => `"${agent}" entered "${id}", which threw or was never sent`);
    hold(!seen.ids.has(id) || !this.#isReliable(agent), "C4", () => `"${agent}" entered "${id}" twice`);
    seen.ids.add(id);
    const sent = this.#sent.get(id);
    if (sent === undefined) return;
    const last = seen.lastOrders.get(sent.runId) ?? -1;
    hold(sent.order > last, "C10", () => `"${agent}" entered "${id}" after a later one`);
    seen.lastOrders.set(sent.runId, sent.order);
  }

  /** At rest: nobody waits, answered requests are entered, and requests of committed turns are settled. */
  checkAtRest(committed: ReadonlyMap<string, Committed>): void {
    hold(this.open.size === 0, "I3", () => `nobody ended ${[...this.open].join(", ")}`);
    for (const [id, agent] of this.#answered) {
      hold(this.#seenOf(agent).ids.has(id), "C5", () => `"${id}" was answered but "${agent}" did not enter it`);
    }
    for (const [agent, { entries, settled }] of committed) {
      if (!agent.startsWith("member/")) continue;
      const open = entries.flatMap((id) => this.#requestsOf(id)).filter((tag) => !settled.includes(tag));
      hold(open.length === 0, "C12", () => `"${agent}" was never told how ${open.join(", ")} ended`);
    }
  }

  /** Requests between turns from one member to another: those survive every crash. */
  #requestsOf(id: string): readonly string[] {
    const plan = this.#tasks.get(id)?.plan ?? [];
    return [...actionsOf(plan)].flatMap((action) =>
      action.kind === "request" && action.to.type === "member" ? [action.task.id] : [],
    );
  }

  #isReliable(agent: string): boolean {
    return !this.#hasCrashed || agent.startsWith("member/");
  }

  #seenOf(agent: string): Seen {
    let seen = this.#seen.get(agent);
    if (seen === undefined) {
      seen = { entries: 0, settled: 0, ids: new Set(), lastOrders: new Map() };
      this.#seen.set(agent, seen);
    }
    return seen;
  }
}
