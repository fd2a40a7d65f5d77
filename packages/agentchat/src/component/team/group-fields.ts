import { type Fields, fields } from "@troupe/core";
import type { TerminationCondition } from "../../condition/termination-condition.ts";
import type { GroupChatOptions } from "../../team/group-chat.ts";
import type { Participant } from "../../turn/role.ts";
import { parts } from "../field/parts.ts";
import { schemaField } from "../field/schema-field.ts";
import { budgetField, guardFields, pricesField } from "../field/shared-fields.ts";

/** What every team has. */
export const groupFields: Fields<GroupChatOptions<unknown>> = {
  participants: /* @__PURE__ */ fields.list(parts.participant),
  name: /* @__PURE__ */ fields.optional(fields.text),
  description: /* @__PURE__ */ fields.optional(fields.text),
  reserves: /* @__PURE__ */ fields.optional(fields.list(fields.text)),
  shares: /* @__PURE__ */ fields.optional(fields.oneOf("all", "last")),
  emitTeamEvents: /* @__PURE__ */ fields.optional(fields.flag),
  termination: /* @__PURE__ */ fields.optional(parts.condition),
  maxTurns: /* @__PURE__ */ fields.optional(fields.integer),
  onError: /* @__PURE__ */ fields.optional(fields.oneOf("fail", "feed-back", "retry", "skip")),
  budget: /* @__PURE__ */ fields.optional(budgetField),
  prices: /* @__PURE__ */ fields.optional(pricesField),
  output: /* @__PURE__ */ fields.optional(schemaField),
  ...guardFields,
};

/** What every team of AutoGen's has. */
export interface AutoGenGroup {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly participants: readonly Participant[];
  readonly termination_condition?: TerminationCondition | undefined;
  readonly max_turns?: number | undefined;
  readonly emit_team_events?: boolean | undefined;
}

/** The fields of every team of AutoGen's. */
export const autoGenGroupFields: Fields<AutoGenGroup> = {
  name: /* @__PURE__ */ fields.optional(fields.text),
  description: /* @__PURE__ */ fields.optional(fields.text),
  participants: /* @__PURE__ */ fields.list(parts.participant),
  termination_condition: /* @__PURE__ */ fields.optional(parts.condition),
  max_turns: /* @__PURE__ */ fields.optional(fields.integer),
  emit_team_events: /* @__PURE__ */ fields.optional(fields.flag),
};

type GroupOptions = GroupChatOptions<unknown>;

/** Options of a team that AutoGen can say. */
export const groupCovers: readonly (
  | "participants"
  | "name"
  | "description"
  | "termination"
  | "maxTurns"
  | "emitTeamEvents"
)[] = ["participants", "name", "description", "termination", "maxTurns", "emitTeamEvents"];

/** Our words for what AutoGen says of a team. */
export function fromGroup(config: AutoGenGroup): GroupOptions {
  return {
    participants: config.participants,
    ...(config.name !== undefined && { name: config.name }),
    ...(config.description !== undefined && { description: config.description }),
    ...(config.termination_condition !== undefined && { termination: config.termination_condition }),
    ...(config.max_turns !== undefined && { maxTurns: config.max_turns }),
    ...(config.emit_team_events === true && { emitTeamEvents: true }),
  };
}

/** AutoGen's words for a team of ours. */
export function toGroup(options: Omit<GroupOptions, "reserves">): AutoGenGroup {
  return {
    name: options.name,
    description: options.description,
    participants: options.participants,
    termination_condition: options.termination,
    max_turns: options.maxTurns,
    emit_team_events: options.emitTeamEvents ?? false,
  };
}
