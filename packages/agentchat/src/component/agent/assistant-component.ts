import { type Component, defineComponent, type Field, fields } from "@troupe/core";
import { AssistantAgent } from "../../agent/assistant-agent.ts";
import type { AssistantAgentOptions } from "../../agent/assistant-options.ts";
import type { Handoff, HandoffContext } from "../../agent/handoff.ts";
import { either, isText, namedFunction, oneOrMany } from "../field/combine-fields.ts";
import { parts } from "../field/parts.ts";
import { schemaField } from "../field/schema-field.ts";
import { budgetField, guardFields, modelField, pricesField, settingsField } from "../field/shared-fields.ts";
import { autoGenAssistant } from "./autogen-assistant.ts";

const context: Field<HandoffContext> = /* @__PURE__ */ either(
  isText,
  fields.oneOf("turn", "none"),
  namedFunction<Exclude<HandoffContext, string>>(),
);

const handoff: Field<string | Handoff> = /* @__PURE__ */ either(
  isText,
  fields.text,
  fields.object<Handoff>({
    target: fields.text,
    name: fields.optional(fields.text),
    description: fields.optional(fields.text),
    message: fields.optional(fields.text),
    input: fields.optional(schemaField),
    context: fields.optional(context),
  }),
);

/** An assistant as a document. */
export function assistantComponent(): Component {
  return defineComponent<AssistantAgentOptions<unknown>>({
    provider: "@troupe/agentchat/AssistantAgent",
    type: "agent",
    description: "Answers with a model and may use tools.",
    fields: {
      name: fields.text,
      model: modelField,
      description: fields.optional(fields.text),
      systemMessage: fields.optional(fields.nullable(either(isText, fields.text, namedFunction()))),
      tools: fields.optional(fields.list(parts.tool)),
      workbench: fields.optional(oneOrMany(parts.workbench)),
      handoffs: fields.optional(fields.list(handoff)),
      memory: fields.optional(oneOrMany(parts.memory)),
      memoryDeadlineMs: fields.optional(fields.number),
      maxToolIterations: fields.optional(fields.integer),
      reflectOnToolUse: fields.optional(fields.flag),
      toolCallSummaryFormat: fields.optional(fields.text),
      summarizeTools: fields.optional(namedFunction()),
      stream: fields.optional(fields.flag),
      modelContext: fields.optional(parts.context),
      output: fields.optional(schemaField),
      outputFormat: fields.optional(fields.text),
      metadata: fields.optional(fields.openTexts),
      settings: fields.optional(settingsField),
      budget: fields.optional(budgetField),
      prices: fields.optional(pricesField),
      ...guardFields,
    },
    create: (options) => new AssistantAgent(options),
    foreign: [autoGenAssistant()],
  });
}
