import { ConfigError, keepOptions } from "@troupe/core";
import type { BudgetOption } from "../budget/budget.ts";
import type { ChatMessage } from "../message/chat-message.ts";
import { freezeDefinition } from "../run/freeze-definition.ts";
import { Runner } from "../run/runner.ts";
import type { AgentRole, Participant } from "../turn/role.ts";
import { checkAgentName } from "./agent-name.ts";

/** Which messages of one source are let through: all of them, or the first or last ones of those that are new. */
export type SourceFilter = { readonly source: string } & (
  | { readonly position?: undefined; readonly count?: undefined }
  | { readonly position: "first" | "last"; readonly count: number }
);

/** What a `MessageFilterAgent` is made of. */
export interface MessageFilterAgentOptions {
  /** The agent that hears less. It keeps its state, its lists and its history. */
  readonly agent: Participant;
  /** What is let through. A message that no entry takes does not reach the agent; without entries none does. */
  readonly filter: readonly SourceFilter[];
  /** Default: the name of the agent. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly budget?: BudgetOption | undefined;
}

/**
 * An agent that hears only some of what is said.
 *
 * The filter looks at what is new since the agent's last turn, and keeps the order in which it was said. Everything else is the agent's own:
 * it speaks under the filter's name, and a handoff to the filter is a handoff to it.
 */
export class MessageFilterAgent extends Runner<undefined> {
  readonly #agent: Participant;
  readonly #filter: readonly SourceFilter[];

  /** @throws ConfigError `config.invalid_definition` for something that is not an agent; `config.invalid_option` for a filter that cannot be used. */
  constructor(options: MessageFilterAgentOptions) {
    const { agent, filter, budget } = options;
    roleOf(agent);
    super({
      name: checkAgentName(options.name ?? agent.name),
      description: options.description ?? `${agent.description} (hears only some messages)`,
      budget,
    });
    this.#agent = agent;
    this.#filter = filter.map(checkFilter);
    if (new.target === MessageFilterAgent) keepOptions(this, "@troupe/agentchat/MessageFilterAgent", options);
  }

  toRole(): AgentRole {
    const role = roleOf(this.#agent);
    freezeDefinition(this.#agent);
    const { name } = this;
    return {
      ...role,
      name,
      takeTurn: (messages, context) =>
        role.takeTurn(
          filterMessages(messages, this.#filter).map((message) => readdress(message, name, role.name)),
          context,
        ),
    };
  }
}

/** The messages that the entries let through, in their order, each once. */
function filterMessages(messages: readonly ChatMessage[], filter: readonly SourceFilter[]): readonly ChatMessage[] {
  const taken = new Set(filter.flatMap((entry) => take(messages, entry)));
  return messages.filter((message) => taken.has(message));
}

function take(messages: readonly ChatMessage[], { source, position, count }: SourceFilter): readonly ChatMessage[] {
  const said = messages.filter((message) => message.source === source);
  if (position === undefined) return said;
  return position === "first" ? said.slice(0, count) : said.slice(-count);
}

/** To the agent, the filter's name is its own. */
function readdress(message: ChatMessage, from: string, to: string): ChatMessage {
  return message.kind === "handoff" && message.target === from ? { ...message, target: to } : message;
}

function checkFilter(entry: SourceFilter): SourceFilter {
  const { source, position, count } = entry;
  const isWhole = position === undefined && count === undefined;
  const isCut = (position === "first" || position === "last") && Number.isInteger(count) && (count ?? 0) >= 1;
  if (typeof source === "string" && source !== "" && (isWhole || isCut)) return { ...entry };
  throw new ConfigError("config.invalid_option", `The filter ${JSON.stringify(entry)} cannot be used`, {
    remedy: 'Give { source }, or { source, position: "first" | "last", count } with a whole number of at least 1.',
    details: { option: "filter" },
  });
}

function roleOf(agent: Participant): AgentRole {
  const role = agent.toRole();
  if (role.kind === "agent") return role;
  throw new ConfigError("config.invalid_definition", `"${agent.name}" is a team, and a filter is for agents`, {
    remedy: "Put filters around the agents in the team.",
    details: { name: agent.name },
  });
}
