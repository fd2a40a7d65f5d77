import { isJsonObject } from "../model/json.ts";
import {
  type Component,
  type ConfigError,
  defineComponent,
  defineForeignForm,
  type DumpPlace,
  type Field,
  fields,
  type JsonObject,
  type JsonValue,
  type LoadPlace,
} from "@troupe/core";
import { ListMemory } from "../memory/list-memory.ts";
import type { MemoryItem } from "../memory/memory.ts";
import type { ToolResultContent } from "../model/model-message.ts";

interface Remembered {
  readonly name?: string | undefined;
  readonly items?: readonly MemoryItem[] | undefined;
}

/** One thing that AutoGen remembers. */
interface AutoGenItem {
  readonly content: JsonValue;
  readonly mime_type: string;
  readonly metadata?: JsonObject | undefined;
}

interface AutoGenMemory {
  readonly name?: string | undefined;
  readonly memory_contents?: readonly AutoGenItem[] | undefined;
}

const anyJson: Field<JsonValue> = /* @__PURE__ */ fields.plain(
  (value): value is JsonValue => value !== undefined && typeof value !== "function",
  "JSON",
  {},
);
const anyObject: Field<JsonObject> = /* @__PURE__ */ fields.plain(isJsonObject, "an object", { type: "object" });

const content: Field<ToolResultContent> = {
  isOptional: false,
  takesNull: false,
  read: (value, place) => readContent(value) ?? refuse(place),
  write: (value) => toJson(value),
  schema: {
    type: "object",
    properties: { kind: { enum: ["text", "json", "file"] } },
    required: ["kind"],
  },
};

const item = /* @__PURE__ */ describeItem();

// A function: a bundler drops a pure call that nobody needs, but not what its arguments read.
function describeItem(): Field<MemoryItem> {
  return fields.object<MemoryItem>({ content, metadata: fields.optional(anyObject) });
}

/** A memory that is a list, with what it remembers at that moment. */
export function listMemoryComponent(): Component {
  return defineComponent<Remembered>({
    provider: "@troupe/llm/ListMemory",
    type: "memory",
    description: "A memory that is a list: every query gets all of it.",
    fields: { name: fields.optional(fields.text), items: fields.optional(fields.list(item)) },
    create: (options) => new ListMemory(options),
    recognize: (value) =>
      value instanceof ListMemory && value.constructor === ListMemory
        ? { name: value.name, items: value.items }
        : undefined,
    foreign: [
      defineForeignForm<Remembered, AutoGenMemory>({
        dialect: "autogen",
        provider: "autogen_core.memory.ListMemory",
        fields: {
          name: fields.optional(fields.text),
          memory_contents: fields.optional(
            fields.list(
              fields.object<AutoGenItem>({
                content: anyJson,
                mime_type: fields.text,
                metadata: fields.optional(anyObject),
              }),
            ),
          ),
        },
        toOptions: ({ name, memory_contents }, place) => ({
          name,
          items: memory_contents?.map((one, index) => fromAutoGen(one, place.at("memory_contents").at(index))),
        }),
        covers: ["name", "items"],
        toConfig: ({ name, items }, place) => ({
          name,
          memory_contents: (items ?? []).map((one, index) => toAutoGen(one, place.at("memory_contents").at(index))),
        }),
      }),
    ],
  });
}

function fromAutoGen({ content: value, mime_type, metadata }: AutoGenItem, place: LoadPlace): MemoryItem {
  const notes = metadata === undefined ? {} : { metadata };
  if (mime_type === "application/json") return { content: { kind: "json", value }, ...notes };
  if (typeof value === "string" && mime_type.startsWith("text/"))
    return { content: { kind: "text", text: value }, ...notes };
  const image = isJsonObject(value) ? value["data"] : undefined;
  if (typeof image === "string" && mime_type.startsWith("image/"))
    return { content: { kind: "file", mediaType: "image/png", data: image }, ...notes };
  throw place.invalid(`holds ${mime_type}, which a list memory cannot keep`);
}

function toAutoGen({ content: value, metadata }: MemoryItem, place: DumpPlace): AutoGenItem {
  const notes = metadata === undefined ? {} : { metadata };
  switch (value.kind) {
    case "text":
      return { content: value.text, mime_type: "text/plain", ...notes };
    case "json":
      return { content: value.value, mime_type: "application/json", ...notes };
    case "file":
      throw fileRefused(place);
  }
}

function fileRefused(place: DumpPlace): ConfigError {
  return place.refuse("holds a file, which AutoGen's list memory does not load", "Remember it in words.");
}

function readContent(value: JsonValue): ToolResultContent | undefined {
  if (!isJsonObject(value)) return undefined;
  const { kind, text, value: data, mediaType, data: file } = value;
  if (kind === "text" && typeof text === "string") return { kind, text };
  if (kind === "json" && data !== undefined) return { kind, value: data };
  if (kind === "file" && typeof mediaType === "string" && typeof file === "string")
    return { kind, mediaType, data: file };
  return undefined;
}

function refuse(place: LoadPlace): never {
  throw place.invalid("is no content of kind text, json or file");
}

/** Items of a memory are JSON. */
function toJson(value: unknown): JsonValue {
  return isJsonObject(value) ? { ...value } : null;
}
