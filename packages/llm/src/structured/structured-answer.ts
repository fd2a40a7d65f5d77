import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError, ModelError, TroupeError } from "@troupe/core";
import type { ChatModel, ModelResult, ToolDeclaration } from "../model/chat-model.ts";
import type { JsonValue } from "../model/json.ts";
import type { ModelMessage } from "../model/model-message.ts";
import { resultText } from "../model/result-text.ts";
import { checkAnswer } from "./check-answer.ts";
import { outputDocument } from "./output-document.ts";
import { type AnswerRequest, type OutputForm, type OutputFormKind, outputForms } from "./output-form.ts";

/** How one call of a model ended: with a result, or in a way that only its caller knows (stopped, failed, refused by a budget). */
export type CallOutcome<Ended> = { readonly status: "ok"; readonly result: ModelResult } | Ended;

/** What `structuredAnswer` is asked. */
export interface StructuredAnswerOptions<Output, Ended extends { readonly status: string }> {
  /** Makes one call. Inside an agent's turn: `(request) => context.callModel({ model, request })`; elsewhere: `directCall(model)`. */
  readonly call: (request: AnswerRequest) => Promise<CallOutcome<Ended>>;
  /** Whom `call` asks: its capabilities decide how the answer is asked for. */
  readonly model: ChatModel;
  readonly messages: readonly ModelMessage[];
  /** Checks the answer and types it. A library with a JSON form (zod, arktype, ...) lets the model see the schema. */
  readonly schema: StandardSchemaV1<unknown, Output>;
  /** Names the answer for the model: 1 to 64 letters, digits, `_` or `-`; default `answer`. */
  readonly name?: string | undefined;
  /** Temperature, output limit and the like, for every call. */
  readonly settings?: Omit<AnswerRequest, "messages" | "tools" | "toolChoice" | "responseFormat"> | undefined;
  /** Tools that the conversation has calls of: declared, never called. */
  readonly tools?: readonly ToolDeclaration[] | undefined;
  /** Further calls after an answer that does not fit; default 1. */
  readonly repairs?: number | undefined;
}

/** How a structured answer came out. */
export type StructuredAnswer<Output, Ended> =
  | {
      readonly kind: "valid";
      /** The output form of the schema. */
      readonly value: Output;
      /** The input form, plain JSON: what to record. */
      readonly data: JsonValue;
      /** The answer as JSON text. */
      readonly text: string;
      /** What was said after `messages`: the answer, and before it what had to be repaired. Valid in every history. */
      readonly exchange: readonly ModelMessage[];
      /** How it was asked for in the end. */
      readonly form: OutputFormKind;
      readonly repairs: number;
    }
  | {
      readonly kind: "invalid";
      /** `model.invalid_output`, with the problem. */
      readonly error: ModelError;
      /** What the model said last. */
      readonly text: string;
      readonly exchange: readonly ModelMessage[];
    }
  /** A call ended otherwise: as `call` said it. */
  | { readonly kind: "ended"; readonly outcome: Ended; readonly exchange: readonly ModelMessage[] };

/**
 * Asks any model for a value that fits a schema.
 *
 * The model is asked in the strictest way it knows: its own schema mode, a tool that it has to call, its JSON mode, or a prompt. A provider
 * that refuses a way (`model.bad_request`) is asked in the next one. Slips of form are forgiven, and an answer that does not fit is told to
 * the model, once; then it is an error with the problem, never a wrong value.
 *
 * Has no effects besides `call`, and makes the same calls when these have the same outcomes: it can be replayed inside a turn.
 *
 * @throws ConfigError `config.invalid_option` for a name that no provider accepts; SerializationError `serialization.schema_async`; what
 * `call` throws.
 *
 * @example
 * ```ts
 * const answer = await structuredAnswer({ call: directCall(model), model, messages, schema: z.object({ next: z.enum(["ada", "bob"]) }) });
 * if (answer.kind === "valid") console.log(answer.value.next);
 * ```
 */
export async function structuredAnswer<Output, Ended extends { readonly status: string }>(
  options: StructuredAnswerOptions<Output, Ended>,
): Promise<StructuredAnswer<Output, Ended>> {
  const { model, schema } = options;
  const name = checkAnswerName(options.name ?? "answer");
  const [strictest, ...fallbacks] = outputForms({ model, document: outputDocument(schema), name });
  let form = strictest;
  const exchange: ModelMessage[] = [];
  for (let repairs = 0; ; ) {
    const outcome = await options.call(form.shape(requestOf(options, exchange)));
    if (!isAnswered(outcome)) {
      const next = isRefusal(outcome) ? fallbacks.shift() : undefined;
      if (next === undefined) return { kind: "ended", outcome, exchange };
      form = next;
      continue;
    }
    const said = readAnswer(form, outcome.result, schema);
    if (said.message !== undefined) exchange.push(said.message);
    if (said.checked.kind === "valid") return { ...said.checked, exchange, form: form.kind, repairs };
    if (repairs >= (options.repairs ?? 1)) {
      return { kind: "invalid", error: invalidOutput(model.name, said.checked.problem), text: said.text, exchange };
    }
    repairs += 1;
    exchange.push(repairMessage(form, said.checked.problem));
  }
}

/**
 * Lets `structuredAnswer` ask a model outside of agents.
 *
 * @throws The signal's own reason, from the calls, after an abort.
 */
export function directCall(
  model: ChatModel,
  options: { readonly signal?: AbortSignal | undefined } = {},
): (request: AnswerRequest) => Promise<CallOutcome<{ readonly status: "failed"; readonly error: Error }>> {
  const { signal } = options;
  return async (request) => {
    try {
      return { status: "ok", result: await model.generate({ ...request, signal }) };
    } catch (error) {
      if (signal?.aborted === true || !(error instanceof Error)) throw error;
      return { status: "failed", error };
    }
  };
}

/** @throws ConfigError `config.invalid_option` for a name that no provider accepts. */
function checkAnswerName(name: string): string {
  if (/^[a-zA-Z0-9_-]{1,64}$/.test(name)) return name;
  throw new ConfigError("config.invalid_option", `${JSON.stringify(name)} cannot be the name of an answer`, {
    remedy: "Use 1 to 64 letters, digits, underscores or hyphens.",
    details: { option: "name" },
  });
}

/** What a model that was told of its mistake and made it again is reported as. */
function invalidOutput(model: string, problem: string): ModelError {
  return new ModelError("model.invalid_output", `The answer of model "${model}" does not fit: ${problem}`, {
    remedy: "Make the schema simpler, describe its fields, or use a model with structured output.",
    details: { model },
  });
}

function requestOf<Output, Ended extends { readonly status: string }>(
  { messages, settings, tools }: StructuredAnswerOptions<Output, Ended>,
  exchange: readonly ModelMessage[],
): AnswerRequest {
  return { ...settings, messages: [...messages, ...exchange], ...(tools !== undefined && { tools }) };
}

function readAnswer<Output>(form: OutputForm, result: ModelResult, schema: StandardSchemaV1<unknown, Output>) {
  const unfolded = form.unfold(result);
  const text = resultText(unfolded);
  const isCut = result.finishReason === "length" || result.finishReason === "content-filter";
  // Calls of other tools were forbidden: they are not made, so they are not said.
  const content = unfolded.content.filter((part) => part.kind !== "tool-call");
  const message: ModelMessage | undefined = content.length === 0 ? undefined : { role: "assistant", content };
  return { text, message, checked: checkAnswer(schema, text, { isCut, isWrapped: form.isWrapped }) };
}

function repairMessage(form: OutputForm, problem: string): ModelMessage {
  return { role: "user", name: "user", content: [{ kind: "text", text: form.repairRequest(problem) }] };
}

function isAnswered<Ended>(
  outcome: CallOutcome<Ended>,
): outcome is { readonly status: "ok"; readonly result: ModelResult } {
  return typeof outcome === "object" && outcome !== null && "status" in outcome && outcome.status === "ok";
}

/** A provider that does not know the way in which it was asked says so before it spends anything. */
function isRefusal(outcome: object): boolean {
  const error = "error" in outcome ? outcome.error : undefined;
  return TroupeError.isTroupeError(error) && error.code === "model.bad_request";
}
