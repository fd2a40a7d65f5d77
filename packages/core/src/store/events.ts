import type { JsonValue } from "../errors/index.ts";

/** A durable event as stored and shown (C20). `sequence` counts from 1 without gaps within `runId`. */
export interface CellEvent {
  /** Never set: tells a durable event from a live one without a byte in the store. */
  readonly live?: false;
  readonly runId: string;
  readonly sequence: number;
  readonly path: readonly string[];
  readonly kind: string;
  readonly payload: JsonValue;
  /** Epoch milliseconds of the commit. */
  readonly at: number;
  /** Set on the last event of a run: how it ended. */
  readonly end?: string;
}

/** Shown only to whoever watches: deltas and progress (C20). `after` is the last durable number of its run. */
export interface LiveEvent {
  readonly live: true;
  readonly runId: string;
  readonly after: number;
  readonly path: readonly string[];
  readonly kind: string;
  readonly payload: JsonValue;
}
