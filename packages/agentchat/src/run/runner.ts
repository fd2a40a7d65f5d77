import type { StandardSchemaV1 } from "@standard-schema/spec";
import {
  type AgentRuntime,
  createIdSource,
  type IdSource,
  InProcessRuntime,
  type JsonValue,
  validate,
} from "@troupe/core";
import { listPrices, type PriceTable, type Tool } from "@troupe/llm";
import { type BudgetOption, resolveBudget, storeBudget } from "../budget/budget.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import { resolveLoopLimit, storeLoopLimit } from "../guard/loop-limit.ts";
import { resolveStallLimit, storeStallLimit } from "../guard/watch/stall-limit.ts";
import { parseTask } from "../message/parse-task.ts";
import { taskKey } from "../message/task-key.ts";
import type { Task } from "../message/chat-message.ts";
import { createRunnerTool, type RunnerToolOptions } from "../turn/tool/runner-tool.ts";
import { needsOf, type Participant, type Role, soloTeam, type TeamRole } from "../turn/role.ts";
import { allowsUnpriced, checkPrices } from "./check-prices.ts";
import { createRun } from "./handle/create-run.ts";
import { freezeDefinition } from "./freeze-definition.ts";
import { bindRunner, type RunnerBinding } from "./runner-binding.ts";
import type { Run, RunOptions } from "./handle/run-handle.ts";
import { contextMissing } from "./context/define-context.ts";
import { type ContextOption, storedValues, toValues } from "./context/run-value-store.ts";
import { attempt, createTarget, forkRun, type RunStart, type RunTarget } from "./run-target.ts";
import { createSession, type Session } from "./session.ts";

/** What every runner is made of. */
export interface RunnerOptions<Output> {
  readonly name: string;
  /** False for a name that nobody chose: stored runs could not tell such a runner from another. Default true. */
  readonly isNamed?: boolean | undefined;
  readonly description: string;
  readonly budget?: BudgetOption | undefined;
  readonly prices?: PriceTable | undefined;
  readonly guards?: GuardOptions | undefined;
  readonly output?: StandardSchemaV1<unknown, Output> | undefined;
}

/** Where to find a run that was started elsewhere. */
export interface AttachOptions {
  readonly runtime?: AgentRuntime | undefined;
  /** The session it was started in; default: none. */
  readonly session?: string | undefined;
  readonly onQuestion?: RunOptions["onQuestion"];
  /** What the run needs to go on in this process, as in the options of `run`. */
  readonly context?: ContextOption | undefined;
  /**
   * True runs turns again from their start that do not fit the code any more (`state.nondeterministic_replay`): what they have recorded is kept
   * where the code still asks for it, and not done again. Default false: such a run rejects.
   */
  readonly restartsMisfits?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where to find the run that is forked, and how its copy begins. */
export interface ForkOptions {
  readonly runtime?: AgentRuntime | undefined;
  /** The session that the run was started in; default: none. */
  readonly session?: string | undefined;
  /** True leaves the copy paused. Default false. */
  readonly isPaused?: boolean | undefined;
}

/**
 * Something that can be run: an agent or a team.
 *
 * It is a definition, not a run: immutable from the first run on, and `run()` may be called a thousand times at once on one object
 * without anything of one run showing in another (I8).
 *
 * Invariants:
 * U1. Nothing of a run is kept here; runtimes hold conversations, handles hold results.
 * U2. A runner is registered at most once on each runtime.
 */
export abstract class Runner<Output> implements Participant {
  readonly name: string;
  readonly description: string;
  readonly #options: RunnerOptions<Output>;
  readonly #bindings = new WeakMap<AgentRuntime, RunnerBinding>();
  readonly #ids: IdSource = createIdSource();
  #ownRuntime: InProcessRuntime | undefined;
  #root: TeamRole | undefined;

  constructor(options: RunnerOptions<Output>) {
    this.name = options.name;
    this.description = options.description;
    this.#options = options;
  }

  /** What the runner is inside; for teams and the runtime, not for users. */
  abstract toRole(): Role;

  /**
   * Starts a run in a conversation of its own. It starts at once; await the run, iterate it, or both.
   *
   * @throws Nothing: whatever goes wrong rejects the run.
   */
  run(task?: Task, options: RunOptions = {}): Run<Output> {
    const runId = options.runId ?? this.#ids.next();
    return this.#start(task, options, { sessionId: runId, runId, isEphemeral: options.runId === undefined });
  }

  /** The conversation with this id: new, or as it was left. */
  session(id: string, options: { readonly runtime?: AgentRuntime | undefined } = {}): Session<Output> {
    const { runtime } = options;
    return createSession<Output>({
      id,
      root: this.#rootRole(),
      open: async () => {
        const binding = this.#bind(runtime);
        await binding.ready;
        return binding.runtime;
      },
      start: (task, runOptions) => {
        const runId = runOptions.runId ?? this.#ids.next();
        return this.#start(task, { ...runOptions, runtime }, { sessionId: id, runId, isEphemeral: false });
      },
    });
  }

  /** A handle on a run that exists: to watch, answer, steer or await it. Rejects with `run.unknown` when there is none. */
  attach(runId: string, options: AttachOptions = {}): Run<Output> {
    const target = createTarget(this.#bind(options.runtime), options.session ?? runId, runId);
    const values = toValues(options.context);
    target.binding.values.give(runId, values);
    return createRun<Output>({
      target,
      start: undefined,
      mayBeKnown: true,
      gaveContext: values.length > 0,
      restartsMisfits: options.restartsMisfits,
      fork: (sequence, started) => this.#fork({ target, sequence, started }),
      signal: options.signal,
      onQuestion: options.onQuestion,
      isEphemeral: false,
      archive: undefined,
      readOutput: (data) => this.#readOutput(data),
    });
  }

  /**
   * Another run that is a stored one up to an event, in a session of its own, and goes on from there. The run that it comes from is read in the
   * store, whoever works on it, and not touched; `isPaused` leaves the copy waiting for `resume()`.
   *
   * @throws Nothing; the fork rejects with TeamError `run.history_pruned` when there is no such run or event, `run.fork_remote` while agents
   * outside the session were at work.
   */
  fork(runId: string, sequence: number, options: ForkOptions = {}): Run<Output> {
    const target = createTarget(this.#bind(options.runtime), options.session ?? runId, runId);
    return this.#fork({ target, sequence, isPaused: options.isPaused, started: Promise.resolve() });
  }

  /**
   * Gives a runtime the code of this runner, so that `runtime.recover()` goes on with its stored runs. Running, attaching and sessions do it
   * by themselves.
   *
   * @throws ConfigError `config.duplicate_agent` when another runner of this name is there.
   */
  async register(runtime: AgentRuntime): Promise<void> {
    await this.#bind(runtime).ready;
  }

  /**
   * A tool that hands a task to this agent or team. In an agent's turn it is part of that agent's run: same budget, same events, a path of its
   * own, and each call starts anew, so that several may run at once.
   *
   * @throws ConfigError `config.invalid_definition` for a name that no provider accepts.
   */
  asTool(options: RunnerToolOptions = {}): Tool<{ readonly task: string }> {
    return createRunnerTool(this, options, async (task, signal) => (await this.run(task, { signal })).messages);
  }

  /** Closes the runtime that this object keeps for runs without one. Safe twice; runs that go on end as cancelled. */
  async close(): Promise<void> {
    const runtime = this.#ownRuntime;
    this.#ownRuntime = undefined;
    await runtime?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(task: Task | undefined, options: RunOptions, place: RunPlace): Run<Output> {
    const begun = attempt(() => this.#prepare(task, options, place.runId));
    const target = createTarget(this.#bind(options.runtime), place.sessionId, place.runId);
    const values = toValues(options.context);
    target.binding.values.give(place.runId, values);
    return createRun<Output>({
      target,
      start: begun,
      gaveContext: values.length > 0,
      mayBeKnown: options.runId !== undefined,
      fork: (sequence, started) => this.#fork({ target, sequence, started }),
      signal: options.signal,
      onQuestion: options.onQuestion,
      isEphemeral: place.isEphemeral,
      archive: options.archive,
      readOutput: (data) => this.#readOutput(data),
    });
  }

  /** The copy is a run of its own, in a session of its own, named by its id. */
  #fork(source: {
    readonly target: RunTarget;
    readonly sequence: number;
    readonly isPaused?: boolean | undefined;
    readonly started: Promise<void>;
  }): Run<Output> {
    const runId = this.#ids.next();
    const target = createTarget(source.target.binding, runId, runId);
    target.binding.values.copy(source.target.runId, runId);
    return createRun<Output>({
      target,
      start: undefined,
      mayBeKnown: false,
      gaveContext: true,
      copy: async () => {
        await source.started;
        await forkRun(source.target, target, source);
      },
      fork: (sequence, started) => this.#fork({ target, sequence, started }),
      signal: undefined,
      onQuestion: undefined,
      isEphemeral: false,
      archive: undefined,
      readOutput: (data) => this.#readOutput(data),
    });
  }

  /** @throws TeamError `run.invalid_task`, `run.unpriced_model`; ConfigError `config.invalid_option`. */
  #prepare(task: Task | undefined, options: RunOptions, runId: string): RunStart {
    const budget = resolveBudget(options.budget, this.#options.budget);
    const isAllowed = [options.budget, this.#options.budget].some(allowsUnpriced);
    if (!isAllowed) checkPrices(this.#rootRole(), budget, this.#prices);
    const loops = storeLoopLimit(resolveLoopLimit(options.loops, this.#options.guards?.loops));
    const values = toValues(options.context);
    const missing = needsOf(this.#rootRole()).find((key) => !values.some((value) => value.key === key));
    if (missing !== undefined) throw contextMissing(missing.name);
    const context = storedValues(values);
    const stall = storeStallLimit(resolveStallLimit(options.stall, this.#options.guards?.stall));
    const messages = parseTask(task);
    return {
      payload: { runId, taskKey: taskKey(messages), messages },
      inherited: {
        budget: storeBudget(budget),
        ...(loops !== undefined && { loops }),
        ...(stall !== undefined && { stall }),
        ...(context !== undefined && { context }),
      },
      durability: options.durability,
      queue: options.whenBusy === "queue" ? new AbortController() : undefined,
    };
  }

  #bind(given: AgentRuntime | undefined): RunnerBinding {
    const runtime = given ?? (this.#ownRuntime ??= new InProcessRuntime());
    const known = this.#bindings.get(runtime);
    if (known !== undefined) return known;
    const { isNamed = true } = this.#options;
    const binding = bindRunner(this.#rootRole(), { runtime, prices: this.#prices, isNamed });
    binding.ready.catch(() => this.#bindings.delete(runtime));
    this.#bindings.set(runtime, binding);
    return binding;
  }

  get #prices(): PriceTable {
    return this.#options.prices ?? listPrices;
  }

  /** The first use freezes the definition. */
  #rootRole(): TeamRole {
    if (this.#root !== undefined) return this.#root;
    const role = this.toRole();
    this.#root = role.kind === "team" ? role : soloTeam(role);
    freezeDefinition(this);
    return this.#root;
  }

  #readOutput(data: JsonValue | undefined): Output {
    const { output: schema } = this.#options;
    if (schema === undefined || data === undefined) return noOutput<Output>();
    return validate(schema, data, { what: `output of "${this.name}"` });
  }
}

interface RunPlace {
  readonly sessionId: string;
  readonly runId: string;
  readonly isEphemeral: boolean;
}

/** A runner without an output schema has the type `undefined` for it; one that did not get to its output has none. */
function noOutput<Output>(): Output {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- see above
  return undefined as Output;
}
