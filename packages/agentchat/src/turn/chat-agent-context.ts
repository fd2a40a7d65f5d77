import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { ControlReason, JsonObject, List, Lists, StepContext, StepOptions, StepOutcome } from "@troupe/core";
import type {
  ChatModel,
  CodeBlock,
  CodeExecutor,
  CodeResult,
  ModelMessage,
  ModelRequest,
  ModelResult,
  PartialForm,
  RunValues,
  Tool,
  ToolCallPart,
  ToolResultPart,
} from "@troupe/llm";
import type { FinishTool } from "../guard/finish-tool.ts";
import type { AgentYield } from "../message/agent-event.ts";
import type { ChatMessage } from "../message/chat-message.ts";
import type { TurnEnd } from "./protocol.ts";

/** A question to whoever runs the team. */
export interface QuestionOptions<Answer> {
  readonly prompt: string;
  /** Checks the answer; a misfit is refused and the question stays open. */
  readonly schema: StandardSchemaV1<unknown, Answer>;
  /** JSON Schema of the answer, for whoever shows the question; default: any. */
  readonly jsonSchema?: JsonObject | undefined;
  /** Milliseconds until the question ends with `wait.deadline_exceeded`; default 7 days. */
  readonly deadlineMs?: number | undefined;
}

/** One call of a model inside a turn. */
export interface ModelCall {
  readonly model: ChatModel;
  readonly request: Omit<ModelRequest, "signal">;
  /** The message that the answer will become: its text is streamed under this id; without one nothing is streamed. */
  readonly messageId?: string | undefined;
  /** The answer is data in this form: what is known of it is shown in `output-delta` events, when it is streamed. */
  readonly output?: PartialForm | undefined;
}

/** One run of a program inside a turn. */
export interface CodeCall {
  readonly executor: CodeExecutor;
  readonly blocks: readonly CodeBlock[];
  /** Milliseconds for all blocks; default: the executor's. */
  readonly timeoutMs?: number | undefined;
  /** True when running twice does no harm: a sandbox without a memory. Default false. */
  readonly idempotent?: boolean | undefined;
  /** Counts the programs of a turn, from 0; shown in the events. */
  readonly attempt?: number | undefined;
}

/** How a model call ended, as data: a turn always ends in order. */
export type ModelOutcome =
  | { readonly status: "ok"; readonly result: ModelResult }
  | { readonly status: "stopped"; readonly reason: ControlReason; readonly partialText: string }
  | { readonly status: "failed"; readonly error: Error };

/** Results of tool calls, in the order of the calls. */
export interface ToolRound {
  readonly results: readonly ToolResultPart[];
  /** Set when the calls were stopped from outside. */
  readonly stopped: ControlReason | undefined;
  /** Set when the turn must end: the budget refused a call, or the calls go round in circles. */
  readonly refused: Error | undefined;
}

/** How to run something inside a turn. */
export interface InnerOptions {
  /** True: it goes on from its last call in this session. Default false: it starts anew. */
  readonly keepsMemory?: boolean | undefined;
}

/** What came of it. */
export interface InnerReply {
  /** How it ended; only `ok` means that it said all it wanted to say. */
  readonly end: TurnEnd;
  /** The answer of an agent; everything that was said in a team. */
  readonly messages: readonly ChatMessage[];
}

/**
 * What a chat agent may touch during its turn.
 *
 * `state`, `lists` and `history` are saved with the turn; effects go through `step`, `callModel`, `callTools` and `ask`, which a resumed turn does
 * not repeat. Nothing of a run belongs into the agent's fields: one agent object serves many runs at once.
 */
export interface ChatAgentContext<State = undefined, L = {}> {
  /** The agent's own state in this session: small JSON, changed in place. */
  readonly state: State;
  /** The agent's own append-only lists in this session: for what grows. */
  readonly lists: Lists<L>;
  /** The agent's conversation with its model, in this session. */
  readonly history: List<ModelMessage>;
  /** Aborts when the attempt is over. A cancel reaches the turn through its steps. */
  readonly signal: AbortSignal;
  readonly runId: string;
  /** What the program gave the run: read it with the key of `defineContext`. */
  readonly run: RunValues;
  readonly path: readonly string[];
  /** In a team with an `output`: the tool with which a model ends the run. An agent that has used it returns `finished` with what it read. */
  readonly finish: FinishTool | undefined;

  /** Runs something effectful once and journals its outcome. @throws The step's error; StateError `state.step_cancelled`, `state.step_unknown`. */
  step<T>(name: string, run: (step: StepContext) => T | Promise<T>, options?: StepOptions): Promise<T>;
  /** As `step`, with the outcome as data. */
  stepOutcome<T>(
    name: string,
    run: (step: StepContext) => T | Promise<T>,
    options?: StepOptions,
  ): Promise<StepOutcome<T>>;
  /** Asks the outside world and waits. @throws StateError `wait.deadline_exceeded`, `state.step_cancelled`. */
  ask<Answer>(question: QuestionOptions<Answer>): Promise<Answer>;
  /** Asks a model, within the budget, journaled and booked. Never throws for the model's faults. */
  callModel(call: ModelCall): Promise<ModelOutcome>;
  /** Runs tool calls side by side, within the budget, each journaled. Every call gets exactly one result (I1). */
  callTools(calls: readonly ToolCallPart[], tools: readonly Tool[]): Promise<ToolRound>;
  /** Runs a program, journaled, within the budget for tool calls. @throws CodeExecutionError; StateError `state.step_cancelled`. */
  runCode(call: CodeCall): Promise<CodeResult>;
  /**
   * Runs an agent or a team of the agent's `inner` ones and waits for its answer: within this run's budget, with a path of its own, journaled.
   *
   * @throws TeamError `team.unknown_speaker`, `run.budget_exceeded` (depth).
   */
  runInner(name: string, messages: readonly ChatMessage[], options?: InnerOptions): Promise<InnerReply>;
  /** Records or shows an event now; yielding it from `onMessages` does the same. */
  report(event: AgentYield): void;

  /** Epoch milliseconds, the same on replay. */
  now(): number;
  /** A number in [0, 1), the same on replay. */
  random(): number;
  /** A new id, the same on replay. */
  newId(): string;
}
