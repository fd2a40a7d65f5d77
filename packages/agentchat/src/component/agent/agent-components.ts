import { type Component, defineComponent, defineForeignForm, fields } from "@troupe/core";
import {
  type MessageFilterAgentOptions,
  MessageFilterAgent,
  type SourceFilter,
} from "../../agent/message-filter-agent.ts";
import { UserProxyAgent, type UserProxyAgentOptions } from "../../agent/user-proxy-agent.ts";
import type { Participant } from "../../turn/role.ts";
import { either, isText, namedFunction } from "../field/combine-fields.ts";
import { parts } from "../field/parts.ts";
import { budgetField } from "../field/shared-fields.ts";

interface AutoGenPerson {
  readonly name: string;
  readonly description?: string | undefined;
  /** The name of a Python function that asks: here a person is asked by a question of the run. */
  readonly input_func?: string | undefined;
}

/** A person as a document. */
export function userProxyComponent(): Component {
  return defineComponent<UserProxyAgentOptions>({
    provider: "@troupe/agentchat/UserProxyAgent",
    type: "agent",
    description: "A person: in its turn it asks a question and says the answer.",
    fields: {
      name: fields.text,
      description: fields.optional(fields.text),
      prompt: fields.optional(either(isText, fields.text, namedFunction())),
      deadlineMs: fields.optional(fields.number),
    },
    create: (options) => new UserProxyAgent(options),
    foreign: [
      defineForeignForm<UserProxyAgentOptions, AutoGenPerson>({
        dialect: "autogen",
        provider: "autogen_agentchat.agents.UserProxyAgent",
        fields: {
          name: fields.text,
          description: fields.optional(fields.text),
          input_func: fields.optional(fields.text),
        },
        toOptions: ({ name, description }) => ({ name, ...(description !== undefined && { description }) }),
        covers: ["name", "description"],
        toConfig: ({ name, description }) => ({ name, description: description ?? "A person" }),
      }),
    ],
  });
}

interface AutoGenFilter {
  readonly name: string;
  readonly wrapped_agent: Participant;
  readonly filter: { readonly per_source: readonly AutoGenSource[] };
}

interface AutoGenSource {
  readonly source: string;
  readonly position?: "first" | "last" | undefined;
  readonly count?: number | undefined;
}

const source = /* @__PURE__ */ fields.object<AutoGenSource>({
  source: fields.text,
  position: fields.optional(fields.oneOf("first", "last")),
  count: fields.optional(fields.integer),
});

/** An agent that hears only some messages as a document. */
export function messageFilterComponent(): Component {
  type Options = Omit<MessageFilterAgentOptions, "filter"> & { readonly filter: readonly AutoGenSource[] };
  return defineComponent<Options>({
    provider: "@troupe/agentchat/MessageFilterAgent",
    type: "agent",
    description: "An agent that hears only some of what is said.",
    fields: {
      agent: parts.participant,
      filter: fields.list(source),
      name: fields.optional(fields.text),
      description: fields.optional(fields.text),
      budget: fields.optional(budgetField),
    },
    create: ({ filter, ...options }) => new MessageFilterAgent({ ...options, filter: filter.map(toFilter) }),
    foreign: [
      defineForeignForm<Options, AutoGenFilter>({
        dialect: "autogen",
        provider: "autogen_agentchat.agents.MessageFilterAgent",
        fields: {
          name: fields.text,
          wrapped_agent: parts.participant,
          filter: fields.object<AutoGenFilter["filter"]>({ per_source: fields.list(source) }),
        },
        toOptions: ({ name, wrapped_agent, filter }) => ({ name, agent: wrapped_agent, filter: filter.per_source }),
        covers: ["name", "agent", "filter"],
        toConfig: ({ name, agent, filter }) => ({
          name: name ?? agent.name,
          wrapped_agent: agent,
          filter: { per_source: filter },
        }),
      }),
    ],
  });
}

/** Either both or neither of position and count; the agent refuses the rest. */
function toFilter({ source: from, position, count }: AutoGenSource): SourceFilter {
  return position === undefined && count === undefined
    ? { source: from }
    : { source: from, position: position ?? "last", count: count ?? 0 };
}
