import {
  type JsonValue,
  type List,
  type StepContext,
  type StepOptions,
  type StepOutcome,
  TeamError,
} from "@troupe/core";
import type { CodeResult, ModelMessage, RunValues, Tool, ToolCallPart, ToolDeclaration } from "@troupe/llm";
import type { SettledCall } from "../budget/run-ledger.ts";
import { completeContext, findLack } from "../run/context/complete-context.ts";
import { addSpent, type Spent, toSpent } from "../budget/spent.ts";
import type { CallTrail } from "../guard/call-trail.ts";
import type { FinishTool } from "../guard/finish-tool.ts";
import type { OwnedPolicy } from "../guard/policy/tool-policy.ts";
import { RequestCounter } from "../inference/token-counter.ts";
import { type AgentYield, isLiveEvent } from "../message/agent-event.ts";
import { asJson } from "../message/as-json.ts";
import type { ChatMessage } from "../message/chat-message.ts";
import type { Question } from "../message/question.ts";
import { callModel } from "./call-model.ts";
import type {
  CodeCall,
  InnerOptions,
  InnerReply,
  ModelCall,
  ModelOutcome,
  QuestionOptions,
  ToolRound,
} from "./chat-agent-context.ts";
import { runInner } from "./run-inner.ts";
import type { CellContext, SourcedEvent } from "./protocol.ts";
import { openLists } from "./own-lists.ts";
import type { AgentRole, ErasedContext } from "./role.ts";
import type { RunResources, TurnEnvironment } from "./run-resources.ts";

/** Where an agent's turn takes place. */
export interface TurnSetting {
  readonly role: AgentRole;
  readonly path: readonly string[];
  readonly environment: TurnEnvironment;
  readonly resources: RunResources;
  readonly wantsEvents: boolean;
  /** What decides about its calls, outermost first. */
  readonly policies: readonly OwnedPolicy[];
  readonly finish: FinishTool | undefined;
  /** What a team asks its adviser. */
  readonly question?: JsonValue | undefined;
}

/** What a turn tells its manager besides what it says. */
export interface TurnNotes {
  /** What happened on the way; empty unless the manager wants it. */
  readonly events: SourcedEvent[];
  spent: readonly Spent[];
  /** True when a tool did something that it had not done before, or somebody has answered a question. */
  hasProgressed?: boolean;
  trail?: CallTrail;
  /** Turns of what the agent ran inside its own. */
  turnsTaken: number;
  /** Calls of what it runs inside its turn so far. */
  innerCalls: number;
}

/** A question without a deadline of its own: 7 days. */
const questionMs = 604_800_000;

/**
 * One turn of one agent: what `onMessages` gets.
 *
 * Owns: the notes for the manager. Everything that lasts is in the core's context.
 * Invariant: a durable event is emitted once, in the scope in which it happened, so that a replay drops it.
 */
export class AgentTurn implements ErasedContext {
  readonly #core: CellContext;
  readonly #setting: TurnSetting;
  readonly #notes: TurnNotes;
  #rounds = 0;
  #lists: ErasedContext["lists"] | undefined;
  #requests: RequestCounter | undefined;

  /** The branches of a turn share its notes. */
  constructor(
    core: CellContext,
    setting: TurnSetting,
    notes: TurnNotes = { events: [], spent: [], turnsTaken: 0, innerCalls: 0 },
  ) {
    this.#core = core;
    this.#setting = setting;
    this.#notes = notes;
  }

  get agentName(): string {
    return this.#setting.role.name;
  }

  get question(): JsonValue | undefined {
    return this.#setting.question;
  }

  get policies(): readonly OwnedPolicy[] {
    return this.#setting.policies;
  }

  get finish(): FinishTool | undefined {
    return this.#setting.finish;
  }

  get run(): RunValues {
    return this.resources.values;
  }

  get environment(): TurnEnvironment {
    return this.#setting.environment;
  }

  get resources(): RunResources {
    return this.#setting.resources;
  }

  get notes(): Readonly<TurnNotes> {
    return this.#notes;
  }

  /** An agent without state of its own touches none, so that its turn writes none. */
  get state(): JsonValue | undefined {
    const { initialState } = this.#setting.role;
    if (initialState === undefined) return undefined;
    this.#core.state.agent ??= initialState();
    return this.#core.state.agent;
  }

  get lists(): ErasedContext["lists"] {
    this.#lists ??= openLists(this.#setting.role.lists, ownLists(this.#core));
    return this.#lists;
  }

  get history(): List<ModelMessage> {
    return this.#core.lists.history;
  }

  get signal(): AbortSignal {
    return this.#core.signal;
  }

  get runId(): string {
    return this.#core.run?.runId ?? "";
  }

  get path(): readonly string[] {
    return this.#setting.path;
  }

  step<T>(name: string, run: (step: StepContext) => T | Promise<T>, options?: StepOptions): Promise<T> {
    const effect = this.#effect((step) => this.#timed(name, () => run(step), options));
    return this.#core.step(name, effect, this.#limited(options));
  }

  stepOutcome<T>(
    name: string,
    run: (step: StepContext) => T | Promise<T>,
    options?: StepOptions,
  ): Promise<StepOutcome<T>> {
    const effect = this.#effect((step) => this.#timed(name, () => run(step), options));
    return this.#core.stepOutcome(name, effect, this.#limited(options));
  }

  /**
   * Something is at work until the returned function is called: the run's time runs, and its silence is watched.
   *
   * @param owedMs what it may take by a limit of its own.
   */
  startWork(what: string, owedMs: number = 0): () => void {
    const stopClock = this.resources.ledger.startWork();
    const leave = this.resources.watch.begin({ what, owedMs, turn: this });
    return () => {
      leave();
      stopClock();
    };
  }

  /** A step that lets the ledger's time run itself, while it works. */
  selfTimedStep<T>(
    name: string,
    run: (step: StepContext) => Promise<T>,
    options: StepOptions,
  ): Promise<StepOutcome<T>> {
    return this.#core.stepOutcome(
      name,
      this.#effect((step) => run(step)),
      options,
    );
  }

  /** Waits for what the run needs and was not given in this process. */
  completeContext(signal: AbortSignal): Promise<void> {
    const { needs, waitForValues } = this.environment;
    const heartbeat = (): void => this.#core.heartbeat();
    return completeContext({ needs, waitForValues, values: this.run }, { runId: this.runId, signal, heartbeat });
  }

  /** What happens outside happens on behalf of somebody: an effect waits for the context. A replayed one does not happen. */
  #effect<T>(run: (step: StepContext) => T | Promise<T>): (step: StepContext) => T | Promise<T> {
    if (this.environment.needs.length === 0) return run;
    return async (step) => {
      await this.completeContext(step.signal);
      return run(step);
    };
  }

  /** Waiting for the context is not what a time limit is about. */
  #limited(options: StepOptions | undefined): StepOptions | undefined {
    if (options?.timeoutMs === undefined || findLack({ needs: this.environment.needs, values: this.run }) === undefined)
      return options;
    return { ...options, timeoutMs: undefined };
  }

  /** Wall time counts while a step runs (G3). */
  async #timed<T>(name: string, run: () => T | Promise<T>, options: StepOptions = {}): Promise<T> {
    const stopClock = this.startWork(name, options.timeoutMs);
    try {
      return await run();
    } finally {
      stopClock();
    }
  }

  /** A scope of its own for one of several things that happen at once. */
  branch<T>(name: string, run: (branch: AgentTurn) => Promise<T>): Promise<T> {
    return this.#core.branch(name, (core) => run(new AgentTurn(core, this.#setting, this.#notes)));
  }

  async ask<Answer>(options: QuestionOptions<Answer>): Promise<Answer> {
    const deadlineMs = options.deadlineMs ?? questionMs;
    const question: Omit<Question, "id"> = {
      asker: this.path,
      prompt: options.prompt,
      schema: options.jsonSchema ?? {},
      deadline: Number.isFinite(deadlineMs) ? new Date(this.#core.now() + deadlineMs).toISOString() : null,
    };
    const wait = this.#core.wait("question", options.schema, { deadlineMs, question: asJson(question) });
    this.#emit("question-asked", asJson({ question: { ...question, id: wait.id } }));
    try {
      const answer = await wait.answer;
      this.#notes.hasProgressed = true;
      return answer;
    } finally {
      // Also when the deadline or a cancel ended it: it is not open any more.
      this.#emit("question-answered", { questionId: wait.id });
      await this.#leave();
    }
  }

  /** Whoever shows the open questions must not show this one until the turn has something else to record: its end is recorded at once. */
  async #leave(): Promise<void> {
    const idempotent = this.#core.run?.durability !== "turn";
    try {
      await this.#core.stepOutcome("answered", () => null, { idempotent });
    } catch {
      // The attempt is over: its replay tells.
    }
  }

  callModel(call: ModelCall): Promise<ModelOutcome> {
    return callModel(this, call);
  }

  async callTools(calls: readonly ToolCallPart[], tools: readonly Tool[]): Promise<ToolRound> {
    const { callTools } = await this.environment.loadCalls();
    return callTools(this, calls, tools);
  }

  async runCode(call: CodeCall): Promise<CodeResult> {
    const { runCode } = await this.environment.loadCalls();
    return runCode(this, call);
  }

  async runInner(name: string, messages: readonly ChatMessage[], options: InnerOptions = {}): Promise<InnerReply> {
    const role = this.#setting.role.inner?.get(name);
    if (role === undefined) throw unknownInner(this.agentName, name);
    this.#notes.innerCalls += 1;
    const { path } = this;
    const keepsMemory = options.keepsMemory ?? false;
    const call = { name, role, messages, keepsMemory, call: this.#notes.innerCalls, path };
    const reply = await runInner(this.#core, call);
    this.#notes.spent = addSpent(this.#notes.spent, reply.spent ?? []);
    this.#notes.turnsTaken += reply.turnsTaken ?? 1;
    return { end: reply.end, messages: reply.messages };
  }

  /** Input tokens of a request to a model, estimated. What earlier requests of this turn began with is not measured again. */
  estimateTokens(messages: readonly ModelMessage[], tools?: readonly ToolDeclaration[]): number {
    this.#requests ??= new RequestCounter();
    return this.#requests.count(messages, tools);
  }

  /** A model call has ended: the run's ledger and the manager hear of it. */
  settleModelCall(call: SettledCall): void {
    this.resources.ledger.settleModelCall(call);
    if (call.used.length > 0) this.#notes.spent = addSpent(this.#notes.spent, call.used.map(toSpent));
  }

  report(event: AgentYield): void {
    this.resources.watch.touch();
    const { kind, ...payload } = event;
    if (isLiveEvent(event)) {
      this.#core.live(kind, asJson(payload), { path: this.path });
      return;
    }
    this.#emit(kind, asJson(payload));
    if (this.#setting.wantsEvents) this.#notes.events.push({ ...event, source: this.agentName });
  }

  #emit(kind: string, payload: JsonValue): void {
    this.#core.emit(kind, payload, { path: this.path });
  }

  /** The rounds of calls so far; made of the agent's history when the turn has its first one. */
  trail(create: (history: List<ModelMessage>) => CallTrail): CallTrail {
    return (this.#notes.trail ??= create(this.history));
  }

  /** Something was done that had not been done before. */
  noteProgress(): void {
    this.#notes.hasProgressed = true;
  }

  /** Numbers the rounds of tool calls of this turn. */
  nextRound(): number {
    this.#rounds += 1;
    return this.#rounds;
  }

  now(): number {
    return this.#core.now();
  }

  random(): number {
    return this.#core.random();
  }

  newId(): string {
    return this.#core.newId();
  }
}

function unknownInner(agent: string, name: string): TeamError {
  return new TeamError("team.unknown_speaker", `Agent "${agent}" has nobody called "${name}" to run`, {
    remedy: "Name what it runs inside its turns in its `inner` option, or give it `asTool()` as a tool.",
    details: { agent, name },
  });
}

/** The lists that agents declared are not in the type of the context: their names are known at run time only. */
function ownLists(core: CellContext): Readonly<Record<string, List<unknown>>> {
  const lists: object = core.lists;
  // oxlint-disable-next-line typescript/consistent-type-assertions -- see above
  return lists as Readonly<Record<string, List<unknown>>>;
}
