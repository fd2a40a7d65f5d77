import type { JsonValue, List } from "@troupe/core";
import type { TerminationCondition } from "../condition/termination-condition.ts";
import type { ChatMessage, MessageDraft } from "../message/chat-message.ts";
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
  /** With an `error` end: the error as it was thrown. */
  readonly cause?: unknown;
}

/** The context of an agent whose types are not known here. */
export type ErasedContext = ChatAgentContext<JsonValue | undefined, ListSchemas>;

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
}

/** What a strategy may look at to choose who goes on. */
export interface SelectionInput {
  /** What the strategy returned last time; null at first. Survives runs. */
  readonly memory: JsonValue;
  /** Turns taken in this run. */
  readonly turns: number;
  readonly thread: List<ThreadItem>;
}

/** Who goes on, or why nobody does. */
export type SpeakerSelection =
  | { readonly kind: "speak"; readonly speakers: readonly string[]; readonly memory: JsonValue }
  | {
      readonly kind: "stop";
      readonly stop: { readonly kind: StopKind; readonly detail: string };
      readonly memory: JsonValue;
    };

/** What a team does about a participant that failed. */
export type FailurePolicy = "fail" | "feed-back" | "retry" | "skip";

/** What a runner is inside: a team. A single agent that runs on its own is a team of one with one turn. */
export interface TeamRole {
  readonly kind: "team";
  readonly name: string;
  readonly participants: ReadonlyMap<string, Role>;
  readonly termination: TerminationCondition | undefined;
  readonly maxTurns: number;
  readonly onError: FailurePolicy;
  /** Pure: decides from its input alone. */
  select(input: SelectionInput): SpeakerSelection | Promise<SpeakerSelection>;
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
  for (const name of path) role = role?.kind === "team" ? role.participants.get(name) : undefined;
  return role;
}
