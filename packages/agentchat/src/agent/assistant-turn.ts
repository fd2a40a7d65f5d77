import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type ControlReason, encodeError, type JsonValue, ModelError } from "@troupe/core";
import {
  type ChatModel,
  type JsonObject,
  type ModelContext,
  type ModelMessage,
  type ModelRequest,
  type ModelResult,
  resultText,
  type Tool,
  type ToolCallPart,
  type ToolDeclaration,
  type ToolResultPart,
} from "@troupe/llm";
import { type ChatMessage, toModelMessage } from "../message/chat-message.ts";
import type { ChatAgentContext, ToolRound } from "../turn/chat-agent-context.ts";
import type { AgentReply } from "../turn/role.ts";
import { endOf, stoppedEnd } from "../turn/turn-end.ts";
import type { ModelSettings } from "./assistant-options.ts";
import { parseOutput } from "./parse-output.ts";

/** An assistant's definition, resolved once. */
export interface AssistantWork {
  readonly name: string;
  readonly model: ChatModel;
  readonly tools: readonly Tool[];
  readonly declarations: readonly ToolDeclaration[];
  readonly systemMessage: string | null;
  readonly maxToolIterations: number;
  readonly reflects: boolean;
  readonly summarize: ((call: ToolCallPart, result: ToolResultPart) => string) | undefined;
  readonly streams: boolean;
  readonly context: ModelContext | undefined;
  readonly output: { readonly schema: StandardSchemaV1; readonly document: JsonObject | undefined } | undefined;
  readonly settings: ModelSettings;
}

/** How a call of the model ends: with an answer, or with the end of the turn. */
type Inference =
  | {
      readonly kind: "answer";
      readonly result: ModelResult;
      readonly messageId: string;
      readonly calls: readonly ToolCallPart[];
    }
  | { readonly kind: "over"; readonly reply: AgentReply };

/**
 * One turn of an assistant.
 *
 * Owns: the conversation as read at the start of the turn, with what the turn adds; the list in the cell gets the same items.
 * Invariants:
 * N1. A tool call that enters the conversation is followed by its result, however the turn ends (I1).
 * N2. The turn ends with a reply in every case: stopped, over budget and failed are ends, not exceptions.
 */
export class AssistantTurn {
  readonly #work: AssistantWork;
  readonly #context: ChatAgentContext;
  #conversation: ModelMessage[] = [];

  constructor(work: AssistantWork, context: ChatAgentContext) {
    this.#work = work;
    this.#context = context;
  }

  async run(messages: readonly ChatMessage[]): Promise<AgentReply> {
    this.#conversation = [...(await this.#context.history.read())];
    for (const message of messages) this.#hear(message);
    const { maxToolIterations } = this.#work;
    for (let iteration = 1; ; iteration += 1) {
      const inference = await this.#infer({ withTools: true });
      if (inference.kind === "over") return inference.reply;
      const { calls } = inference;
      if (calls.length === 0) return this.#finish(inference);
      const round = await this.#context.callTools(calls, this.#work.tools);
      this.#add({ role: "tool", content: round.results });
      const end = endOfRound(round);
      if (end !== undefined) return { message: undefined, end };
      if (iteration === maxToolIterations) return this.#conclude(calls, round.results);
    }
  }

  #hear(message: ChatMessage): void {
    if (message.kind === "handoff") for (const item of message.context ?? []) this.#add(item);
    this.#add(toModelMessage(message));
  }

  #add(message: ModelMessage): void {
    const kept = freezeMessage(message);
    this.#conversation.push(kept);
    this.#context.history.append(kept);
  }

  async #infer(options: { readonly withTools: boolean }): Promise<Inference> {
    const messageId = this.#context.newId();
    const { model, streams } = this.#work;
    const request = this.#request(options.withTools);
    const outcome = await this.#context.callModel({ model, request, ...(streams && { messageId }) });
    switch (outcome.status) {
      case "ok":
        return this.#accept(outcome.result, messageId);
      case "stopped":
        return { kind: "over", reply: this.#stopped(outcome.reason, outcome.partialText, messageId) };
      case "failed":
        return { kind: "over", reply: this.#failed(outcome.error) };
    }
  }

  #accept(result: ModelResult, messageId: string): Inference {
    const thought = result.content.map((part) => (part.kind === "reasoning" ? part.text : "")).join("");
    if (thought !== "") this.#context.report({ kind: "thought", text: thought });
    const calls = result.content.filter((part) => part.kind === "tool-call");
    // What a model says before it calls a tool is a thought to everybody else.
    const aside = calls.length > 0 ? resultText(result) : "";
    if (aside.trim() !== "") this.#context.report({ kind: "thought", text: aside });
    if (result.content.length > 0) this.#add({ role: "assistant", content: result.content });
    return { kind: "answer", result, messageId, calls };
  }

  #request(withTools: boolean): Omit<ModelRequest, "signal"> {
    const { systemMessage, context, declarations, settings, output, model } = this.#work;
    const seen = context === undefined ? this.#conversation : context.select(this.#conversation);
    const messages: readonly ModelMessage[] =
      systemMessage === null ? [...seen] : [{ role: "system", content: systemMessage }, ...seen];
    const canFormat = output !== undefined && model.capabilities.structuredOutput !== "none";
    return {
      ...settings,
      messages,
      // The tools stay where they must not be called: providers refuse a history of calls to tools they do not know.
      ...(declarations.length > 0 && { tools: declarations, ...(!withTools && { toolChoice: "none" }) }),
      ...(canFormat && {
        responseFormat: {
          kind: "json",
          name: "answer",
          ...(output.document !== undefined && { schema: output.document }),
        },
      }),
    };
  }

  // --- the end -----------------------------------------------------------------------------------

  async #finish(answer: Extract<Inference, { kind: "answer" }>): Promise<AgentReply> {
    const text = resultText(answer.result);
    if (this.#work.output === undefined) return { message: { kind: "text", id: answer.messageId, text } };
    const parsed = parseOutput(this.#work.output.schema, text);
    if (parsed.kind === "valid") return structured(answer.messageId, text, parsed.data);
    return this.#repair(parsed.problem);
  }

  /** One repair (I7): the model is told what is wrong and asked again. */
  async #repair(problem: string): Promise<AgentReply> {
    this.#add({
      role: "user",
      name: "user",
      content: [{ kind: "text", text: `${problem}\nAnswer again, with the corrected JSON only.` }],
    });
    const again = await this.#infer({ withTools: false });
    if (again.kind === "over") return again.reply;
    const text = resultText(again.result);
    const { output } = this.#work;
    const parsed = output === undefined ? undefined : parseOutput(output.schema, text);
    if (parsed?.kind === "valid") return structured(again.messageId, text, parsed.data);
    return this.#failed(
      new ModelError(
        "model.invalid_output",
        `The answer of "${this.#work.name}" does not fit its output schema: ${parsed?.problem ?? ""}`,
        {
          remedy: "Make the schema simpler, describe its fields, or use a model with structured output.",
        },
      ),
    );
  }

  /** The rounds are used up: the model says what the results mean, or the results speak for themselves. */
  async #conclude(calls: readonly ToolCallPart[], results: readonly ToolResultPart[]): Promise<AgentReply> {
    if (this.#work.reflects) {
      const reflection = await this.#infer({ withTools: false });
      return reflection.kind === "over" ? reflection.reply : this.#finish(reflection);
    }
    const summarize = this.#work.summarize ?? ((_call, result) => describeResult(result));
    const text = calls.map((call, index) => describeCall(summarize, call, results[index])).join("\n");
    return { message: { kind: "tool-summary", text, calls, results } };
  }

  #stopped(reason: ControlReason, partialText: string, messageId: string): AgentReply {
    const end = stoppedEnd(reason);
    if (partialText === "") return { message: undefined, end };
    this.#add({ role: "assistant", content: [{ kind: "text", text: partialText }] });
    return { message: { kind: "text", id: messageId, text: partialText, isPartial: true }, end };
  }

  #failed(error: Error): AgentReply {
    const end = endOf(error) ?? { status: "error", error: encodeError(error), agentPath: this.#context.path };
    return { message: undefined, end, cause: error };
  }
}

/** The list and the next requests hold the same object; models remember what they made of one that cannot change. */
function freezeMessage(message: ModelMessage): ModelMessage {
  if (typeof message.content === "string") return Object.freeze(message);
  for (const part of message.content) Object.freeze(part);
  Object.freeze(message.content);
  return Object.freeze(message);
}

function endOfRound(round: ToolRound): AgentReply["end"] {
  if (round.stopped !== undefined) return stoppedEnd(round.stopped);
  return round.refused === undefined ? undefined : endOf(round.refused);
}

function structured(id: string, text: string, data: JsonValue): AgentReply {
  return { message: { kind: "structured", id, text, data } };
}

function describeCall(
  summarize: (call: ToolCallPart, result: ToolResultPart) => string,
  call: ToolCallPart,
  result: ToolResultPart | undefined,
): string {
  return result === undefined ? "" : summarize(call, result);
}

function describeResult(result: ToolResultPart): string {
  return result.content
    .map((part) =>
      part.kind === "text" ? part.text : part.kind === "json" ? JSON.stringify(part.value) : `[${part.mediaType}]`,
    )
    .join("\n");
}
