import { type Component, defineComponent, defineForeignForm, type Field, fields, type JsonValue } from "@troupe/core";
import { bufferedContext } from "../context/buffered-context.ts";
import { headAndTailContext } from "../context/head-and-tail-context.ts";
import { rollingSummaryContext, type RollingSummaryOptions } from "../context/rolling-summary-context.ts";
import { tokenLimitedContext } from "../context/token-limited-context.ts";
import { toolResultClearingContext, type ToolResultClearingOptions } from "../context/tool-result-clearing-context.ts";
import { unboundedContext } from "../context/unbounded-context.ts";
import type { ChatModel } from "../model/chat-model.ts";
import { isChatModel } from "./guards.ts";

const type = "chat_completion_context";
const dialect = "autogen";
const foreignName = (name: string): string => `autogen_core.model_context.${name}ChatCompletionContext`;

/** AutoGen keeps messages in its contexts; ours are rules over the session's history, which begins empty. */
const noMessages: Field<JsonValue | undefined> = /* @__PURE__ */ fields.fixed([]);
interface Start {
  readonly initial_messages?: JsonValue | undefined;
}

/** What a model gets to see: the rules over histories, as documents. */
export function contextComponents(): readonly Component[] {
  return [unbounded(), buffered(), headAndTail(), tokenLimited(), rollingSummary(), toolResultClearing()];
}

function unbounded(): Component {
  return defineComponent<{}>({
    provider: "@troupe/llm/unboundedContext",
    type,
    description: "Shows the model everything.",
    fields: {},
    create: () => unboundedContext(),
    foreign: [
      defineForeignForm<{}, Start>({
        dialect,
        provider: foreignName("Unbounded"),
        fields: { initial_messages: noMessages },
        toOptions: () => ({}),
        covers: [],
        toConfig: () => ({}),
      }),
    ],
  });
}

function buffered(): Component {
  return defineComponent<{ readonly size: number }>({
    provider: "@troupe/llm/bufferedContext",
    type,
    description: "Shows the model the last messages.",
    fields: { size: fields.integer },
    create: (options) => bufferedContext(options),
    foreign: [
      defineForeignForm<{ readonly size: number }, Start & { readonly buffer_size: number }>({
        dialect,
        provider: foreignName("Buffered"),
        fields: { buffer_size: fields.integer, initial_messages: noMessages },
        toOptions: (config) => ({ size: config.buffer_size }),
        covers: ["size"],
        toConfig: ({ size }) => ({ buffer_size: size }),
      }),
    ],
  });
}

interface Ends {
  readonly head: number;
  readonly tail: number;
}

function headAndTail(): Component {
  return defineComponent<Ends>({
    provider: "@troupe/llm/headAndTailContext",
    type,
    description: "Shows the model the first and the last messages.",
    fields: { head: fields.integer, tail: fields.integer },
    create: (options) => headAndTailContext(options),
    foreign: [
      defineForeignForm<Ends, Start & { readonly head_size: number; readonly tail_size: number }>({
        dialect,
        provider: foreignName("HeadAndTail"),
        fields: { head_size: fields.integer, tail_size: fields.integer, initial_messages: noMessages },
        toOptions: (config) => ({ head: config.head_size, tail: config.tail_size }),
        covers: ["head", "tail"],
        toConfig: ({ head, tail }) => ({ head_size: head, tail_size: tail }),
      }),
    ],
  });
}

interface Limit {
  readonly maxTokens: number;
}

interface AutoGenLimit extends Start {
  /** AutoGen counts with a model's tokenizer; ours estimates, or is given one in code. */
  readonly model_client: ChatModel;
  readonly token_limit?: number | undefined;
  readonly tool_schema?: JsonValue | undefined;
}

function tokenLimited(): Component {
  return defineComponent<Limit>({
    provider: "@troupe/llm/tokenLimitedContext",
    type,
    description: "Shows the model as much as fits into a number of tokens.",
    fields: { maxTokens: fields.integer },
    create: (options) => tokenLimitedContext(options),
    foreign: [
      defineForeignForm<Limit, AutoGenLimit>({
        dialect,
        provider: foreignName("TokenLimited"),
        fields: {
          model_client: fields.child("model", isChatModel),
          token_limit: fields.optional(fields.integer),
          tool_schema: fields.fixed([]),
          initial_messages: noMessages,
        },
        toOptions: ({ model_client, token_limit }, place) => {
          const maxTokens = token_limit ?? model_client.capabilities.contextWindow;
          if (maxTokens !== null) return { maxTokens };
          throw place.at("token_limit").invalid("is missing, and the window of the model is not known");
        },
        covers: ["maxTokens"],
        toConfig: (_, place) => {
          throw place.refuse(
            "is a token-limited context, which AutoGen ties to a model of its own",
            "Use a buffered context, or write the document by hand.",
          );
        },
      }),
    ],
  });
}

function rollingSummary(): Component {
  return defineComponent<RollingSummaryOptions>({
    provider: "@troupe/llm/rollingSummaryContext",
    type,
    description: "Shows the model a summary of what was said long ago, and the newest messages.",
    fields: {
      maxTokens: fields.integer,
      keepTokens: fields.optional(fields.integer),
      model: fields.optional(fields.child("model", isChatModel)),
      maxSummaryTokens: fields.optional(fields.integer),
      instructions: fields.optional(fields.text),
    },
    create: (options) => rollingSummaryContext(options),
  });
}

function toolResultClearing(): Component {
  return defineComponent<ToolResultClearingOptions>({
    provider: "@troupe/llm/toolResultClearingContext",
    type,
    description: "Shows the model only a note of old results of tools.",
    fields: { keep: fields.optional(fields.integer), step: fields.optional(fields.integer) },
    create: (options) => toolResultClearingContext(options),
  });
}
