import { type Component, defineComponent, defineForeignForm, fields } from "@troupe/core";
import {
  MagenticOneGroupChat,
  type MagenticOneGroupChatOptions,
} from "../../team/magentic-one/magentic-one-group-chat.ts";
import { modelField } from "../field/shared-fields.ts";
import { type AutoGenGroup, autoGenGroupFields, fromGroup, groupCovers, groupFields, toGroup } from "./group-fields.ts";

type Options = MagenticOneGroupChatOptions<unknown>;

interface AutoGenMagentic extends AutoGenGroup {
  readonly model_client: Options["model"];
  readonly max_stalls?: number | undefined;
  readonly final_answer_prompt?: string | undefined;
}

/** A team led by an orchestrator as a document. */
export function magenticOneComponent(): Component {
  return defineComponent<Options>({
    provider: "@troupe/agentchat/MagenticOneGroupChat",
    type: "team",
    description: "A team led by an orchestrator that plans and judges.",
    fields: {
      ...groupFields,
      model: modelField,
      maxStalls: fields.optional(fields.integer),
      maxReplans: fields.optional(fields.integer),
      finalAnswerPrompt: fields.optional(fields.text),
    },
    create: (options) => new MagenticOneGroupChat(options),
    foreign: [
      defineForeignForm<Options, AutoGenMagentic>({
        dialect: "autogen",
        provider: "autogen_agentchat.teams.MagenticOneGroupChat",
        fields: {
          ...autoGenGroupFields,
          model_client: modelField,
          max_stalls: fields.optional(fields.integer),
          final_answer_prompt: fields.optional(fields.text),
        },
        toOptions: ({ model_client, max_stalls, final_answer_prompt, ...config }) => ({
          ...fromGroup(config),
          model: model_client,
          ...(max_stalls !== undefined && { maxStalls: max_stalls }),
          ...(final_answer_prompt !== undefined && { finalAnswerPrompt: final_answer_prompt }),
        }),
        covers: [...groupCovers, "model", "maxStalls", "finalAnswerPrompt"],
        toConfig: (options) => ({
          ...toGroup(options),
          model_client: options.model,
          max_turns: options.maxTurns ?? 20,
          max_stalls: options.maxStalls ?? 3,
          final_answer_prompt: options.finalAnswerPrompt ?? finalAnswer,
        }),
      }),
    ],
  });
}

/** AutoGen's documents must have a prompt. It fills in the task. */
const finalAnswer =
  "The task was:\n{task}\n\nGive the final answer to it, from what was said above, as if you spoke to whoever asked.";
