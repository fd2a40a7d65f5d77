import { type ControlReason, ModelError } from "@troupe/core";
import {
  freezeMessage,
  type ModelMessage,
  type ModelRequest,
  type ModelResult,
  openHistory,
  resultText,
  type ToolCallPart,
  type ToolResultPart,
} from "@troupe/llm";
import type { ChatMessage, MessageDraft } from "../message/chat-message.ts";
import type { ChatAgentContext, ToolRound } from "../turn/chat-agent-context.ts";
import type { AgentReply } from "../turn/role.ts";
import { endOf, replyByError, stoppedEnd } from "../turn/turn-end.ts";
import { ModelAsker } from "../inference/model-asker.ts";
import { describeResult, type SettledToolCall, structuredMessage, summaryMessage } from "./assistant/answer.ts";
import type { AssistantOutput, AssistantWork } from "./assistant/assistant-work.ts";
import { Conversation } from "./assistant/conversation.ts";
import { createRequest } from "./assistant/create-request.ts";
import { FittedConversation } from "./assistant/fit-model.ts";
import { finishedBy, withFinish } from "./assistant/finish.ts";
import { workToHandOver } from "./assistant/work-to-hand-over.ts";
import { recall, recallQuery } from "./assistant/recall.ts";
import { listTools, type ToolSet } from "./assistant/tool-set.ts";
import { chooseHandoff, type HandoffChoice, handoffMessage, handoffTools } from "./handoff.ts";
import { type ParsedOutput, parseOutput, type ValidOutput } from "./parse-output.ts";

/** What a call of the model is asked with besides the conversation. */
interface Asking {
  readonly tools: ToolSet;
  readonly mayCallTools: boolean;
  /** Said after the conversation, for this call alone. */
  readonly nudge?: string;
}

/** How a call of the model ends: with an answer, or with the end of the turn. */
type Inference = Answer | Over;

interface Answer {
  readonly kind: "answer";
  readonly result: ModelResult;
  readonly messageId: string;
  readonly calls: readonly ToolCallPart[];
}

interface Over {
  readonly kind: "over";
  readonly reply: AgentReply;
}

/** How a round of tool calls ends: the model is asked again, or the turn is over. */
type Round = { readonly kind: "settled"; readonly settled: readonly SettledToolCall[] } | Over;

/**
 * One turn of an assistant.
 *
 * Owns: what the memories gave for this turn, and the messages as its model reads them. The conversation is the cell's.
 * Invariants:
 * N1. A tool call that enters the conversation is followed by its result, however the turn ends (I1).
 * N2. The turn ends with a reply in every case: stopped, over budget and failed are ends, not exceptions.
 * N3. At most one handoff is carried out, and with it the turn ends: the first of an answer whose arguments can be read, if nobody denies it.
 * N4. What memories gave, and what a model is told to mend an empty answer, is never part of the conversation.
 */
export class AssistantTurn {
  readonly #work: AssistantWork;
  readonly #context: ChatAgentContext;
  readonly #conversation: Conversation;
  readonly #asker: ModelAsker;
  readonly #fitted: FittedConversation;
  #recalled: string | undefined;
  #system: ModelMessage | undefined;

  private constructor(work: AssistantWork, context: ChatAgentContext, conversation: Conversation) {
    this.#work = work;
    this.#context = context;
    this.#conversation = conversation;
    this.#asker = new ModelAsker(work.inference, context, conversation);
    this.#fitted = new FittedConversation(work.inference.model);
  }

  static async run(
    work: AssistantWork,
    messages: readonly ChatMessage[],
    context: ChatAgentContext,
  ): Promise<AgentReply> {
    const turn = new AssistantTurn(work, context, await Conversation.open(context));
    const reply = await turn.#run(messages);
    const { metadata } = work;
    if (metadata === undefined || reply.message === undefined) return reply;
    return { ...reply, message: { ...reply.message, metadata } };
  }

  async #run(messages: readonly ChatMessage[]): Promise<AgentReply> {
    const { name, maxToolIterations, recall: memories } = this.#work;
    for (const message of messages) this.#conversation.hear(message, name);
    if (memories.memories.length > 0) {
      const query = recallQuery(messages, this.#conversation.messages);
      const recalled = await recall(memories, query, this.#context);
      if (recalled.stopped !== undefined) return stoppedReply(recalled.stopped);
      this.#recalled = recalled.text;
    }
    const settled: SettledToolCall[] = [];
    for (let iteration = 1; ; iteration += 1) {
      const listing = await this.#listTools();
      if (listing.kind === "over") return listing.reply;
      const tools = withFinish(listing.set, this.#context.finish, this.#work.inference.model);
      const inference = await this.#infer({ tools, mayCallTools: true });
      if (inference.kind === "over") return inference.reply;
      if (inference.calls.length === 0) return this.#finish(inference, tools);
      const round = await this.#callTools(inference.calls, tools);
      if (round.kind === "over") return round.reply;
      settled.push(...round.settled);
      if (iteration === maxToolIterations) return this.#conclude(settled, tools);
    }
  }

  async #listTools(): Promise<{ readonly kind: "listed"; readonly set: ToolSet } | Over> {
    const { sources, fixedTools } = this.#work;
    if (sources.workbenches.length === 0) return { kind: "listed", set: fixedTools };
    const listing = await listTools(sources, this.#context);
    switch (listing.kind) {
      case "listed":
        return listing;
      case "stopped":
        return { kind: "over", reply: stoppedReply(listing.reason) };
      case "failed":
        return { kind: "over", reply: this.#failed(listing.error) };
    }
  }

  // --- the model ---------------------------------------------------------------------------------

  /** Asks the model. An empty answer is asked for once more, and then an error. */
  async #infer(asking: Asking): Promise<Inference> {
    const inference = await this.#ask(asking);
    if (inference.kind === "over" || !isEmpty(inference)) return inference;
    const { finishReason } = inference.result;
    this.#context.report({ kind: "note", name: "empty-answer", data: { finishReason } });
    const again = await this.#ask({ ...asking, nudge: emptyNudge });
    if (again.kind === "over" || !isEmpty(again)) return again;
    return { kind: "over", reply: this.#failed(emptyAnswer(this.#work, again.result)) };
  }

  async #ask(asking: Asking): Promise<Inference> {
    const messageId = this.#context.newId();
    const outcome = await this.#asker.ask({
      request: (shown) => this.#request(asking, shown),
      isFinal: !asking.mayCallTools,
      messageId: this.#work.streams ? messageId : undefined,
    });
    switch (outcome.status) {
      case "ok":
        return this.#accept(outcome.result, messageId);
      case "stopped":
        return { kind: "over", reply: this.#stopped(outcome.reason, outcome.partialText, messageId) };
      case "failed":
        return { kind: "over", reply: this.#failed(outcome.error) };
    }
  }

  #request({ tools, mayCallTools, nudge }: Asking, shown: readonly ModelMessage[]): Omit<ModelRequest, "signal"> {
    return createRequest(this.#work, {
      system: this.#createSystem(),
      shown,
      fitted: this.#fitted,
      declarations: tools.declarations,
      mayCallTools,
      nudge,
    });
  }

  /** The same object while it says the same: what was worked out about requests that start with it holds. */
  #createSystem(): ModelMessage | undefined {
    const { systemMessage, name } = this.#work;
    const instructions =
      typeof systemMessage === "function" ? systemMessage({ agentName: name, run: this.#context.run }) : systemMessage;
    const content = [instructions ?? "", this.#recalled ?? ""].filter((text) => text !== "").join("\n\n");
    if (content === "") return undefined;
    if (this.#system?.content !== content) this.#system = freezeMessage({ role: "system", content });
    return this.#system;
  }

  #accept(result: ModelResult, messageId: string): Answer {
    const thought = result.content.map((part) => (part.kind === "reasoning" ? part.text : "")).join("");
    if (thought !== "") this.#context.report({ kind: "thought", text: thought });
    const calls = result.content.filter((part) => part.kind === "tool-call");
    // What a model says before it calls a tool is a thought to everybody else.
    const aside = calls.length > 0 ? resultText(result) : "";
    if (aside.trim() !== "") this.#context.report({ kind: "thought", text: aside });
    const answer: Answer = { kind: "answer", result, messageId, calls };
    if (!isEmpty(answer)) this.#add({ role: "assistant", content: result.content });
    return answer;
  }

  #add(message: ModelMessage): void {
    this.#conversation.add(message);
  }

  // --- tools and handoffs ------------------------------------------------------------------------

  async #callTools(calls: readonly ToolCallPart[], { tools }: ToolSet): Promise<Round> {
    const { handoffs } = this.#work.sources;
    const choice = chooseHandoff(calls, handoffs);
    if (choice !== undefined && choice.ignored.length > 0) this.#noteIgnored(choice);
    const round = await this.#context.callTools(calls, [...tools, ...handoffTools(handoffs, choice)]);
    this.#add({ role: "tool", content: round.results });
    const end = endOfRound(round);
    if (end !== undefined) return { kind: "over", reply: { message: undefined, end } };
    const finished = finishedBy({ calls, results: round.results, tools }, this.#context.finish);
    if (finished !== undefined) return { kind: "over", reply: finished };
    const handedOver = choice && round.results[choice.index];
    if (choice !== undefined && handedOver?.status === "ok")
      return { kind: "over", reply: { message: this.#handOver(choice, handedOver) } };
    const settled = calls.flatMap((made, index): SettledToolCall[] => {
      const result = round.results[index];
      return result === undefined || this.#isHandoff(made.toolName) ? [] : [{ call: made, result }];
    });
    return { kind: "settled", settled };
  }

  #handOver({ handoff }: HandoffChoice, result: ToolResultPart): MessageDraft {
    const { name } = this.#work;
    const { work, messages } = this.#conversation;
    const turn = workToHandOver(work, { name, isHandoff: (toolName) => this.#isHandoff(toolName) });
    return handoffMessage(handoff, describeResult(result), { turn, conversation: openHistory(messages).messages });
  }

  #noteIgnored({ handoff, ignored }: HandoffChoice): void {
    this.#context.report({ kind: "note", name: "handoffs-ignored", data: { target: handoff.target, ignored } });
  }

  #isHandoff(toolName: string): boolean {
    return this.#work.sources.handoffs.some((handoff) => handoff.tool.name === toolName);
  }

  // --- the end -----------------------------------------------------------------------------------

  async #finish(answer: Answer, tools: ToolSet): Promise<AgentReply> {
    const { output } = this.#work;
    if (output === undefined)
      return { message: { kind: "text", id: answer.messageId, text: resultText(answer.result) } };
    const parsed = this.#parse(output, answer.result);
    if (parsed.kind === "valid") return this.#structured(answer, parsed);
    return this.#repair(parsed.problem, tools);
  }

  /** One repair (I7): the model is told what is wrong and asked again. */
  async #repair(problem: string, tools: ToolSet): Promise<AgentReply> {
    this.#add({
      role: "user",
      name: "user",
      content: [{ kind: "text", text: this.#asker.form?.repairRequest(problem) ?? problem }],
    });
    const again = await this.#infer({ tools, mayCallTools: false });
    if (again.kind === "over") return again.reply;
    const { output } = this.#work;
    const parsed = output === undefined ? undefined : this.#parse(output, again.result);
    if (parsed?.kind === "valid") return this.#structured(again, parsed);
    return this.#failed(invalidOutput(this.#work, parsed?.problem ?? ""));
  }

  #parse({ schema }: AssistantOutput, result: ModelResult): ParsedOutput {
    const isCut = result.finishReason === "length" || result.finishReason === "content-filter";
    return parseOutput(schema, resultText(result), { isCut, isWrapped: this.#asker.form?.isWrapped });
  }

  #structured({ messageId }: Answer, { data, text }: ValidOutput): AgentReply {
    return { message: structuredMessage({ id: messageId, text, data }, this.#work.output?.format) };
  }

  /** The rounds are used up: the model says what the results mean, or the results speak for themselves. */
  async #conclude(settled: readonly SettledToolCall[], tools: ToolSet): Promise<AgentReply> {
    const { reflects, summarize } = this.#work;
    if (!reflects) return { message: summaryMessage(settled, summarize) };
    const reflection = await this.#infer({ tools, mayCallTools: false });
    return reflection.kind === "over" ? reflection.reply : this.#finish(reflection, tools);
  }

  #stopped(reason: ControlReason, partialText: string, messageId: string): AgentReply {
    if (partialText === "") return stoppedReply(reason);
    this.#add({ role: "assistant", content: [{ kind: "text", text: partialText }] });
    return {
      message: { kind: "text", id: messageId, text: partialText, isPartial: true },
      end: stoppedEnd(reason),
    };
  }

  #failed(error: Error): AgentReply {
    return replyByError(error, this.#context.path);
  }
}

/** Said to a model that answered nothing at all. */
const emptyNudge = "Your answer was empty. Answer in words, or call a tool.";

/** Neither words nor calls nor files: thoughts alone are not an answer. */
function isEmpty({ calls, result }: Answer): boolean {
  return calls.length === 0 && resultText(result).trim() === "" && !result.content.some((part) => part.kind === "file");
}

function stoppedReply(reason: ControlReason): AgentReply {
  return { message: undefined, end: stoppedEnd(reason) };
}

function endOfRound(round: ToolRound): AgentReply["end"] {
  if (round.stopped !== undefined) return stoppedEnd(round.stopped);
  return round.refused === undefined ? undefined : endOf(round.refused);
}

function emptyAnswer({ name, model }: AssistantWork, { finishReason }: ModelResult): ModelError {
  return new ModelError("model.empty_answer", `Model "${model.name}" gave "${name}" an empty answer twice`, {
    remedy:
      finishReason === "length"
        ? "Allow more output: settings.maxOutputTokens was used up before there was an answer."
        : "Say in the system message what is expected, or use another model.",
    details: { agent: name, finishReason },
  });
}

function invalidOutput({ name }: AssistantWork, problem: string): ModelError {
  return new ModelError("model.invalid_output", `The answer of "${name}" does not fit its output schema: ${problem}`, {
    remedy: "Make the schema simpler, describe its fields, or use a model with structured output.",
  });
}
