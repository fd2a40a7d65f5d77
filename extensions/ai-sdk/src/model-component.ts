import { type Component, defineComponent, type Field, fields } from "@troupe/core";
import { capabilitiesField, type DeadlineOptions, type RetryOptions } from "@troupe/llm";
import { autoGenForms } from "./autogen-models.ts";
import { model } from "./model.ts";
import { type ModelId, parseModelId } from "./model-id.ts";
import type { ModelDefaults, ModelOptions } from "./model-options.ts";

/** What a document says of a model: its id, and how it is reached. */
export interface ModelDocument extends Omit<ModelOptions, "fetch" | "env" | "projectFolder"> {
  readonly id: ModelId;
}

/** What the program lends to the models of documents. */
export interface ModelComponentOptions {
  /**
   * The variables that documents may read their keys from, by name: those and no others, because a document also says where a key is sent.
   * Default none.
   */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** The folder whose `node_modules` hold the provider packages; default the working directory. */
  readonly projectFolder?: string | undefined;
}

const number = /* @__PURE__ */ fields.optional(fields.number);

const id: Field<ModelId> = {
  ...fields.text,
  read: (value, place) => {
    const words = fields.text.read(value, place);
    try {
      return parseModelId(words).id;
    } catch (error) {
      throw place.invalid('is no model id: "provider:model"', error);
    }
  },
  schema: { type: "string", pattern: "^[a-z-]+:.+" },
};

const retry: Field<RetryOptions | false> = {
  isOptional: false,
  takesNull: false,
  read: (value, place) => (value === false ? false : retryOptions.read(value, place)),
  write: (value, place) => (value === false ? false : retryOptions.write(value, place)),
  get schema() {
    return { anyOf: [{ const: false }, retryOptions.schema] };
  },
};

const retryOptions: Field<RetryOptions> = /* @__PURE__ */ fields.object<RetryOptions>({
  retries: number,
  baseDelayMs: number,
  maxDelayMs: number,
  maxRetryAfterMs: number,
  onRetry: fields.inCode,
  clock: fields.inCode,
  random: fields.inCode,
});

/** Models by name, as documents; also what AutoGen's clients for OpenAI, Azure, Anthropic and Ollama are in this system. */
export function modelComponent({ environment = {}, projectFolder }: ModelComponentOptions = {}): Component {
  return defineComponent<ModelDocument>({
    provider: "@troupe/ai-sdk/model",
    type: "model",
    description: "A model by name, from any provider of the AI SDK that is installed.",
    fields: {
      id,
      baseUrl: fields.optional(openUrl),
      apiKey: fields.optional(fields.secret),
      headers: fields.optional(fields.openTexts),
      timeouts: fields.optional(
        fields.object<DeadlineOptions>({ firstByteMs: number, idleMs: number, totalMs: number, clock: fields.inCode }),
      ),
      retry: fields.optional(retry),
      capabilities: fields.optional(capabilitiesField),
      api: fields.optional(fields.oneOf("responses", "chat")),
      settings: fields.optional(fields.openJson),
      defaults: fields.optional(
        fields.object<ModelDefaults>({
          temperature: number,
          topP: number,
          maxOutputTokens: fields.optional(fields.integer),
          stopSequences: fields.optional(fields.list(fields.text)),
          seed: fields.optional(fields.integer),
          providerOptions: fields.optional(fields.openJson),
        }),
      ),
    },
    create: ({ id: name, ...options }) => model(name, { ...options, env: environment, projectFolder }),
    shorthand: (words) => ({ id: parseModelId(words).id }),
    foreign: autoGenForms(),
  });
}

/** An address without a name and password in it. */
const openUrl: Field<string> = {
  ...fields.text,
  read: (value, place) => {
    const url = fields.text.read(value, place);
    if (!hasPassword(url)) return url;
    throw place.invalid("holds a name or password; put it into a variable and use apiKey");
  },
  write: (value, place) => {
    const url = fields.text.write(value, place);
    if (typeof url !== "string" || !hasPassword(url)) return url;
    throw place.refuse("holds a name or password, and a document never holds one", "Use apiKey.");
  },
};

function hasPassword(url: string): boolean {
  return /^[a-z]+:\/\/[^/]*@/i.test(url);
}
