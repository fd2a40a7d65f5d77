import {
  type Component,
  defineComponent,
  defineForeignForm,
  type Field,
  type Fields,
  fields,
  type JsonValue,
  keepOptions,
} from "@troupe/core";
import type { Tool } from "../tool/tool.ts";
import { staticWorkbench, type ToolOverride } from "../workbench/static-workbench.ts";
import { isTool } from "./guards.ts";

const provider = "@troupe/llm/tool";

/** What a document says of a tool: only which one it is. Its function is the program's. */
interface NamedTool {
  readonly name: string;
  /** What AutoGen wrote of its own tool of this name, source code and all: given back to AutoGen, never run. */
  readonly autogen?: AutoGenFunction | undefined;
}

/** What AutoGen writes of a function. */
interface AutoGenFunction {
  readonly name: string;
  readonly description: string;
  readonly source_code: string;
  readonly global_imports?: readonly JsonValue[] | undefined;
  readonly has_cancellation_support?: boolean | undefined;
}

const anyJson: Field<JsonValue> = /* @__PURE__ */ fields.plain(
  (value): value is JsonValue => value !== undefined && typeof value !== "function",
  "JSON",
  {},
);

const autoGenFunction = /* @__PURE__ */ describeFunction();

// Functions, here and below: a bundler drops a pure call that nobody needs, but not what its arguments read.
function describeFunction(): Fields<AutoGenFunction> {
  return {
    name: fields.text,
    description: fields.text,
    source_code: fields.text,
    global_imports: fields.optional(fields.list(anyJson)),
    has_cancellation_support: fields.optional(fields.flag),
  };
}

/** Tools of the program, by their names. */
export function toolComponent(tools: readonly Tool[]): Component {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return defineComponent<NamedTool>({
    provider,
    type: "tool",
    description: "A tool of the program, by its name.",
    fields: { name: fields.text, autogen: fields.optional(fields.object(autoGenFunction)) },
    create: ({ name, autogen }, place) => {
      const found = byName.get(name);
      if (found === undefined)
        throw place
          .at("name")
          .unknown(`names the tool "${name}", which the program did not register`, "Register it: tools: [...].");
      return autogen === undefined ? found : Object.freeze(keepOptions({ ...found }, provider, { name, autogen }));
    },
    recognize: (value) => (isTool(value) && byName.get(value.name) === value ? { name: value.name } : undefined),
    shorthand: (name) => ({ name }),
    foreign: [
      defineForeignForm<NamedTool, AutoGenFunction>({
        dialect: "autogen",
        provider: "autogen_core.tools.FunctionTool",
        fields: autoGenFunction,
        toOptions: (config) => ({ name: config.name, autogen: config }),
        covers: ["name", "autogen"],
        toConfig: ({ name, autogen }, place) => {
          if (autogen !== undefined) return autogen;
          throw place.refuse(
            `is the tool "${name}", and AutoGen takes tools only as Python source`,
            "Leave the tool out, and give the AutoGen agent one of its own.",
          );
        },
      }),
    ],
  });
}

interface StaticTools {
  readonly tools: readonly Tool[];
  readonly name?: string | undefined;
  readonly overrides?: Readonly<Record<string, ToolOverride>> | undefined;
}

interface AutoGenTools {
  readonly tools?: readonly Tool[] | undefined;
  readonly tool_overrides?: Readonly<Record<string, ToolOverride>> | undefined;
}

const overrides = /* @__PURE__ */ describeOverrides();

function describeOverrides(): Field<Readonly<Record<string, ToolOverride>>> {
  return fields.map(
    fields.object<ToolOverride>({ name: fields.optional(fields.text), description: fields.optional(fields.text) }),
  );
}

/** A workbench of tools that do not change. */
export function staticWorkbenchComponent(): Component {
  const tools = fields.list(fields.child("tool", isTool));
  const foreign = (name: string, writes: () => boolean) =>
    defineForeignForm<StaticTools, AutoGenTools>({
      dialect: "autogen",
      provider: `autogen_core.tools.${name}`,
      writes,
      fields: { tools: fields.optional(tools), tool_overrides: fields.optional(overrides) },
      toOptions: (config) => ({
        tools: config.tools ?? [],
        ...(Object.keys(config.tool_overrides ?? {}).length > 0 && { overrides: config.tool_overrides }),
      }),
      covers: ["tools", "overrides"],
      toConfig: (options) => ({ tools: options.tools, tool_overrides: options.overrides ?? {} }),
    });
  return defineComponent<StaticTools>({
    provider: "@troupe/llm/staticWorkbench",
    type: "workbench",
    description: "A set of tools that does not change.",
    fields: { tools, name: fields.optional(fields.text), overrides: fields.optional(overrides) },
    create: ({ tools: given, ...options }) => staticWorkbench(given, options),
    foreign: [foreign("StaticStreamWorkbench", () => true), foreign("StaticWorkbench", () => false)],
  });
}
