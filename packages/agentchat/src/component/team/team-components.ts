import { type Component, defineComponent, defineForeignForm, fields } from "@troupe/core";
import type { GroupChatOptions } from "../../team/group-chat.ts";
import { RoundRobinGroupChat } from "../../team/round-robin-group-chat.ts";
import { Swarm, type SwarmOptions } from "../../team/swarm/swarm.ts";
import { type AutoGenGroup, autoGenGroupFields, fromGroup, groupCovers, groupFields, toGroup } from "./group-fields.ts";

/** Round robin as a document. */
export function roundRobinComponent(): Component {
  type Options = GroupChatOptions<unknown>;
  return defineComponent<Options>({
    provider: "@troupe/agentchat/RoundRobinGroupChat",
    type: "team",
    description: "A team whose participants speak in turn.",
    fields: groupFields,
    create: (options) => new RoundRobinGroupChat(options),
    foreign: [
      defineForeignForm<Options, AutoGenGroup>({
        dialect: "autogen",
        provider: "autogen_agentchat.teams.RoundRobinGroupChat",
        fields: autoGenGroupFields,
        toOptions: fromGroup,
        covers: groupCovers,
        toConfig: toGroup,
      }),
    ],
  });
}

/** A swarm as a document. */
export function swarmComponent(): Component {
  type Options = SwarmOptions<unknown>;
  return defineComponent<Options>({
    provider: "@troupe/agentchat/Swarm",
    type: "team",
    description: "A team whose members hand the conversation to one another.",
    fields: { ...groupFields, whenNoHandoff: fields.optional(fields.oneOf("stop", "continue")) },
    create: (options) => new Swarm(options),
    foreign: [
      defineForeignForm<Options, AutoGenGroup>({
        dialect: "autogen",
        provider: "autogen_agentchat.teams.Swarm",
        fields: autoGenGroupFields,
        // AutoGen asks the same agent again.
        toOptions: (config) => ({ ...fromGroup(config), whenNoHandoff: "continue" }),
        covers: [...groupCovers, "whenNoHandoff"],
        toConfig: toGroup,
      }),
    ],
  });
}
