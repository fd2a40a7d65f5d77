import {
  type AgentContext,
  defineEvent,
  defineRequest,
  type EncodedError,
  type EventType,
  type JsonValue,
  type RequestType,
} from "@troupe/core";
import type { ModelMessage } from "@troupe/llm";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Spent } from "../budget/spent.ts";
import type { AgentEvent } from "../message/agent-event.ts";
import type { ChatMessage, MessageDraft } from "../message/chat-message.ts";
import type { StopKind } from "../message/stop-reason.ts";
import { trustedSchema } from "../message/trusted-schema.ts";

/** How a turn ended. Only `ok` means that the speaker said all it wanted to say. */
export type TurnEnd =
  | { readonly status: "ok" }
  | { readonly status: "cancelled" | "interrupted"; readonly detail: JsonValue }
  /** A guard ended it: the budget, unless `stop` names another. */
  | { readonly status: "limited"; readonly detail: string; readonly stop?: StopKind }
  | { readonly status: "error"; readonly error: EncodedError; readonly agentPath: readonly string[] };

/** What a speaker answers to its manager. */
export interface TurnReply {
  readonly end: TurnEnd;
  /** What everybody hears: one message of an agent, several of a nested team, none of a speaker that was stopped early. */
  readonly messages: readonly ChatMessage[];
  /** What the speaker did on the way; only when asked for. */
  readonly events: readonly SourcedEvent[];
  /** Set when the turn threw: nothing of it was kept, and its speaker has heard nothing. */
  readonly isUndone?: true;
  /** Set when a `finish` call ended the run. */
  readonly finished?: { readonly data: JsonValue };
  /** What the models were paid for on the way; absent when none was called. */
  readonly spent?: readonly Spent[];
  /** A tool did something on the way that it had not done before: the team does not go round in circles. */
  readonly hasProgressed?: true;
  /** Of a nested team: turns that its speakers took. */
  readonly turnsTaken?: number;
  /** Of a team's adviser: its answer. */
  readonly advice?: JsonValue;
  /** Of a team's adviser: participants start anew, with `messages` as the first that they hear. */
  readonly restarts?: true;
}

/** Asks a speaker for its turn. */
export interface TakeTurnPayload {
  /** What was said since the speaker's last turn, by others. */
  readonly messages: readonly ChatMessage[];
  readonly wantsEvents: boolean;
  /** The speaker starts anew: what it knows of the session goes before it hears `messages`. */
  readonly forgets?: true;
  /** What a team asks its adviser. */
  readonly question?: JsonValue;
  /** The speaker forgets everything with the end of this turn: a call of an agent or team that starts anew each time. */
  readonly isOnce?: true;
}

/** Starts a run in a session. */
export interface StartRunPayload {
  readonly runId: string;
  /** The task as text, to tell one from another. */
  readonly taskKey: string;
  readonly messages: readonly MessageDraft[];
}

/** `attached`: the run was there already, with the same task. */
export type StartRunReply = {
  readonly status: "started" | "attached" | "busy" | "taken";
  readonly activeRun: string | null;
};

/** Starts a nested team's part of a run. */
export interface StartTeamPayload extends TakeTurnPayload {
  readonly tag: string;
  /** Turns that its speakers may take; absent when nothing limits them. */
  readonly turnsGranted?: number;
}

/** Tells the manager above that a nested team is done. */
export interface TeamEndedPayload {
  readonly tag: string;
  readonly reply: TurnReply;
}

/** To a manager: begin a run. */
export const StartRun: RequestType<"TroupeStartRun", StartRunPayload, StartRunPayload, StartRunReply, StartRunReply> =
  defineRequest("TroupeStartRun", trustedSchema<StartRunPayload>(), trustedSchema<StartRunReply>());

/** To a manager: end the run after the current speaker. */
export const StopRun: EventType<"TroupeStopRun", { runId: string }, { runId: string }> = defineEvent(
  "TroupeStopRun",
  trustedSchema<{ runId: string }>(),
);

/** To the manager of a forked session: the run goes on under another id. */
export const RenameRun: EventType<"TroupeRenameRun", RenameRunPayload, RenameRunPayload> = defineEvent(
  "TroupeRenameRun",
  trustedSchema<RenameRunPayload>(),
);

/** The ids of a run before and after a fork. */
export interface RenameRunPayload {
  readonly from: string;
  readonly to: string;
}

/** To a manager: say this to everybody when the current turn has ended. */
export const Interject: EventType<"TroupeInterject", InterjectPayload, InterjectPayload> = defineEvent(
  "TroupeInterject",
  trustedSchema<InterjectPayload>(),
);

/** What is said from outside while a run goes on. */
export interface InterjectPayload {
  readonly runId: string;
  readonly messages: readonly MessageDraft[];
}

/** To the manager of a team that an agent runs inside its turn: the whole run, in one turn. */
export const RunTeam: RequestType<"TroupeRunTeam", TakeTurnPayload, TakeTurnPayload, TurnReply, TurnReply> =
  defineRequest("TroupeRunTeam", trustedSchema<TakeTurnPayload>(), trustedSchema<TurnReply>());

/** To a manager: a participant takes part from now on, or no more. */
export const ChangeMembers: RequestType<
  "TroupeChangeMembers",
  ChangeMembersPayload,
  ChangeMembersPayload,
  ChangeMembersReply,
  ChangeMembersReply
> = defineRequest("TroupeChangeMembers", trustedSchema<ChangeMembersPayload>(), trustedSchema<ChangeMembersReply>());

/** Who comes or goes. */
export interface ChangeMembersPayload {
  readonly name: string;
  readonly isMember: boolean;
}

/** What became of it. */
export type ChangeMembersReply =
  | { readonly status: "changed"; readonly members: readonly string[] }
  /** It is so already. */
  | { readonly status: "unchanged" }
  | { readonly status: "unknown"; readonly members: readonly string[] }
  /** Nobody would be left. */
  | { readonly status: "last" }
  | { readonly status: "fixed"; readonly why: string };

/** To a speaker: it is your turn. */
export const TakeTurn: RequestType<"TroupeTakeTurn", TakeTurnPayload, TakeTurnPayload, TurnReply, TurnReply> =
  defineRequest("TroupeTakeTurn", trustedSchema<TakeTurnPayload>(), trustedSchema<TurnReply>());

/** To the manager of a nested team: it is your team's turn. */
export const StartTeam: EventType<"TroupeStartTeam", StartTeamPayload, StartTeamPayload> = defineEvent(
  "TroupeStartTeam",
  trustedSchema<StartTeamPayload>(),
);

/** To the manager above: the nested team has ended. */
export const TeamEnded: EventType<"TroupeTeamEnded", TeamEndedPayload, TeamEndedPayload> = defineEvent(
  "TroupeTeamEnded",
  trustedSchema<TeamEndedPayload>(),
);

/** A message in a team's thread, with the participant that brought it (empty for the task). */
export interface ThreadItem {
  readonly by: string;
  readonly message: ChatMessage;
}

/** What a speaker did on the way, with its name. */
export type SourcedEvent = AgentEvent & { readonly source: string };

/** The lists of every actor in a session's cell: managers use `thread` and, for the team above, `events`; agents `history`. */
export type CellLists = {
  readonly thread: StandardSchemaV1<ThreadItem, ThreadItem>;
  readonly history: StandardSchemaV1<ModelMessage, ModelMessage>;
  readonly events: StandardSchemaV1<SourcedEvent, SourcedEvent>;
};

/** The schemas of those lists. */
export const cellLists: CellLists = {
  thread: trustedSchema<ThreadItem>(),
  history: trustedSchema<ModelMessage>(),
  events: trustedSchema<SourcedEvent>(),
};

/** The state of every actor in a session's cell; each uses its own part. */
export interface CellState {
  /** A custom agent's own state. */
  agent?: JsonValue;
  manager?: JsonValue;
}

/** What the handlers of this package get from the core. */
export type CellContext = AgentContext<CellState, CellLists>;
