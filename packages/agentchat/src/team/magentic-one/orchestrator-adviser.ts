import { TeamError, type JsonValue } from "@troupe/core";
import {
  type AnswerRequest,
  type ChatModel,
  type ModelMessage,
  type ModelResult,
  resultText,
  structuredAnswer,
} from "@troupe/llm";
import { type InferenceOptions, ModelAsker, modelNames } from "../../inference/model-asker.ts";
import { TokenCounter } from "../../inference/token-counter.ts";
import { type ChatMessage, modelText, toModelMessage } from "../../message/chat-message.ts";
import { asJson, fieldsOf } from "../../message/as-json.ts";
import type { ModelOutcome } from "../../turn/chat-agent-context.ts";
import type { AgentReply, AgentRole, ErasedContext } from "../../turn/role.ts";
import { replyByError, stoppedEnd } from "../../turn/turn-end.ts";
import * as prompts from "./orchestrator-prompts.ts";
import { encode, type OrchestratorQuestion, readQuestion } from "./orchestrator-protocol.ts";
import { defaultLedger, ledgerSchema, type ProgressLedger } from "./progress-ledger.ts";

/** What an orchestrator works with. */
export interface OrchestratorWork {
  readonly name: string;
  readonly model: ChatModel;
  /** The participants, one to a line. */
  readonly team: string;
  readonly maxStalls: number;
  readonly finalAnswerPrompt: string | undefined;
}

/** What an orchestrator keeps between its turns. */
interface OrchestratorState {
  task: string;
  facts: string;
  plan: string;
}

/** Calls after a ledger that does not fit. */
const ledgerRepairs = 2;

/** The agent that plans, judges and answers for a Magentic-One team. */
export function createOrchestrator(work: OrchestratorWork): AgentRole {
  const inference: InferenceOptions = { model: work.model, context: undefined, forms: [], counter: new TokenCounter() };
  return {
    kind: "agent",
    name: work.name,
    initialState: () => ({ task: "", facts: "", plan: "" }),
    lists: {},
    models: modelNames(inference),
    longestStepMs: 0,
    takeTurn: (messages, context) => new OrchestratorTurn(work, context, inference).run(messages),
  };
}

/** A turn ends early when a call of the model was stopped or failed: with the reply that says so. */
class TurnOver extends Error {
  readonly reply: AgentReply;

  constructor(reply: AgentReply) {
    super("the turn is over");
    this.reply = reply;
  }
}

/**
 * One piece of an orchestrator's work.
 *
 * Owns: the request, the fact sheet and the plan (its state), and what was said since the plan was made (its history).
 * Invariants:
 * MO1. Whatever the model answers, judging ends with somebody who takes part, an end, or a stall.
 * MO2. A request that is followed by another keeps what was learnt: its facts go into those of the next.
 */
class OrchestratorTurn {
  readonly #work: OrchestratorWork;
  readonly #context: ErasedContext;
  readonly #transcript: ModelMessage[] = [];
  readonly #asker: ModelAsker;

  constructor(work: OrchestratorWork, context: ErasedContext, inference: InferenceOptions) {
    this.#work = work;
    this.#context = context;
    const add = (message: ModelMessage): void => this.#note(message);
    this.#asker = new ModelAsker(inference, context, { messages: this.#transcript, add });
  }

  async run(messages: readonly ChatMessage[]): Promise<AgentReply> {
    const question = readQuestion(this.#context.question);
    this.#transcript.push(...(await this.#context.history.read()));
    for (const message of messages) this.#note(toModelMessage(message));
    try {
      return await this.#answer(question, messages);
    } catch (error) {
      if (error instanceof TurnOver) return error.reply;
      throw error;
    }
  }

  #answer(question: OrchestratorQuestion, messages: readonly ChatMessage[]): Promise<AgentReply> {
    switch (question.kind) {
      case "plan":
        return this.#plan(messages, question.isReplan);
      case "judge":
        return this.#judge(question);
      case "conclude":
        return this.#conclude(question);
    }
  }

  // --- plan --------------------------------------------------------------------------------------

  async #plan(messages: readonly ChatMessage[], isReplan: boolean): Promise<AgentReply> {
    const { team } = this.#work;
    const known = this.#state;
    const task = isReplan ? known.task : messages.map(modelText).join("\n\n") || known.task;
    if (task.trim() === "") throw noTask(this.#work.name);
    const isFirst = known.facts === "";
    const conversation: ModelMessage[] = [];
    const ask = async (text: string): Promise<string> => {
      conversation.push(user(text));
      const answer = await this.#say(conversation);
      conversation.push({ role: "assistant", content: [{ kind: "text", text: answer }] });
      return answer;
    };
    const facts = await ask(
      isFirst ? prompts.factsPrompt({ task }) : prompts.factsUpdatePrompt({ task, facts: known.facts }),
    );
    const plan = await ask(isReplan ? prompts.planUpdatePrompt({ team }) : prompts.planPrompt({ team }));
    this.#keep({ task, facts, plan });
    this.#context.report({ kind: "plan-made", facts, plan, isReplan });
    const text = prompts.fullLedger({ task, team, facts, plan });
    this.#context.history.replaceAll([]);
    this.#note({ role: "assistant", content: [{ kind: "text", text }] });
    return { message: { kind: "text", text }, restarts: true, advice: encode({ kind: "planned" }) };
  }

  // --- judge -------------------------------------------------------------------------------------

  async #judge({
    speakers,
    last,
    stalls,
  }: Extract<OrchestratorQuestion, { readonly kind: "judge" }>): Promise<AgentReply> {
    const { ledger, isDefault } = await this.#ledger(speakers, last);
    const isStuck = ledger.is_in_loop.answer || !ledger.is_progress_being_made.answer;
    const count = isStuck ? stalls + 1 : Math.max(0, stalls - 1);
    this.#context.report({
      kind: "progress-judged",
      ledger: asJson(ledger),
      stalls: count,
      ...(isDefault && { isDefault }),
    });
    if (ledger.is_request_satisfied.answer) {
      return advise({ kind: "satisfied", reason: ledger.is_request_satisfied.reason });
    }
    if (count >= this.#work.maxStalls) {
      const { reason } = ledger.is_in_loop.answer ? ledger.is_in_loop : ledger.is_progress_being_made;
      return advise({ kind: "stalled", reason });
    }
    const speaker = ledger.next_speaker.answer;
    const text = ledger.instruction_or_question.answer;
    this.#note({ role: "assistant", content: [{ kind: "text", text: `${speaker}: ${text}` }] });
    return { message: { kind: "text", text }, advice: encode({ kind: "next", speaker, stalls: count }) };
  }

  async #ledger(
    speakers: readonly string[],
    last: string | null,
  ): Promise<{ readonly ledger: ProgressLedger; readonly isDefault: boolean }> {
    const { model, team } = this.#work;
    const { task } = this.#state;
    const answer = await structuredAnswer({
      call: (request) => this.#ask(request),
      model,
      messages: [user(prompts.progressPrompt({ task, team, names: speakers }))],
      schema: ledgerSchema(speakers),
      name: "progress_ledger",
      repairs: ledgerRepairs,
    });
    if (answer.kind === "ended") throw this.#over(answer.outcome);
    if (answer.kind === "valid") return { ledger: answer.value, isDefault: false };
    return { ledger: defaultLedger(speakers, last), isDefault: true };
  }

  // --- the end -----------------------------------------------------------------------------------

  async #conclude({ stop }: Extract<OrchestratorQuestion, { readonly kind: "conclude" }>): Promise<AgentReply> {
    const { task } = this.#state;
    const prompt = this.#work.finalAnswerPrompt ?? prompts.finalAnswerPrompt({ task });
    const text = await this.#say([user(prompt)]);
    this.#note({ role: "assistant", content: [{ kind: "text", text }] });
    return { message: { kind: "text", text }, advice: encode({ kind: "concluded", stop }) };
  }

  // --- model and memory --------------------------------------------------------------------------

  /** Asks after what was said since the plan was made, as much of it as fits. */
  #ask({ messages, ...rest }: AnswerRequest): Promise<ModelOutcome> {
    const start = messages.findIndex((message) => message.role !== "system");
    return this.#asker.ask({
      request: (shown) => ({ ...rest, messages: messages.toSpliced(start, 0, ...shown) }),
      isFinal: false,
      messageId: undefined,
    });
  }

  async #say(messages: readonly ModelMessage[]): Promise<string> {
    const outcome = await this.#ask({ messages });
    if (outcome.status !== "ok") throw this.#over(outcome);
    return textOf(outcome.result);
  }

  #over(outcome: Exclude<ModelOutcome, { readonly status: "ok" }>): TurnOver {
    if (outcome.status === "stopped") return new TurnOver({ message: undefined, end: stoppedEnd(outcome.reason) });
    return new TurnOver(replyByError(outcome.error, this.#context.path));
  }

  get #state(): Readonly<OrchestratorState> {
    const { task, facts, plan } = fieldsOf(this.#context.state);
    return { task: wordsIn(task), facts: wordsIn(facts), plan: wordsIn(plan) };
  }

  #keep(state: OrchestratorState): void {
    Object.assign(this.#context.state ?? {}, state);
  }

  #note(message: ModelMessage): void {
    this.#transcript.push(message);
    this.#context.history.append(message);
  }
}

function textOf(result: ModelResult): string {
  return resultText(result).trim();
}

function user(text: string): ModelMessage {
  return { role: "user", content: [{ kind: "text", text }] };
}

function advise(advice: Parameters<typeof encode>[0]): AgentReply {
  return { message: undefined, advice: encode(advice) };
}

function wordsIn(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function noTask(name: string): TeamError {
  return new TeamError("run.invalid_task", `"${name}" has no request to work on`, {
    remedy: "Give the first run of a session a task.",
  });
}
