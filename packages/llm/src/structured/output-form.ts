import type { ChatModel, ModelRequest, ModelResult, ToolDeclaration } from "../model/chat-model.ts";
import type { AssistantPart, ModelMessage, ToolCallPart } from "../model/model-message.ts";
import type { OutputDocument } from "./output-document.ts";

/**
 * How an answer that follows a schema is asked for: by the provider's own schema mode, as the arguments of a tool, in its JSON mode, or by
 * words alone.
 */
export type OutputFormKind = "native" | "tool" | "json" | "prompt";

/** A request without the signal, which belongs to whoever makes the call. */
export type AnswerRequest = Omit<ModelRequest, "signal">;

/** One way to ask for an answer that follows a schema. */
export interface OutputForm {
  readonly kind: OutputFormKind;
  /** Whether the answer is asked for as `{ "value": ... }`. */
  readonly isWrapped: boolean;
  /** The tool whose arguments are the answer; undefined in the other forms. */
  readonly toolName: string | undefined;
  /** Asks for the answer in a request. With `isFinal: false` the model may still call the tools of the request. */
  shape(request: AnswerRequest, options?: { readonly isFinal?: boolean | undefined }): AnswerRequest;
  /** The answer as words: a call of the form's tool becomes its arguments, so that no history has calls that nobody runs. */
  unfold(result: ModelResult): ModelResult;
  /** What to say to a model whose answer had a problem. */
  repairRequest(problem: string): string;
}

/** What the forms of an answer are made of. */
export interface OutputFormOptions {
  readonly model: ChatModel;
  /** Undefined for a schema without a JSON form. */
  readonly document: OutputDocument | undefined;
  /** Names the answer for the model: 1 to 64 letters, digits, `_` or `-`. */
  readonly name: string;
}

/**
 * The ways to ask this model, the strictest first: its native schema mode, a tool it has to call, its JSON mode, a prompt. The last is always
 * there.
 */
export function outputForms({ model, document, name }: OutputFormOptions): readonly [OutputForm, ...OutputForm[]] {
  const { structuredOutput, tools } = model.capabilities;
  const prompt = promptForm("prompt", document);
  if (document === undefined) return structuredOutput === "none" ? [prompt] : [promptForm("json", document), prompt];
  const strict = [
    ...(structuredOutput === "native" ? [nativeForm(document, name)] : []),
    ...(tools ? [toolForm(document, name)] : []),
    ...(structuredOutput === "none" ? [] : [promptForm("json", document)]),
  ];
  const [first, ...rest] = strict;
  return first === undefined ? [prompt] : [first, ...rest, prompt];
}

function nativeForm(document: OutputDocument, name: string): OutputForm {
  const { schema, isWrapped } = document;
  return {
    kind: "native",
    isWrapped,
    toolName: undefined,
    shape: (request, options) => ({
      ...withoutCalls(request, options?.isFinal),
      responseFormat: { kind: "json", name, schema },
    }),
    unfold: (result) => result,
    repairRequest: (problem) => `${problem}\nAnswer again, with the corrected JSON only.`,
  };
}

function toolForm(document: OutputDocument, name: string): OutputForm {
  const declaration: ToolDeclaration = {
    name,
    description: "Gives your answer. Call it once, alone, when you know the answer; do not answer in words.",
    inputSchema: document.schema,
  };
  return {
    kind: "tool",
    isWrapped: document.isWrapped,
    toolName: name,
    shape: (request, options) => {
      const others = request.tools ?? [];
      const isFree = options?.isFinal === false && others.length > 0;
      const toolChoice = isFree ? (request.toolChoice ?? "auto") : { toolName: name };
      return { ...request, tools: [...others, declaration], toolChoice };
    },
    unfold: (result) => unfoldCall(result, name),
    repairRequest: (problem) => `${problem}\nCall the tool "${name}" again, with the corrected arguments.`,
  };
}

function promptForm(kind: "json" | "prompt", document: OutputDocument | undefined): OutputForm {
  const instruction = instructionFor(document);
  return {
    kind,
    isWrapped: document?.isWrapped === true,
    toolName: undefined,
    shape: (request, options) => ({
      ...withoutCalls(request, options?.isFinal),
      messages: withInstruction(request.messages, instruction),
      ...(kind === "json" && { responseFormat: { kind: "json" } }),
    }),
    unfold: (result) => result,
    repairRequest: (problem) => `${problem}\nAnswer again, with the corrected JSON only.`,
  };
}

function instructionFor(document: OutputDocument | undefined): string {
  const form = document === undefined ? "" : ` that fits this JSON Schema:\n${JSON.stringify(document.schema)}`;
  return `Give your final answer as one JSON value and nothing else, without a Markdown fence${form === "" ? "." : `,${form}`}`;
}

/** Behind the system messages in front: where it is said once and stays, whatever is pruned. */
function withInstruction(messages: readonly ModelMessage[], content: string): readonly ModelMessage[] {
  const first = messages.findIndex((message) => message.role !== "system");
  const start = first < 0 ? messages.length : first;
  return [...messages.slice(0, start), { role: "system", content }, ...messages.slice(start)];
}

/** Tools stay where they must not be called: providers refuse a history of calls to tools they do not know. */
function withoutCalls(request: AnswerRequest, isFinal = true): AnswerRequest {
  const hasTools = (request.tools?.length ?? 0) > 0;
  return isFinal && hasTools ? { ...request, toolChoice: "none" } : request;
}

function unfoldCall(result: ModelResult, name: string): ModelResult {
  const isAnswer = (part: AssistantPart): part is ToolCallPart => part.kind === "tool-call" && part.toolName === name;
  const answers = result.content.filter(isAnswer);
  const [answer] = answers;
  if (answer === undefined) return result;
  const others: readonly AssistantPart[] = result.content.filter((part) => !isAnswer(part));
  // Beside other calls it is too early: the model answers again when it has their results.
  if (others.some((part) => part.kind === "tool-call")) return { ...result, content: others };
  // Several calls are several texts one behind the other: JSON only when there is one. Signed thoughts belong to the call that is gone.
  const text = answers.map((part) => part.arguments).join("\n");
  const thoughts = others.filter((part) => part.kind === "reasoning" && part.providerMetadata === undefined);
  const { structuredText: _structured, ...rest } = result;
  return { ...rest, content: [...thoughts, { kind: "text", text }], finishReason: finishOf(result) };
}

function finishOf({ finishReason }: ModelResult): ModelResult["finishReason"] {
  return finishReason === "tool-calls" ? "stop" : finishReason;
}
