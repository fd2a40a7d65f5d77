import type { RandomSource } from "../../async/index.ts";

/** Where a simulated message goes: `member` agents share one logged cell, `guest` agents another, `solo` agents have a cell each. */
export interface Target {
  readonly type: "member" | "guest" | "solo";
  readonly key: string;
}

/** The agent of a type with a number. Keys tell types apart, because a fork names agents by their keys alone. */
export function targetOf(type: Target["type"], index: number): Target {
  return { type, key: `${type.charAt(0)}${index}` };
}

/** The types of agents. */
export const agentTypes: readonly Target["type"][] = ["member", "guest", "solo"];

/** One thing that a simulated handler does. Plans are data, so that the driver knows what must and must not happen. */
export type Action =
  | { readonly kind: "step"; readonly name: string; readonly gate: string | undefined; readonly isIdempotent: boolean }
  | { readonly kind: "send" | "request" | "tell" | "publish"; readonly to: Target; readonly task: Task }
  | { readonly kind: "wait"; readonly name: string }
  | { readonly kind: "sleep"; readonly durationMs: number }
  | { readonly kind: "parallel"; readonly name: string; readonly branches: readonly (readonly Action[])[] }
  | { readonly kind: "throw" };

/** What a simulated message asks for. */
export interface Task {
  readonly id: string;
  readonly plan: readonly Action[];
}

/** How many agents of each type there are. */
export const agentCount = 3;

/** The message of an error that a plan asks for. */
export const plannedError = "planned";

/** Makes tasks from a random source; nested ones get smaller with depth. */
export class TaskFactory {
  readonly #random: RandomSource;
  #count = 0;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  next(depth = 0): Task {
    const id = this.#id("t");
    const length = Math.floor(this.#random.next() * Math.max(1, 4 - depth));
    const plan = Array.from({ length }, () => this.#action(depth));
    if (this.#random.next() < 0.12) plan.push({ kind: "throw" });
    return { id, plan };
  }

  target(): Target {
    const choice = this.#random.next();
    const type = choice < 0.5 ? "member" : choice < 0.65 ? "guest" : "solo";
    return targetOf(type, Math.floor(this.#random.next() * agentCount));
  }

  #id(prefix: string): string {
    this.#count += 1;
    return `${prefix}${this.#count}`;
  }

  #action(depth: number): Action {
    const choice = this.#random.next();
    if (choice < 0.3 || depth >= 3) return this.#step();
    if (choice > 0.94) return this.#parallel(depth);
    if (choice < 0.42) return { kind: "send", to: this.target(), task: this.next(depth + 1) };
    if (choice < 0.56) return { kind: "tell", to: this.target(), task: this.next(depth + 1) };
    if (choice < 0.66) return { kind: "request", to: this.target(), task: this.next(depth + 1) };
    if (choice < 0.78) return { kind: "publish", to: this.target(), task: this.next(depth + 1) };
    if (choice < 0.9) return { kind: "wait", name: this.#id("w") };
    return { kind: "sleep", durationMs: 1 + Math.floor(this.#random.next() * 5000) };
  }

  #parallel(depth: number): Action {
    const branch = (): readonly Action[] =>
      Array.from({ length: 1 + Math.floor(this.#random.next() * 2) }, () => this.#action(depth + 1));
    return { kind: "parallel", name: this.#id("p"), branches: [branch(), branch()] };
  }

  #step(): Action {
    const name = this.#id("s");
    return {
      kind: "step",
      name,
      gate: this.#random.next() < 0.4 ? name : undefined,
      isIdempotent: this.#random.next() < 0.5,
    };
  }
}

/** What tells a fork's agents and tasks from those of the original: empty there. */
export function forkOf(name: string): string {
  const at = name.indexOf("@");
  return at < 0 ? "" : name.slice(at);
}

/** A task under the name that it has in a fork. */
export function inFork(task: Task, fork: string): Task {
  return fork === "" || forkOf(task.id) !== "" ? task : { ...task, id: `${task.id}${fork}` };
}

/** The key that an agent has in a fork: only members are copied, all others are shared. */
export function keyInFork(key: string, fork: string): string {
  return key.startsWith("m") ? `${key}${fork}` : key;
}

/** The name that a task has in the original. */
export function originalOf(id: string): string {
  return id.slice(0, id.length - forkOf(id).length);
}

/** The tasks in a plan, nested ones included. */
export function* tasksWithin(task: Task): Generator<Task> {
  yield task;
  for (const action of actionsOf(task.plan)) if ("task" in action) yield* tasksWithin(action.task);
}

/** The actions of a plan, those in parallel branches included. */
export function* actionsOf(plan: readonly Action[]): Generator<Action> {
  for (const action of plan) {
    if (action.kind === "parallel") for (const branch of action.branches) yield* actionsOf(branch);
    else yield action;
  }
}

/** The actions that journal what was queued before them: from there on, messages have left even if the turn throws (C5). */
function isCommitPoint(action: Action): boolean {
  return ["send", "wait", "sleep", "parallel"].includes(action.kind);
}

/** Ids that must never show up: tasks that throw, and what they queued after their last commit point (C5). */
export function forbiddenIds(task: Task): readonly string[] {
  if (!throwsAtEnd(task)) return forbiddenWithin(task.plan);
  const lastCommit = task.plan.findLastIndex(isCommitPoint);
  return [
    task.id,
    ...task.plan.flatMap((action, index) => {
      // What a branch queued may have left with a commit point of another branch.
      if (!("task" in action)) return forbiddenWithin([action]);
      const neverLeaves = index > lastCommit && action.kind !== "send";
      return neverLeaves ? [...tasksWithin(action.task)].map((nested) => nested.id) : forbiddenIds(action.task);
    }),
  ];
}

function forbiddenWithin(plan: readonly Action[]): readonly string[] {
  return [...actionsOf(plan)].flatMap((action) => ("task" in action ? forbiddenIds(action.task) : []));
}

function throwsAtEnd(task: Task): boolean {
  return task.plan.at(-1)?.kind === "throw";
}
