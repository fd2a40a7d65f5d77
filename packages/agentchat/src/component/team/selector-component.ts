import { type Component, defineComponent, defineForeignForm, fields } from "@troupe/core";
import type { ModelContext } from "@troupe/llm";
import { SelectorGroupChat } from "../../team/selector/selector-group-chat.ts";
import type { SelectorGroupChatOptions } from "../../team/selector/selector-options.ts";
import { defaultSelectorPrompt } from "../../team/selector/selector-prompt.ts";
import { namedFunction } from "../field/combine-fields.ts";
import { parts } from "../field/parts.ts";
import { modelField } from "../field/shared-fields.ts";
import { type AutoGenGroup, autoGenGroupFields, fromGroup, groupCovers, groupFields, toGroup } from "./group-fields.ts";

type Options = SelectorGroupChatOptions<unknown>;

interface AutoGenSelector extends AutoGenGroup {
  readonly model_client: Options["model"];
  readonly selector_prompt?: string | undefined;
  readonly allow_repeated_speaker?: boolean | undefined;
  readonly max_selector_attempts?: number | undefined;
  readonly model_client_streaming?: boolean | undefined;
  readonly model_context?: ModelContext | undefined;
}

/** A selector team as a document. */
export function selectorComponent(): Component {
  return defineComponent<Options>({
    provider: "@troupe/agentchat/SelectorGroupChat",
    type: "team",
    description: "A team in which a model chooses who speaks next.",
    fields: {
      ...groupFields,
      model: modelField,
      selectorPrompt: fields.optional(fields.text),
      allowRepeatedSpeaker: fields.optional(fields.flag),
      maxSelectorAttempts: fields.optional(fields.integer),
      fallback: fields.optional(fields.oneOf("next", "stop", "error")),
      maxFailedSelections: fields.optional(fields.integer),
      selectorFunction: fields.optional(namedFunction()),
      candidateFunction: fields.optional(namedFunction()),
      modelContext: fields.optional(parts.context),
      stream: fields.optional(fields.flag),
    },
    create: (options) => new SelectorGroupChat(options),
    foreign: [
      defineForeignForm<Options, AutoGenSelector>({
        dialect: "autogen",
        provider: "autogen_agentchat.teams.SelectorGroupChat",
        fields: {
          ...autoGenGroupFields,
          model_client: modelField,
          selector_prompt: fields.optional(fields.text),
          allow_repeated_speaker: fields.optional(fields.flag),
          max_selector_attempts: fields.optional(fields.integer),
          model_client_streaming: fields.optional(fields.flag),
          model_context: fields.optional(parts.context),
        },
        toOptions,
        covers: [
          ...groupCovers,
          "model",
          "selectorPrompt",
          "allowRepeatedSpeaker",
          "maxSelectorAttempts",
          "modelContext",
          "stream",
        ],
        toConfig: (options) => ({
          ...toGroup(options),
          model_client: options.model,
          selector_prompt: options.selectorPrompt ?? defaultSelectorPrompt,
          allow_repeated_speaker: options.allowRepeatedSpeaker ?? false,
          max_selector_attempts: options.maxSelectorAttempts ?? 3,
          model_client_streaming: options.stream ?? false,
          model_context: options.modelContext,
        }),
      }),
    ],
  });
}

function toOptions(config: AutoGenSelector): Options {
  return {
    ...fromGroup(config),
    model: config.model_client,
    ...(config.selector_prompt !== undefined && { selectorPrompt: config.selector_prompt }),
    ...(config.allow_repeated_speaker !== undefined && { allowRepeatedSpeaker: config.allow_repeated_speaker }),
    ...(config.max_selector_attempts !== undefined && { maxSelectorAttempts: config.max_selector_attempts }),
    ...(config.model_client_streaming !== undefined && { stream: config.model_client_streaming }),
    ...(config.model_context !== undefined && { modelContext: config.model_context }),
  };
}
