import type { AgentSnapshot, JsonObject, JsonValue } from "@troupe/core";
import type { ChatMessage } from "../../message/chat-message.ts";
import { asJson } from "../../message/as-json.ts";
import { adviserName, type AgentRole, type Role, type TeamRole } from "../../turn/role.ts";
import { readHistory } from "./autogen-history.ts";
import { readChatMessage } from "./autogen-messages.ts";
import { readMemory } from "./autogen-memory.ts";
import { StateReader } from "./state-reader.ts";

/** The states of a session's agents, by path. */
export type SessionAgents = Readonly<Record<string, AgentSnapshot>>;

/**
 * What AutoGen knows of a conversation, in the form of this system: threads, what each participant has not heard yet, who is next, the conversations
 * of models.
 *
 * @param root the runner that goes on with it: the same kind of team, with the same names.
 * @throws TeamError `run.invalid_snapshot`, naming the place.
 */
export function readAutoGenState(document: Readonly<Record<string, unknown>>, root: TeamRole): SessionAgents {
  const state = new StateReader(asJson(document), "");
  const agents: [string, AgentSnapshot][] = [];
  if (document["type"] === "TeamState") readTeam(state, { role: root, path: [], agents });
  else readSolo(state, root, agents);
  return Object.fromEntries(agents);
}

interface Place<R extends Role> {
  readonly role: R;
  readonly path: readonly string[];
  /** What has been read so far. */
  readonly agents: [string, AgentSnapshot][];
}

/** An agent that runs on its own is a team of one here. */
function readSolo(state: StateReader, root: TeamRole, agents: [string, AgentSnapshot][]): void {
  const [first, ...others] = [...root.participants];
  if (first === undefined || others.length > 0 || first[1].kind !== "agent")
    throw state.invalid(`is that of an agent, and "${root.name}" is a team`);
  const [name, role] = first;
  readAgent(state, { role, path: [name], agents });
}

function readTeam(state: StateReader, place: Place<TeamRole>): void {
  const { role, path, agents } = place;
  const entries = state.at("agent_states").entries();
  const containers = entries.filter(([, entry]) => entry.at("type").words === "ChatAgentContainerState");
  const [manager, ...more] = entries.filter(([, entry]) => entry.at("type").words !== "ChatAgentContainerState");
  if (manager === undefined || more.length > 0) throw state.at("agent_states").invalid("has not exactly one manager");
  const missing = [...role.participants.keys()].find((name) => containers.every(([known]) => known !== name));
  if (missing !== undefined) throw state.at("agent_states").invalid(`has no "${missing}"`);
  const thread = readThread(manager[1].at("message_thread"), role);
  const heard: [string, number][] = [];
  for (const [name, container] of containers) {
    const member = role.participants.get(name);
    if (member === undefined) throw container.invalid(`belongs to nobody in team "${role.name}"`);
    heard.push([name, readHeard(container.at("message_buffer"), thread)]);
    readMember(container.at("agent_state"), { role: member, path: [...path, name], agents });
  }
  const { memory, adviser } = readMemory(manager[1], role);
  const state_: JsonObject = { manager: { run: null, memory, heard: Object.fromEntries(heard), recent: [] } };
  agents.push([path.join("/"), snapshotOf(state_, { thread: asJson(thread) })]);
  if (adviser !== undefined && role.adviser !== undefined)
    agents.push([[...path, adviserName(role.adviser)].join("/"), snapshotOf({ agent: adviser }, {})]);
}

function readMember(state: StateReader, place: Place<Role>): void {
  const { role } = place;
  if (role.kind === "team") readTeam(state, { ...place, role });
  else readAgent(state, { ...place, role });
}

function readAgent(state: StateReader, { role, path, agents }: Place<AgentRole>): void {
  const type = state.at("type").text();
  if (type === "AssistantAgentState") {
    const history = readHistory(state.at("llm_context").at("messages"));
    agents.push([path.join("/"), snapshotOf({}, { history: asJson(history) })]);
  }
  if (type === "SocietyOfMindAgentState") {
    const [inner] = [...(role.inner ?? [])];
    if (inner === undefined || inner[1].kind !== "team") throw state.invalid(`is not that of agent "${role.name}"`);
    const saved = state.at("inner_team_state");
    if (saved.at("agent_states").entries().length > 0)
      readTeam(saved, { role: inner[1], path: [...path, inner[0]], agents });
  }
  // The others of AutoGen's agents keep nothing; one of an application's own has a state that only its own program knows.
  if (type.endsWith("State") && !/^(BaseState|AssistantAgentState|SocietyOfMindAgentState)$/.test(type))
    throw state.at("type").invalid(`is "${type}", the state of an agent that only its own program knows`);
}

interface ThreadItem {
  readonly by: string;
  readonly message: ChatMessage;
}

function readThread(messages: StateReader, team: TeamRole): readonly ThreadItem[] {
  const said = messages.items().map(readChatMessage);
  return said
    .filter((message) => message !== undefined)
    .map((message) => ({ by: speakerOf(message.source, team), message }));
}

/** The participant through which a message came: itself, or the team that it is in; empty for the user. */
function speakerOf(source: string, team: TeamRole): string {
  if (team.participants.has(source)) return source;
  const found = [...team.participants].find(([, member]) => member.kind === "team" && isIn(source, member));
  return found?.[0] ?? "";
}

function isIn(source: string, team: TeamRole): boolean {
  return (
    team.participants.has(source) ||
    [...team.participants.values()].some((member) => member.kind === "team" && isIn(source, member))
  );
}

/** How much of the thread a participant has heard: all before the first message that waits for it. */
function readHeard(buffer: StateReader, thread: readonly ThreadItem[]): number {
  const [first] = buffer.items();
  if (first === undefined) return thread.length;
  const waiting = readChatMessage(first);
  const index = thread.findIndex(({ message }) => message.id === waiting?.id);
  if (index >= 0) return index;
  throw first.invalid("was not said in the team");
}

function snapshotOf(state: JsonValue, lists: Readonly<Record<string, JsonValue>>): AgentSnapshot {
  return {
    state,
    lists: Object.fromEntries(Object.entries(lists).map(([name, items]) => [name, isList(items) ? items : []])),
  };
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
