import type { EncodedError, JsonValue } from "../errors/index.ts";
import type { AgentId } from "../identity/index.ts";
import type { CellEvent } from "./events.ts";
import type { Mail, ReplyOutcome } from "./mail.ts";

/** A step's recorded end. */
export type StepRecordOutcome =
  | { readonly status: "done"; readonly value: JsonValue | undefined }
  | { readonly status: "failed"; readonly error: EncodedError }
  | { readonly status: "cancelled"; readonly reason: ControlRecord; readonly partial: JsonValue | undefined }
  | { readonly status: "unknown"; readonly reason: ControlRecord | undefined };

/** The recorded cause of a stop. */
export interface ControlRecord {
  readonly kind: "cancel" | "interrupt";
  readonly detail: JsonValue;
}

/** A wait's recorded end: an answer in its schema's input form, its deadline, or a stop. A timer ends by `elapsed`. */
export type WaitRecordOutcome =
  | { readonly status: "answered"; readonly answer: JsonValue }
  | { readonly status: "deadline" }
  | { readonly status: "elapsed" }
  | { readonly status: "cancelled"; readonly reason: ControlRecord };

/** What a record lets out: messages that leave, events that are shown, and how far each scope's output has got. */
export interface Flush {
  readonly sent?: readonly Mail[];
  readonly events?: readonly CellEvent[];
  /** Cumulative counts by scope, so that a replay drops what has left already; a count of 0 is left out. */
  readonly flushed?: readonly { readonly scope: string; readonly messages?: number; readonly events?: number }[];
}

/** A record that belongs to a turn in flight: its journal is exactly these, in log order. */
export type JournalRecord = Flush & { readonly at: number; readonly turn: string; readonly key: string } & (
    | { readonly kind: "step-claimed"; readonly claim: JsonValue | undefined }
    /** `lost`: executions that were claimed and never settled. */
    | { readonly kind: "step-settled"; readonly outcome: StepRecordOutcome; readonly lost?: number }
    | { readonly kind: "request-sent"; readonly mail: Mail }
    | { readonly kind: "request-settled"; readonly outcome: ReplyOutcome }
    | { readonly kind: "wait-opened"; readonly wait: WaitRecord }
    | { readonly kind: "wait-settled"; readonly outcome: WaitRecordOutcome }
  );

/** An open wait or timer as stored. */
export interface WaitRecord {
  readonly id: string;
  readonly name: string;
  readonly isTimer: boolean;
  /** Epoch milliseconds. */
  readonly deadline: number;
  readonly question: JsonValue | undefined;
}

/** What a turn did to one list. */
export interface ListChange {
  readonly name: string;
  /** True when `items` replace everything, false when they are appended. */
  readonly isReplaced: boolean;
  readonly items: readonly JsonValue[];
}

/** The one record in which a turn ends (C5). */
export interface TurnRecord extends Flush {
  readonly kind: "turn";
  readonly at: number;
  readonly turn: string;
  readonly agent: AgentId;
  readonly messageId: string;
  /** JSON text of the state, when it changed. */
  readonly state?: string;
  /** The definition's version of that state, above 1. */
  readonly version?: number;
  readonly lists?: readonly ListChange[];
  readonly isForgotten?: true;
  /** How the request ended; absent for events. */
  readonly reply?: ReplyOutcome;
  /** Why the message ended in the dead letters, for events and settlements. */
  readonly error?: EncodedError;
}

/** One entry of a cell's log. */
export type LogRecord =
  /** `from`: the source cell of a numbered message. */
  | { readonly kind: "received"; readonly at: number; readonly mail: Mail; readonly from?: string }
  /** Messages to other cells that have arrived there, by number. */
  | { readonly kind: "delivered"; readonly at: number; readonly numbers: readonly number[] }
  /** The cell was taken over from an owner that had died: what was in flight counts one more unclean death (C8). */
  | { readonly kind: "recovered"; readonly at: number }
  | JournalRecord
  | TurnRecord
  | {
      readonly kind: "control";
      readonly at: number;
      readonly runId: string;
      readonly action: "cancel" | "interrupt" | "pause" | "resume" | "restart";
      readonly detail: JsonValue;
      readonly path?: readonly string[];
      /** Of a restart: the turns that are run again from their start, whatever their journals say of the order (C26). */
      readonly turns?: readonly string[];
    }
  | { readonly kind: "restored"; readonly at: number; readonly agent: AgentId; readonly image: AgentImage };

/** An agent's committed state, as JSON text, and its lists. `state` is absent while it equals the initial one. */
export interface AgentImage {
  readonly state?: string;
  /** The definition's version of that state, above 1. */
  readonly version?: number;
  readonly lists: Readonly<Record<string, readonly JsonValue[]>>;
}
