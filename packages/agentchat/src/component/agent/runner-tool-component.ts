import { type Component, defineComponent, defineForeignForm, fields, type ForeignForm } from "@troupe/core";
import { isTool, type Tool } from "@troupe/llm";
import type { Participant } from "../../turn/role.ts";
import { runnerBehind, type RunnerToolOptions } from "../../turn/tool/runner-tool.ts";
import { isParticipant, parts } from "../field/parts.ts";

interface ToolOfRunner extends RunnerToolOptions {
  readonly runner: Participant;
}

interface AutoGenAgentTool {
  readonly agent: Participant;
  readonly return_value_as_last_message?: boolean | undefined;
}

interface AutoGenTeamTool {
  readonly name: string;
  readonly description: string;
  readonly team: Participant;
  readonly return_value_as_last_message?: boolean | undefined;
}

/** What `asTool()` makes as a document. */
export function runnerToolComponent(): Component {
  return defineComponent<ToolOfRunner>({
    provider: "@troupe/agentchat/asTool",
    type: "tool",
    description: "An agent or a team as a tool.",
    fields: {
      runner: parts.participant,
      name: fields.optional(fields.text),
      description: fields.optional(fields.text),
      returns: fields.optional(fields.oneOf("last", "all")),
      keepsMemory: fields.optional(fields.flag),
    },
    create: ({ runner, ...options }, place) => {
      if (isToolMaker(runner)) return runner.asTool(options);
      throw place.at("runner").invalid("is nothing that can be a tool");
    },
    recognize: (value) => (isTool(value) ? describeTool(value) : undefined),
    foreign: [agentToolForm(), teamToolForm()],
  });
}

function describeTool(tool: Tool): ToolOfRunner | undefined {
  const found = runnerBehind(tool);
  if (found === undefined) return undefined;
  const { participant, returns, keepsMemory } = found;
  return {
    runner: participant,
    name: tool.name === participant.name ? undefined : tool.name,
    description: tool.description === participant.description ? undefined : tool.description,
    returns: returns === "last" ? undefined : returns,
    keepsMemory: keepsMemory ? true : undefined,
  };
}

/** AutoGen's tools of agents keep what the agent remembers between calls, and return all that was said unless told otherwise. */
function agentToolForm(): ForeignForm<ToolOfRunner> {
  return defineForeignForm<ToolOfRunner, AutoGenAgentTool>({
    dialect: "autogen",
    provider: "autogen_agentchat.tools.AgentTool",
    writes: ({ name, description, runner }) => name === undefined && description === undefined && isAgent(runner),
    fields: { agent: parts.participant, return_value_as_last_message: fields.optional(fields.flag) },
    toOptions: ({ agent, return_value_as_last_message: isLast }) => ({
      runner: agent,
      keepsMemory: true,
      ...(isLast !== true && { returns: "all" }),
    }),
    covers: ["runner", "returns", "keepsMemory"],
    toConfig: ({ runner, returns }) => ({ agent: runner, return_value_as_last_message: returns !== "all" }),
  });
}

function teamToolForm(): ForeignForm<ToolOfRunner> {
  return defineForeignForm<ToolOfRunner, AutoGenTeamTool>({
    dialect: "autogen",
    provider: "autogen_agentchat.tools.TeamTool",
    fields: {
      name: fields.text,
      description: fields.text,
      team: parts.participant,
      return_value_as_last_message: fields.optional(fields.flag),
    },
    toOptions: ({ team, name, description, return_value_as_last_message: isLast }) => ({
      runner: team,
      name,
      description,
      keepsMemory: true,
      ...(isLast !== true && { returns: "all" }),
    }),
    covers: ["runner", "name", "description", "returns", "keepsMemory"],
    toConfig: ({ runner, name, description, returns }) => ({
      name: name ?? runner.name,
      description: description ?? runner.description,
      team: runner,
      return_value_as_last_message: returns !== "all",
    }),
  });
}

function isAgent(runner: Participant): boolean {
  return runner.toRole().kind === "agent";
}

function isToolMaker(value: Participant): value is Participant & { asTool(options: RunnerToolOptions): object } {
  return isParticipant(value) && "asTool" in value && typeof value.asTool === "function";
}
