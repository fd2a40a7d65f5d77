import { isJsonObject } from "../model/json.ts";
import { type Component, defineComponent, defineForeignForm, type Field, fields, type JsonValue } from "@troupe/core";
import type { ModelCapabilities } from "../model/chat-model.ts";
import type { AssistantPart } from "../model/model-message.ts";
import { type AutoGenModelInfo, autoGenModelInfo, fromModelInfo, toModelInfo } from "./autogen-model-info.ts";
import { type ReplayAnswer, replayModel, type ReplayModelOptions } from "./replay-model.ts";

/** What a model can do, as documents say it: each of it may be left out. */
export const capabilitiesField: Field<Partial<ModelCapabilities>> = /* @__PURE__ */ describeCapabilities();

// Made by functions, here and below: a bundler drops a pure call that nobody needs, but not what its arguments read.
function describeCapabilities(): Field<Partial<ModelCapabilities>> {
  return fields.object<Partial<ModelCapabilities>>({
    tools: optionalPart(fields.flag),
    parallelToolCalls: optionalPart(fields.flag),
    vision: optionalPart(fields.flag),
    structuredOutput: optionalPart(fields.oneOf("native", "json", "none")),
    streaming: optionalPart(fields.flag),
    contextWindow: optionalPart(fields.nullable(fields.integer)),
    multipleSystemMessages: optionalPart(fields.flag),
  });
}

/** A field that may be left out, and never reads as undefined. */
function optionalPart<T>(field: Field<T>): Field<T> {
  return { ...field, isOptional: true };
}

/** A part of a recorded answer, as documents say it. */
type ReplayPart = Exclude<AssistantPart, { readonly kind: "file" }>;

const part: Field<ReplayPart> = {
  isOptional: false,
  takesNull: false,
  read: (value, place) => {
    const { kind, text, callId, toolName, arguments: given } = isJsonObject(value) ? value : {};
    if ((kind === "text" || kind === "reasoning") && typeof text === "string") return { kind, text };
    if (kind === "tool-call" && typeof callId === "string" && typeof toolName === "string" && typeof given === "string")
      return { kind, callId, toolName, arguments: given };
    throw place.invalid("is no text, reasoning or tool-call part");
  },
  write: (value, place) => {
    if (isJsonObject(value) && isPartKind(value["kind"])) return { ...value };
    throw place.refuse("is a part that documents do not hold", "Answer with text, reasoning and tool calls.");
  },
  schema: {
    type: "object",
    properties: { kind: { enum: ["text", "reasoning", "tool-call"] } },
    required: ["kind"],
  },
};

const answer: Field<ReplayAnswer> = /* @__PURE__ */ textOr(() => fields.list(part));

/** A field that is words, or what another field reads. */
function textOr<T>(createOther: () => Field<T>): Field<string | T> {
  const other = createOther();
  return {
    isOptional: false,
    takesNull: false,
    read: (value, place) => (typeof value === "string" ? value : other.read(value, place)),
    write: (value, place) => (typeof value === "string" ? value : other.write(value, place)),
    schema: { anyOf: [{ type: "string" }, other.schema] },
  };
}

/** A model that answers from a list. */
export function replayModelComponent(): Component {
  return defineComponent<ReplayModelOptions>({
    provider: "@troupe/llm/replayModel",
    type: "model",
    description: "Answers from a list, whatever it is asked.",
    fields: { answers: fields.list(answer), capabilities: fields.optional(capabilitiesField) },
    create: (options) => replayModel(options),
    foreign: [autoGenReplay()],
  });
}

/** A recorded answer of AutoGen's: what its clients return. */
interface AutoGenResult {
  readonly content: string | readonly AutoGenCall[];
  readonly finish_reason: string;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly cached: boolean;
  readonly thought?: string | undefined;
}

interface AutoGenCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

function describeCalls(): Field<readonly AutoGenCall[]> {
  return fields.list(fields.object<AutoGenCall>({ id: fields.text, name: fields.text, arguments: fields.text }));
}

function describeResult(): Field<AutoGenResult> {
  return fields.object<AutoGenResult & { readonly logprobs?: JsonValue | undefined }>({
    content: textOr(describeCalls),
    finish_reason: fields.text,
    usage: fields.object({ prompt_tokens: fields.integer, completion_tokens: fields.integer }),
    cached: fields.flag,
    thought: fields.optional(fields.text),
    logprobs: fields.fixed(),
  });
}

const completion: Field<string | AutoGenResult> = /* @__PURE__ */ textOr(describeResult);

interface AutoGenReplay {
  readonly chat_completions: readonly (string | AutoGenResult)[];
  readonly model_info?: AutoGenModelInfo | undefined;
}

function autoGenReplay() {
  return defineForeignForm<ReplayModelOptions, AutoGenReplay>({
    dialect: "autogen",
    provider: "autogen_ext.models.replay.ReplayChatCompletionClient",
    type: "replay_chat_completion_client",
    fields: { chat_completions: fields.list(completion), model_info: fields.optional(autoGenModelInfo) },
    toOptions: ({ chat_completions, model_info }) => ({
      answers: chat_completions.map((one) => (typeof one === "string" ? one : fromResult(one))),
      ...(model_info !== undefined && { capabilities: fromModelInfo(model_info) }),
    }),
    covers: ["answers", "capabilities"],
    toConfig: ({ answers, capabilities = {} }) => ({
      chat_completions: answers.map((one) => (typeof one === "string" ? one : toResult(one))),
      model_info: toModelInfo({ tools: true, vision: true, structuredOutput: "native", ...capabilities }),
    }),
  });
}

function fromResult({ content, thought }: AutoGenResult): readonly AssistantPart[] {
  const before: readonly AssistantPart[] = thought === undefined ? [] : [{ kind: "reasoning", text: thought }];
  if (typeof content === "string") return [...before, { kind: "text", text: content }];
  const toPart = ({ id, name, arguments: given }: AutoGenCall): AssistantPart => ({
    kind: "tool-call",
    callId: id,
    toolName: name,
    arguments: given,
  });
  return [...before, ...content.map(toPart)];
}

function toResult(parts: readonly AssistantPart[]): AutoGenResult {
  const asked = parts.flatMap((one) =>
    one.kind === "tool-call" ? [{ id: one.callId, name: one.toolName, arguments: one.arguments }] : [],
  );
  const wordsOf = (kind: "text" | "reasoning"): string =>
    parts.map((one) => (one.kind === kind ? one.text : "")).join("");
  const thought = wordsOf("reasoning");
  return {
    content: asked.length > 0 ? asked : wordsOf("text"),
    finish_reason: asked.length > 0 ? "function_calls" : "stop",
    usage: { prompt_tokens: 0, completion_tokens: 0 },
    cached: false,
    ...(thought !== "" && { thought }),
  };
}

function isPartKind(value: unknown): boolean {
  return value === "text" || value === "reasoning" || value === "tool-call";
}
