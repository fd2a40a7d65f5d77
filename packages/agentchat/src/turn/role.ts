import type { JsonValue, List } from "@troupe/core";
import type { TerminationCondition } from "../condition/termination-condition.ts";
import type { ChatMessage, MessageDraft } from "../message/chat-message.ts";
import type { ContextKey } from "../run/context/define-context.ts";
import type { FinishTool } from "../guard/finish-tool.ts";
import type { OwnedPolicy } from "../guard/policy/tool-policy.ts";
import type { StopKind } from "../message/stop-reason.ts";
import type { ChatAgentContext } from "./chat-agent-context.ts";
import type { ListSchemas } from "./own-lists.ts";
import type { ThreadItem, TurnEnd } from "./protocol.ts";

/** What an agent answers. */
export interface AgentReply {
  /** What everybody hears; undefined only when the turn was stopped before there was anything to say. */
  readonly message: MessageDraft | undefined;
  /** Default: `ok`. */
  readonly end?: TurnEnd | undefined;
  /** The task is done, and this is the team's result: the run ends. See `context.finish`. */
  readonly finished?: { readonly data: JsonValue } | undefined;
  /** With an `error` end: the error as it was thrown. */
  readonly cause?: unknown;
  /** Of a team's adviser: its answer to the question it was asked. */
  readonly advice?: JsonValue | undefined;
  /** Of a team's adviser: participants forget what they know, and `message` is the first that they hear. */
  readonly restarts?: true | undefined;
}

/** The context of an agent whose types are not known here. */
export interface ErasedContext extends ChatAgentContext<JsonValue | undefined, ListSchemas> {
  /** What a team asks its adviser; undefined for participants. */
  readonly question: JsonValue | undefined;
}

/** What a runner is inside: one agent. */
export interface AgentRole {
  readonly kind: "agent";
  readonly name: string;
  /** Undefined for an agent without state of its own. */
  readonly initialState: (() => JsonValue) | undefined;
  takeTurn(messages: readonly ChatMessage[], context: ErasedContext): Promise<AgentReply>;
  readonly lists: ListSchemas;
  /** Names of the models it calls, to check prices at the start. */
  readonly models: readonly string[];
  /** Milliseconds that one of its tools or programs may take; 0 when it does not know. */
  readonly longestStepMs: number;
  /** False when it has no tools and runs no programs: what those need is not loaded for it. Default true. */
  readonly makesCalls?: boolean | undefined;
  /** True when its words are those of a person: repeating them is no loop. */
  readonly isPerson?: boolean | undefined;
  /** What a run must be given. */
  readonly needs?: readonly ContextKey[] | undefined;
  /** True when it may read the run's context outside of steps: then its turns wait for it from the start. */
  readonly readsContextAtOnce?: boolean | undefined;
  readonly policy?: OwnedPolicy | undefined;
  /** Agents and teams that it runs inside its turns, by the name it knows them by. */
  readonly inner?: ReadonlyMap<string, Role> | undefined;
}

/** What has happened since a strategy was last asked. */
export type SelectionNews =
  | { readonly kind: "task"; readonly messages: readonly ChatMessage[] }
  | {
      readonly kind: "answered";
      /** The participant whose turn has ended. */
      readonly speaker: string;
      readonly messages: readonly ChatMessage[];
      /** False when it failed and the team goes on without its answer. */
      readonly isOk: boolean;
    }
  /** The team's adviser has answered. */
  | { readonly kind: "advised"; readonly advice: JsonValue; readonly messages: readonly ChatMessage[] };

/** What a strategy may look at to choose who goes on. */
export interface SelectionInput {
  /** What the strategy returned last time; null at first. Survives runs. */
  readonly memory: JsonValue;
  /** Turns taken in this run. */
  readonly turns: number;
  /** True when the team has no turn left: strategies that `concludes` are asked once more. */
  readonly isLastCall: boolean;
  readonly news: SelectionNews;
  /** Names of those who take part at present, in the order of the definition. */
  readonly speakers: readonly string[];
  /** Names of those whose turn is under way: empty unless the strategy `schedulesEach`. */
  readonly working: readonly string[];
  readonly thread: List<ThreadItem>;
  /** Runs code of the user's once and journals its outcome: a resumed run gets the same. */
  step<T>(name: string, run: () => T | Promise<T>): Promise<T>;
}

/** What happens next: who speaks, a word with the adviser, or the end. `memory` is handed back next time. */
export type SpeakerSelection = { readonly memory: JsonValue } & (
  | {
      readonly kind: "speak";
      readonly speakers: readonly string[];
      /** Who or what decided, when it was a decision: then an event says so. */
      readonly by?: string | undefined;
    }
  /** Asks the team's adviser, which hears what is new and answers with `advice`. */
  | { readonly kind: "consult"; readonly question: JsonValue }
  /** Nobody is to start before one of those at work has answered. */
  | { readonly kind: "wait" }
  | { readonly kind: "stop"; readonly stop: { readonly kind: StopKind; readonly detail: string } }
);

/** How a team chooses its speakers. */
export interface SelectionStrategy {
  /**
   * Takes note of what has happened and returns the memory to go on with. Called for everything, also when the run ends with it, so that the
   * next run of the session knows. Pure.
   */
  observe?(memory: JsonValue, news: SelectionNews): JsonValue;
  /** Pure: decides from its input alone, because a resumed run asks again. */
  select(input: SelectionInput): SpeakerSelection | Promise<SpeakerSelection>;
  /** An agent of the team's own, which may call models: it is asked who goes on and takes its turns as every agent does. */
  readonly adviser?: AgentRole | undefined;
  /** True: asked after every answer, while others are still at work. Default: when all have answered. */
  readonly schedulesEach?: boolean | undefined;
  /** True: asked once more when the turns are used up, for a last word of the adviser. */
  readonly concludes?: boolean | undefined;
  /** Why the members cannot change during a run, when they cannot. */
  readonly fixedMembers?: string | undefined;
}

/** What a team does about a participant that failed. */
export type FailurePolicy = "fail" | "feed-back" | "retry" | "skip";

/** What a runner is inside: a team. A single agent that runs on its own is a team of one with one turn. */
export interface TeamRole extends SelectionStrategy {
  readonly kind: "team";
  readonly name: string;
  readonly participants: ReadonlyMap<string, Role>;
  /** Participants that take no part until they are added. */
  readonly reserves?: readonly string[] | undefined;
  /** What the team above hears: all that was said, or the last message. Default `all`. */
  readonly shares?: "all" | "last" | undefined;
  /** True: says who was selected in an event. */
  readonly emitsTeamEvents?: boolean | undefined;
  readonly termination: TerminationCondition | undefined;
  readonly maxTurns: number;
  readonly onError: FailurePolicy;
  /** What a run must be given. */
  readonly needs?: readonly ContextKey[] | undefined;
  /** Of a team with an output: how participants end the run with it. */
  readonly finish?: FinishTool | undefined;
  /** Decides about the calls of everybody below. */
  readonly policy?: OwnedPolicy | undefined;
}

/** What a runner is inside. */
export type Role = AgentRole | TeamRole;

/** A runner as others see it: something with a name that can take part in a team. */
export interface Participant {
  readonly name: string;
  readonly description: string;
  /** What it is inside: for teams and the runtime. */
  toRole(): Role;
}

/** The team of one that runs a single agent: one turn, then it has finished. */
export function soloTeam(agent: AgentRole): TeamRole {
  return {
    kind: "team",
    name: agent.name,
    participants: new Map([[agent.name, agent]]),
    termination: undefined,
    maxTurns: Number.POSITIVE_INFINITY,
    onError: "fail",
    select: ({ turns }) =>
      turns === 0
        ? { kind: "speak", speakers: [agent.name], memory: null }
        : { kind: "stop", stop: { kind: "finished", detail: `"${agent.name}" has answered` }, memory: null },
  };
}

/** The role at a path below a root. Undefined when the team has no such participant. */
export function roleAt(root: TeamRole, path: readonly string[]): Role | undefined {
  let role: Role | undefined = root;
  for (const name of path) role = role && memberOf(role, name);
  return role;
}

/** All that is directly below a role. */
export function membersOf(role: Role): readonly Role[] {
  if (role.kind === "agent") return [...(role.inner?.values() ?? [])];
  return role.adviser === undefined ? [...role.participants.values()] : [...role.participants.values(), role.adviser];
}

/** What decides about the calls of the agent at a path: the policies from the root to the agent, outermost first. */
export function policiesAt(root: TeamRole, path: readonly string[]): readonly OwnedPolicy[] {
  const policies = root.policy === undefined ? [] : [root.policy];
  let role: Role | undefined = root;
  for (const name of path) {
    role = role && memberOf(role, name);
    if (role?.policy !== undefined) policies.push(role.policy);
  }
  return policies;
}

/** How the agent at a path may end the run: that of the innermost team with an output, but not from inside another agent's turn. */
export function finishAt(root: TeamRole, path: readonly string[]): FinishTool | undefined {
  let finish = root.finish;
  let role: Role | undefined = root;
  for (const name of path) {
    if (role?.kind === "agent") finish = undefined;
    role = role && memberOf(role, name);
    if (role?.kind === "team" && role.finish !== undefined) finish = role.finish;
  }
  return finish;
}

/** All that a run of a role must be given. */
export function needsOf(role: Role): readonly ContextKey[] {
  const needs = [...(role.needs ?? []), ...membersOf(role).flatMap(needsOf)];
  return needs.filter((key, index) => needs.indexOf(key) === index);
}

/** True when somebody in a role may call a tool or run a program: with the result that a team asks for, everybody may. */
export function makesCalls(role: Role): boolean {
  const own = role.kind === "agent" ? role.makesCalls !== false : role.finish !== undefined;
  return own || membersOf(role).some(makesCalls);
}

/** Names of those below a role whose words come from people. */
export function peopleIn(role: Role): ReadonlySet<string> {
  const own = role.kind === "team" ? ["user"] : role.isPerson === true ? [role.name] : [];
  return new Set([...own, ...membersOf(role).flatMap((member) => [...peopleIn(member)])]);
}

/** The place of a team's adviser below the team: no participant can have this name. */
export function adviserName(adviser: AgentRole): string {
  return `~${adviser.name}`;
}

/** The place of one call of something that an agent runs inside its turns. Names have no `#`. */
export function callPlace(name: string, call: number): string {
  return `${name}#${call}`;
}

/** Who has a name below a role: a participant or the adviser of a team; what an agent runs inside its turns. */
export function memberOf(role: Role, name: string): Role | undefined {
  if (role.kind === "agent") return role.inner?.get(name.replace(/#\d+$/u, ""));
  const { adviser } = role;
  return adviser !== undefined && name === adviserName(adviser) ? adviser : role.participants.get(name);
}
