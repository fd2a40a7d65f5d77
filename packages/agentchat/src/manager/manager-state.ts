import type { JsonValue } from "@troupe/core";
import type { Spent } from "../budget/spent.ts";
import type { ChatMessage } from "../message/chat-message.ts";
import type { StopKind } from "../message/stop-reason.ts";

/** Why a run is about to end. */
export interface Ending {
  readonly kind: StopKind;
  readonly condition?: string;
  readonly detail: string;
  readonly output?: JsonValue;
  /** Of a run that was cancelled: what the cancel said. For the teams above. */
  readonly cancelledWith?: JsonValue;
}

/** A speaker whose turn is under way, by tag. */
export interface OpenTurn {
  readonly speaker: string;
  readonly attempt: number;
  /** Length of the thread when it was asked: what it will have seen. */
  readonly heard: number;
  /** Of a nested team under a limit: turns that it may take. They are spoken for while it works. */
  readonly granted?: number;
  /** It was told to start anew. */
  readonly forgets?: true;
  /** What the adviser was asked. */
  readonly question?: JsonValue;
}

/** The run that a manager works on. JSON: it is the manager's state. */
export interface ActiveRun {
  /** Changes when the session is forked while the run goes on. */
  runId: string;
  readonly taskKey: string;
  readonly startedAt: number;
  /** Set in a nested team: who wants to know how it ended. */
  readonly parent?: { readonly tag: string; readonly wantsEvents: boolean; readonly turnsGranted?: number };
  /** Length of the thread before the run. */
  readonly threadStart: number;
  turns: number;
  /** Turns of speakers so far, those of nested teams and second tries included: what the budget counts. */
  turnsTaken: number;
  /** What models were paid for so far; absent while none was called. */
  spent?: readonly Spent[];
  condition: JsonValue;
  turnsUnderWay: Record<string, OpenTurn>;
  isStopping: boolean;
  interjected: ChatMessage[];
  /** Length of the thread when a tool last did something new: loops begin behind it. */
  newsAt?: number;
  ending?: Ending;
  failure?: { readonly error: JsonValue; readonly agentPath: readonly string[] };
}

/** What a manager keeps between its turns. */
export interface ManagerState {
  run: ActiveRun | null;
  /** The strategy's own memory; survives runs. */
  memory: JsonValue;
  /** How much of the thread each participant has heard. */
  heard: Record<string, number>;
  /** Participants that start anew with their next turn. */
  forgets?: readonly string[];
  /** Participants that take no part; absent while it is the definition's reserves. */
  absent?: readonly string[];
  /** The last runs, newest last, to tell a repeated run id from a new one. */
  recent: readonly { readonly runId: string; readonly taskKey: string }[];
}

/** Run ids that a manager remembers. */
const maxRecent = 32;

/** A manager that has not worked yet. */
export function createManagerState(): ManagerState {
  return { run: null, memory: null, heard: {}, recent: [] };
}

/** The list of recent runs with one more. */
export function remember(
  recent: ManagerState["recent"],
  run: { readonly runId: string; readonly taskKey: string },
): ManagerState["recent"] {
  return [...recent.slice(1 - maxRecent), { runId: run.runId, taskKey: run.taskKey }];
}
