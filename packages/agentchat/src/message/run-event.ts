import type { CellEvent, EncodedError, JsonValue, LiveEvent } from "@troupe/core";
import type { UsageLedger } from "@troupe/llm";
import type { AgentEvent, LiveAgentEvent } from "./agent-event.ts";
import type { ChatMessage } from "./chat-message.ts";
import type { Question } from "./question.ts";
import type { StopKind } from "./stop-reason.ts";

/** What the manager of a run records about it. */
export type ManagerEvent =
  /** `taskKey` tells one task from another. */
  | { readonly kind: "run-started"; readonly runner: string; readonly taskKey?: string; readonly version?: string }
  | { readonly kind: "message"; readonly message: ChatMessage }
  | { readonly kind: "speaker-failed"; readonly speaker: string; readonly error: EncodedError; readonly policy: string }
  /** Who speaks next, and who or what decided; where nothing had to be decided only with `emitTeamEvents`. */
  | { readonly kind: "speaker-selected"; readonly speakers: readonly string[]; readonly by: string }
  /** Somebody takes part from now on, or no more. */
  | {
      readonly kind: "members-changed";
      readonly name: string;
      readonly isMember: boolean;
      readonly members: readonly string[];
    }
  | { readonly kind: "question-asked"; readonly question: Question }
  | { readonly kind: "question-answered"; readonly questionId: string }
  | {
      readonly kind: "run-finished";
      readonly stopReason: { readonly kind: StopKind; readonly condition?: string; readonly detail: string };
      readonly output?: JsonValue;
      readonly usage: UsageLedger;
    }
  | {
      readonly kind: "run-failed";
      readonly error: EncodedError;
      readonly agentPath: readonly string[];
      readonly usage: UsageLedger;
    };

/** Where an event stands. */
export interface EventPlace {
  readonly runId: string;
  /** Numbers durable events from 1 without gaps; a live event has the number of the durable event it followed. */
  readonly sequence: number;
  /** Who it is about, outermost first; empty for the run itself. */
  readonly path: readonly string[];
}

/** One thing that happened in a run. Durable events are numbered and stay; live ones are for whoever watches. */
export type RunEvent = EventPlace &
  (
    | ((AgentEvent | ManagerEvent) & { readonly isLive: false; readonly at: number })
    | (LiveAgentEvent & { readonly isLive: true })
  );

/** A durable event of a run. */
export type DurableRunEvent = Extract<RunEvent, { readonly isLive: false }>;

/** The event as programs see it: its payload beside its place. The manager and the agents of this package made the payload. */
export function toRunEvent(event: CellEvent | LiveEvent): RunEvent {
  const { runId, path, kind } = event;
  const payload: unknown = event.payload;
  const place = event.live
    ? { runId, path, kind, isLive: true, sequence: event.after }
    : { runId, path, kind, isLive: false, sequence: event.sequence, at: event.at };
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: kind and payload were written together
  return { ...(payload as object), ...place } as RunEvent;
}
