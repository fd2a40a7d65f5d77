import { type Field, fields } from "@troupe/core";
import type { ModelCapabilities } from "../model/chat-model.ts";

/** What AutoGen says a model can do. */
export interface AutoGenModelInfo {
  readonly vision: boolean;
  readonly function_calling: boolean;
  readonly json_output: boolean;
  readonly family: string;
  readonly structured_output?: boolean | undefined;
  readonly multiple_system_messages?: boolean | undefined;
}

/** The field of AutoGen's `model_info`. */
export const autoGenModelInfo: Field<AutoGenModelInfo> = /* @__PURE__ */ describeInfo();

// A function: a bundler drops a pure call that nobody needs, but not what its arguments read.
function describeInfo(): Field<AutoGenModelInfo> {
  return fields.object<AutoGenModelInfo>({
    vision: fields.flag,
    function_calling: fields.flag,
    json_output: fields.flag,
    family: fields.text,
    structured_output: fields.optional(fields.flag),
    multiple_system_messages: fields.optional(fields.flag),
  });
}

/** Our words for it; the family decides nothing here. */
export function fromModelInfo(info: AutoGenModelInfo): Partial<ModelCapabilities> {
  return {
    vision: info.vision,
    tools: info.function_calling,
    structuredOutput: info.structured_output === true ? "native" : info.json_output ? "json" : "none",
    ...(info.multiple_system_messages !== undefined && { multipleSystemMessages: info.multiple_system_messages }),
  };
}

/** AutoGen's words for it; what is not known it cannot do. */
export function toModelInfo(capabilities: Partial<ModelCapabilities>): AutoGenModelInfo {
  const { vision = false, tools = false, structuredOutput = "none", multipleSystemMessages } = capabilities;
  return {
    vision,
    function_calling: tools,
    json_output: structuredOutput !== "none",
    family: "unknown",
    structured_output: structuredOutput === "native",
    ...(multipleSystemMessages !== undefined && { multiple_system_messages: multipleSystemMessages }),
  };
}
