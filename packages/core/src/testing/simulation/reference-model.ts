import { codeOf } from "../expectation.ts";
import type { Committed } from "./log-auditor.ts";
import {
  actionsOf,
  forbiddenIds,
  forkOf,
  originalOf,
  plannedError,
  type Target,
  type Task,
  tasksWithin,
} from "./task.ts";
import { hold } from "./violation.ts";

/** What the driver sent from outside. */
export interface Sent {
  readonly task: Task;
  readonly to: Target;
  readonly kind: "request" | "event";
  /** Messages of one lane are handled in the order sent: the run, or the cell that they came from. */
  readonly lane: string;
}

/** What was seen of one agent so far. */
interface Seen {
  entries: number;
  settled: number;
  readonly ids: Set<string>;
  /** The latest task from outside, by lane. */
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
  "state.quarantined",
  "state.owner_lost",
  "store.unavailable",
]);

/**
 * What must be true of the agents, whatever the interleaving: a list of what was sent and what was seen, without any scheduling.
 *
 * 1. An agent's count equals the length of its entries: state and lists commit together (C5).
 * 2. Entries only grow, and no task is entered twice (C4).
 * 3. Tasks sent from outside to one agent, in one lane, are entered in the order sent (C10); a paused run lets others pass (C18).
 * 4. A task that throws, and what it queued after its last commit point, is never entered (C5).
 * 5. A task whose request was answered is entered (C5); the answer is that of the request, also when it is asked for again (C10).
 * 6. A request between turns settles at most once, and at rest exactly once when its turn committed (C12).
 * 7. What was accepted, or asked for by a turn that has committed, is entered at rest unless it became a dead letter (C4).
 */
export class ReferenceModel {
  readonly #sent: Map<string, Sent & { readonly order: number }> = new Map();
  readonly #forbidden: Set<string> = new Set();
  readonly #tasks: Map<string, Task> = new Map();
  readonly #answered: Map<string, string> = new Map();
  readonly #accepted: Set<string> = new Set();
  readonly #repeated: Set<string> = new Set();
  readonly #dead: Set<string> = new Set();
  readonly #entered: Set<string> = new Set();
  readonly #seen: Map<string, Seen> = new Map();
  /** Calls from outside that have not ended. */
  readonly open: Set<string> = new Set();

  send(sent: Sent): void {
    const { task } = sent;
    this.#sent.set(task.id, { ...sent, order: this.#sent.size });
    for (const id of forbiddenIds(task)) this.#forbidden.add(id);
    for (const nested of tasksWithin(task)) this.#tasks.set(nested.id, nested);
  }

  /** The same message once more, under the same id: nobody knows which of the two is the one that counts. */
  repeat(id: string): void {
    this.#repeated.add(id);
  }

  /** An event from outside was accepted: it is handled or becomes a dead letter, whatever happens to the process. */
  accept(id: string): void {
    this.#accepted.add(id);
  }

  /** A task became a dead letter. */
  bury(id: string): void {
    this.#dead.add(id);
  }

  /** A request from outside ended. */
  answer(id: string, reply: string): void {
    hold(reply === id, "C11", () => `the request "${id}" got the reply "${reply}"`);
    const sent = this.#sent.get(id);
    if (sent !== undefined) this.#answered.set(id, `${sent.to.type}/${sent.to.key}`);
  }

  /** A request from outside failed. */
  fail(id: string, error: unknown): void {
    const code = error === "aborted" ? "aborted" : codeOf(error);
    // Whoever asks again hears how the first request ended, also when nobody had waited for it long enough.
    const isAllowed = allowedCodes.has(code) || (code === "delivery.cancelled" && this.#repeated.has(id));
    hold(isAllowed, "I3", () => `the request "${id}" failed with "${code}"`);
    const isPlanned = this.#forbidden.has(id);
    hold(
      code !== plannedError || isPlanned,
      "C5",
      () => `the request "${id}" failed with an error that it did not throw`,
    );
  }

  /** Compares what an agent has committed with everything known. */
  check(agent: string, committed: Committed): void {
    const { count, entries, settled } = committed;
    hold(count === entries.length, "C5", () => `"${agent}" counts ${count} and lists ${entries.length}`);
    const seen = this.#seenOf(agent);
    const hasShrunk = entries.length < seen.entries || settled.length < seen.settled;
    hold(!hasShrunk, "C4", () => `"${agent}" has lost entries: ${entries.length} of ${seen.entries} are left`);
    for (const id of entries.slice(seen.entries)) this.#enter(agent, id, seen);
    if (settled.length > seen.settled)
      hold(new Set(settled).size === settled.length, "C12", () => `"${agent}" was told twice how a request ended`);
    seen.entries = entries.length;
    seen.settled = settled.length;
  }

  #enter(agent: string, id: string, seen: Seen): void {
    hold(!this.#forbidden.has(originalOf(id)), "C5", () => `"${agent}" entered "${id}", which threw or was never sent`);
    hold(!seen.ids.has(id), "C4", () => `"${agent}" entered "${id}" twice`);
    seen.ids.add(id);
    this.#entered.add(id);
    const sent = this.#sent.get(id);
    if (sent === undefined || forkOf(agent) !== "" || this.#repeated.has(id)) return;
    const last = seen.lastOrders.get(sent.lane) ?? -1;
    hold(sent.order > last, "C10", () => `"${agent}" entered "${id}" after a later one`);
    seen.lastOrders.set(sent.lane, sent.order);
  }

  /** At rest: nobody waits, answered requests are entered, what was accepted too, and requests of committed turns are settled. */
  checkAtRest(committed: ReadonlyMap<string, Committed>): void {
    hold(this.open.size === 0, "I3", () => `nobody ended ${[...this.open].join(", ")}`);
    for (const [id, agent] of this.#answered)
      hold(this.#seenOf(agent).ids.has(id), "C5", () => `"${id}" was answered but "${agent}" did not enter it`);
    for (const id of this.#accepted) this.#checkHandled(id, "was accepted");
    for (const [agent, { entries, settled }] of committed) {
      if (forkOf(agent) !== "") continue;
      for (const id of entries) {
        for (const { kind, task } of this.#messagesOf(agent, id)) {
          const isTold = settled.includes(task) || this.#dead.has(`settled:${task}`);
          if (kind === "request") hold(isTold, "C12", () => `"${agent}" was never told how "${task}" ended`);
          else this.#checkHandled(task, `was sent by "${id}"`);
        }
      }
    }
  }

  #checkHandled(id: string, why: string): void {
    const isHandled = this.#entered.has(id) || this.#forbidden.has(originalOf(id)) || this.#dead.has(id);
    hold(isHandled, "C4", () => `the event "${id}" ${why} but was neither handled nor buried`);
  }

  /** The messages that leave with a turn, or between two of its steps, and that nobody waits for. */
  #messagesOf(agent: string, id: string): readonly { readonly kind: string; readonly task: string }[] {
    const fork = forkOf(id);
    return [...actionsOf(this.#tasks.get(originalOf(id))?.plan ?? [])].flatMap((action) => {
      const isSent = action.kind === "request" || action.kind === "tell" || action.kind === "publish";
      // Who publishes does not hear it (C14).
      if (!isSent || (action.kind === "publish" && `${action.to.type}/${action.to.key}` === agent)) return [];
      return [{ kind: action.kind, task: `${action.task.id}${fork}` }];
    });
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
