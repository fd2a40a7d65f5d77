import { TroupeError } from "@troupe/core";
import {
  type AnswerRequest,
  type ChatModel,
  type Condensation,
  type ModelContext,
  type ModelMessage,
  type ModelResult,
  type OutputForm,
  type PartialForm,
  pruneHistory,
  resultText,
} from "@troupe/llm";
import type { ChatAgentContext, ModelOutcome } from "../turn/chat-agent-context.ts";
import { HistoryView } from "./history-view.ts";
import { type CountedHistory, keptTokens, roomOf, sizeMark, sizeOf } from "./room.ts";
import { RequestCounter, type TokenCounter } from "./token-counter.ts";

/** How an agent asks its model: a part of its definition. */
export interface InferenceOptions {
  readonly model: ChatModel;
  /** What the model sees of the conversation; undefined for everything that fits. */
  readonly context: ModelContext | undefined;
  /** The ways to ask for an answer that follows the agent's schema, strictest first; empty without one. */
  readonly forms: readonly OutputForm[];
  readonly counter: TokenCounter;
}

/** Names of the models that an agent may have to pay: its own, those that stand in for it, and those of its context. */
export function modelNames({ model, context }: InferenceOptions): readonly string[] {
  return [model, ...(context?.models ?? [])].flatMap(({ name, alternates = [] }) => [name, ...alternates]);
}

/** The conversation of the agent, as it is kept. */
export interface KeptConversation {
  /** One list, which grows at its end and nowhere else. */
  readonly messages: readonly ModelMessage[];
  add(message: ModelMessage): void;
}

/** What asking needs of an agent's turn. */
export type AskingContext = Pick<ChatAgentContext, "callModel" | "report" | "finish">;

/** One question to the model. */
export interface ModelQuestion {
  /** Makes the request around what the model is shown of the conversation, a list that goes on to grow: the request holds a copy. */
  readonly request: (shown: readonly ModelMessage[]) => AnswerRequest;
  /** The model must answer: it must not call tools any more. */
  readonly isFinal: boolean;
  /** The answer is streamed under this id; without one it is not streamed. */
  readonly messageId: string | undefined;
}

/** Where a context shows only a part, what a provider counted says nothing. */
const uncounted: CountedHistory = { messages: [], size: undefined };

/** Summaries in a row, when a long conversation gets its first one: more means that they do not help. */
const maxSummaries = 50;

/**
 * Asks an agent's model during one turn, in a form it knows and with a conversation that fits.
 *
 * Owns: which form is in use in this turn, and what was worked out about the conversation so far. What is left out is noted in the kept
 * conversation, which otherwise stays whole.
 * Invariants:
 * 1. Before a call the request fits into the model's window as far as one can tell, unless nothing more can be left out or the context
 *    allows no pruning.
 * 2. A call that the provider refuses as too long is made once more with half of the conversation; a form that it refuses, in the next form.
 * 3. Calls that the model was not allowed to make are not made, and not a part of its answer: nobody would give them a result.
 * 4. Summaries are calls of the turn, journaled and booked; one that fails is not tried again in the turn, and the turn goes on without it.
 */
export class ModelAsker {
  readonly #options: InferenceOptions;
  readonly #context: AskingContext;
  readonly #conversation: KeptConversation;
  readonly #view: HistoryView;
  readonly #requests: RequestCounter;
  #formIndex = 0;
  #canSummarize = true;

  constructor(options: InferenceOptions, context: AskingContext, conversation: KeptConversation) {
    this.#options = options;
    this.#context = context;
    this.#conversation = conversation;
    this.#view = new HistoryView(conversation.messages, { summaries: this.#hasSummaries });
    this.#requests = new RequestCounter((message) => options.counter.sizeOf(message));
  }

  /** How the answer is asked for now; undefined for an answer in words. */
  get form(): OutputForm | undefined {
    return this.#options.forms[this.#formIndex];
  }

  /** Asks. The result holds the answer as words, also when it was given by a call of the form's tool. */
  async ask(question: ModelQuestion): Promise<ModelOutcome> {
    const stopped = await this.#summarize();
    if (stopped !== undefined) return stopped;
    let request = this.#fittingRequest(question);
    let canPrune = this.#options.context?.isUnlimited !== true;
    for (;;) {
      const outcome = await this.#call(question, request);
      if (outcome.status !== "failed") return outcome;
      const code = TroupeError.isTroupeError(outcome.error) ? outcome.error.code : undefined;
      const isShorter = code === "model.context_overflow" && canPrune && this.#pruneAfterOverflow();
      if (isShorter) canPrune = false;
      const isOtherForm = code === "model.bad_request" && this.#formIndex + 1 < this.#options.forms.length;
      if (isOtherForm) this.#formIndex += 1;
      if (!isShorter && !isOtherForm) return outcome;
      request = this.#request(question);
    }
  }

  async #call({ messageId, isFinal }: ModelQuestion, request: AnswerRequest): Promise<ModelOutcome> {
    const { model } = this.#options;
    const { form } = this;
    const output = form ?? this.#finishForm(request);
    const outcome = await this.#context.callModel({
      model,
      request,
      ...(messageId !== undefined && { messageId }),
      ...(output !== undefined && { output }),
    });
    if (outcome.status !== "ok") return outcome;
    this.#noteSize(outcome.result, request);
    const result = form === undefined ? outcome.result : form.unfold(outcome.result);
    return { status: "ok", result: isFinal ? withoutCalls(result) : result };
  }

  /** The team's result is shown while it is written, too. */
  #finishForm({ tools = [] }: AnswerRequest): PartialForm | undefined {
    const { finish } = this.#context;
    if (finish === undefined || !tools.includes(finish.tool.declaration)) return undefined;
    return { toolName: finish.tool.name, isWrapped: finish.isWrapped, inWords: false };
  }

  #request({ request, isFinal }: ModelQuestion): AnswerRequest {
    const { form } = this;
    const plain = request(this.#shown());
    return form === undefined ? plain : form.shape(plain, { isFinal });
  }

  #shown(): readonly ModelMessage[] {
    const { context } = this.#options;
    const { shown } = this.#view;
    return context === undefined ? shown : context.select(shown);
  }

  get #hasSummaries(): boolean {
    return this.#options.context?.condense !== undefined;
  }

  // --- what is left out --------------------------------------------------------------------------

  /** Has the context write down what it wants to. The outcome to end with when the turn was stopped meanwhile. */
  async #summarize(): Promise<ModelOutcome | undefined> {
    const { context, model } = this.#options;
    for (let count = 0; count < maxSummaries; count += 1) {
      if (!this.#canSummarize) return undefined;
      const due = context?.condense?.(this.#conversation.messages, model);
      if (due === undefined) return undefined;
      const outcome = await this.#context.callModel({ model: due.model, request: due.request });
      if (outcome.status === "stopped") return outcome;
      const text = outcome.status === "ok" ? resultText(outcome.result).trim() : "";
      if (text === "") this.#canSummarize = false;
      else this.#keepSummary(due, text);
    }
    return undefined;
  }

  #keepSummary(due: Condensation, text: string): void {
    const { counter } = this.#options;
    const mark = due.toMark(text);
    this.#conversation.add(mark);
    this.#context.report({
      kind: "history-pruned",
      reason: "summary",
      messages: due.messages,
      cleared: 0,
      tokensBefore: counter.count(due.request.messages),
      tokensAfter: counter.count([mark]),
    });
  }

  /** The request, which fits as far as one can tell: what it takes is left out of what is shown. */
  #fittingRequest(question: ModelQuestion): AnswerRequest {
    const { model, context, counter } = this.#options;
    const request = this.#request(question);
    if (model.capabilities.contextWindow === null || context?.isUnlimited === true) return request;
    const room = roomOf(model, request.maxOutputTokens);
    const size = sizeOf(request, this.#countedHistory(), { counter, requests: this.#requests });
    if (room === undefined || size.tokens <= room) return request;
    const maxTokens = keptTokens(request, { size, room, counter, shown: this.#shown() });
    return this.#prune("window", maxTokens) ? this.#request(question) : request;
  }

  /** What a provider counted tells of everything that it was shown: of nothing, when a context shows only a part. */
  #countedHistory(): CountedHistory {
    const { context } = this.#options;
    return context === undefined || this.#hasSummaries ? this.#view.opened : uncounted;
  }

  #pruneAfterOverflow(): boolean {
    const tokens = this.#options.counter.count(this.#shown());
    return this.#prune("overflow", Math.max(1, Math.floor(tokens / 2)));
  }

  #prune(reason: "window" | "overflow", maxTokens: number): boolean {
    const pruned = pruneHistory(this.#conversation.messages, { maxTokens, summaries: this.#hasSummaries });
    if (pruned === undefined) return false;
    const { mark, ...figures } = pruned;
    this.#conversation.add(mark);
    this.#context.report({ kind: "history-pruned", reason, ...figures });
    return true;
  }

  #noteSize(result: ModelResult, { maxOutputTokens }: AnswerRequest): void {
    const { model, context } = this.#options;
    if (model.capabilities.contextWindow === null || result.usage.estimated) return;
    if (context !== undefined && !this.#hasSummaries) return;
    const room = roomOf(model, maxOutputTokens);
    const mark = sizeMark(result, this.#countedHistory(), room);
    if (mark !== undefined) this.#conversation.add(mark);
  }
}

/** Signed thoughts go with the calls that they led to. */
function withoutCalls(result: ModelResult): ModelResult {
  if (!result.content.some((part) => part.kind === "tool-call")) return result;
  const content = result.content.filter(
    (part) => part.kind !== "tool-call" && !(part.kind === "reasoning" && part.providerMetadata !== undefined),
  );
  return { ...result, content };
}
