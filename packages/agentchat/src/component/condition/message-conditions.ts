import { type Component, defineComponent, defineForeignForm, fields } from "@troupe/core";
import {
  FunctionalTermination,
  type FunctionalOptions,
  type TerminationPredicate,
} from "../../condition/functional-termination.ts";
import { FunctionCallTermination, type FunctionCallOptions } from "../../condition/function-call-termination.ts";
import { HandoffTermination } from "../../condition/handoff-termination.ts";
import { SourceMatchTermination } from "../../condition/source-match-termination.ts";
import { StopMessageTermination } from "../../condition/stop-message-termination.ts";
import { type TextMentionOptions, TextMentionTermination } from "../../condition/text-mention-termination.ts";
import { TextMessageTermination } from "../../condition/text-message-termination.ts";
import { condition, isExactly } from "./condition.ts";
import { ExternalTermination } from "./external-termination.ts";

const dialect = "autogen";
const foreignName = (name: string): string => `autogen_agentchat.conditions.${name}`;

/** Conditions that look at what is said and done. */
export function messageConditions(): readonly Component[] {
  return [
    textMention(),
    sourceMatch(),
    textMessage(),
    handoff(),
    functionCall(),
    functional(),
    plain("StopMessageTermination", "Over when somebody says stop.", StopMessageTermination),
    plain("ExternalTermination", "Never over by itself: the program ends the run.", ExternalTermination),
  ];
}

function plain(name: string, description: string, Condition: new () => object): Component {
  return defineComponent<{}>({
    ...condition(name, description),
    fields: {},
    create: () => new Condition(),
    recognize: (value) => (value.constructor === Condition ? {} : undefined),
    foreign: [
      defineForeignForm<{}, {}>({
        dialect,
        provider: foreignName(name),
        fields: {},
        toOptions: () => ({}),
        covers: [],
        toConfig: () => ({}),
      }),
    ],
  });
}

interface Mention extends TextMentionOptions {
  readonly text: string;
}

function textMention(): Component {
  return defineComponent<Mention>({
    ...condition("TextMentionTermination", "Over when a text is said."),
    fields: {
      text: fields.text,
      sources: fields.optional(fields.list(fields.text)),
      includeEvents: fields.optional(fields.flag),
    },
    create: ({ text, ...options }) => new TextMentionTermination(text, options),
    recognize: (value) =>
      isExactly(value, TextMentionTermination)
        ? { text: value.text, sources: value.sources, includeEvents: value.wantsEvents || undefined }
        : undefined,
    foreign: [
      defineForeignForm<Mention, { readonly text: string }>({
        dialect,
        provider: foreignName("TextMentionTermination"),
        fields: { text: fields.text },
        toOptions: (config) => config,
        covers: ["text"],
        toConfig: ({ text }) => ({ text }),
      }),
    ],
  });
}

interface Sources {
  readonly sources: readonly string[];
}

function sourceMatch(): Component {
  return defineComponent<Sources>({
    ...condition("SourceMatchTermination", "Over when one of these agents has said something."),
    fields: { sources: fields.list(fields.text) },
    create: ({ sources }) => new SourceMatchTermination(sources),
    recognize: (value) => (isExactly(value, SourceMatchTermination) ? { sources: value.sources } : undefined),
    foreign: [
      defineForeignForm<Sources, Sources>({
        dialect,
        provider: foreignName("SourceMatchTermination"),
        fields: { sources: fields.list(fields.text) },
        toOptions: (config) => config,
        covers: ["sources"],
        toConfig: (options) => options,
      }),
    ],
  });
}

interface Source {
  readonly source?: string | undefined;
}

function textMessage(): Component {
  return defineComponent<Source>({
    ...condition("TextMessageTermination", "Over when an agent answers with a plain text."),
    fields: { source: fields.optional(fields.text) },
    create: ({ source }) => new TextMessageTermination(source),
    recognize: (value) => (isExactly(value, TextMessageTermination) ? { source: value.source } : undefined),
    foreign: [
      defineForeignForm<Source, Source>({
        dialect,
        provider: foreignName("TextMessageTermination"),
        fields: { source: fields.optional(fields.text) },
        toOptions: (config) => config,
        covers: ["source"],
        toConfig: (options) => options,
      }),
    ],
  });
}

interface Target {
  readonly target: string;
}

function handoff(): Component {
  return defineComponent<Target>({
    ...condition("HandoffTermination", "Over when an agent hands over to this name."),
    fields: { target: fields.text },
    create: ({ target }) => new HandoffTermination(target),
    recognize: (value) => (isExactly(value, HandoffTermination) ? { target: value.target } : undefined),
    foreign: [
      defineForeignForm<Target, Target>({
        dialect,
        provider: foreignName("HandoffTermination"),
        fields: { target: fields.text },
        toOptions: (config) => config,
        covers: ["target"],
        toConfig: (options) => options,
      }),
    ],
  });
}

interface Call extends FunctionCallOptions {
  readonly functionName: string;
}

function functionCall(): Component {
  return defineComponent<Call>({
    ...condition("FunctionCallTermination", "Over when a tool of this name has been called."),
    fields: { functionName: fields.text, includeFailures: fields.optional(fields.flag) },
    create: ({ functionName, ...options }) => new FunctionCallTermination(functionName, options),
    recognize: (value) =>
      isExactly(value, FunctionCallTermination)
        ? { functionName: value.functionName, includeFailures: value.includeFailures || undefined }
        : undefined,
    foreign: [
      defineForeignForm<Call, { readonly function_name: string }>({
        dialect,
        provider: foreignName("FunctionCallTermination"),
        fields: { function_name: fields.text },
        // AutoGen counts calls that failed as well.
        toOptions: (config) => ({ functionName: config.function_name, includeFailures: true }),
        covers: ["functionName", "includeFailures"],
        toConfig: ({ functionName }) => ({ function_name: functionName }),
      }),
    ],
  });
}

interface Predicate extends FunctionalOptions {
  readonly predicate: TerminationPredicate;
}

function functional(): Component {
  return defineComponent<Predicate>({
    ...condition("FunctionalTermination", "Over when a function of the program says so."),
    fields: {
      predicate: fields.named(isPredicate, "function"),
      functionName: fields.optional(fields.text),
      includeEvents: fields.optional(fields.flag),
    },
    create: ({ predicate, ...options }) => new FunctionalTermination(predicate, options),
    recognize: (value) =>
      isExactly(value, FunctionalTermination)
        ? {
            predicate: value.predicate,
            functionName: value.functionName === value.predicate.name ? undefined : value.functionName,
            includeEvents: value.wantsEvents || undefined,
          }
        : undefined,
  });
}

function isPredicate(value: unknown): value is TerminationPredicate {
  return typeof value === "function";
}
