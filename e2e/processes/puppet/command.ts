import type { Question } from "@troupe/agentchat";
import type { StoreAddress } from "../../crash/worker/assignment.ts";

/** What a test has a process do. */
export type Command =
  /** Always the first. */
  | {
      readonly kind: "open";
      readonly store: StoreAddress;
      readonly outsideUrl: string;
      readonly scenario: string;
      readonly runId: string;
      readonly lane: string;
    }
  | { readonly kind: "run" }
  | { readonly kind: "attach" }
  | { readonly kind: "recover" }
  /** The next rest, or the end. */
  | { readonly kind: "result" }
  | { readonly kind: "pending" }
  | { readonly kind: "respond"; readonly questionId: string; readonly answer: unknown }
  /** All durable events to the end of the run. */
  | { readonly kind: "events" }
  /** Reads the run as server-sent events, leaving after so many; reports what came as text. */
  | { readonly kind: "stream"; readonly lastEventId: string | null; readonly leaveAfter: number }
  | { readonly kind: "close" };

/** What came of a command. */
export type Outcome =
  | { readonly status: "done"; readonly value: unknown }
  | { readonly status: "failed"; readonly code: string; readonly message: string };

/** A rest or the end of a run. */
export interface ResultValue {
  readonly stop: string;
  readonly text: string;
  readonly questions: readonly Question[];
  readonly messages: readonly string[];
}

/** A command on its way to a process, and its outcome on the way back. */
export interface Ordered {
  readonly id: number;
  readonly command: Command;
}

/** See `Ordered`. */
export interface Answered {
  readonly id: number;
  readonly outcome: Outcome;
}
