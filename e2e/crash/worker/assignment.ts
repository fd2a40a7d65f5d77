import type { DurableRunEvent, RunResult } from "@troupe/agentchat";
import type { CellMemory } from "../scenario/cell-agents.ts";

/** Where a worker keeps what it does. */
export type StoreAddress =
  /** Forgets everything with its process: what a campaign must find out. */
  | { readonly kind: "memory" }
  | { readonly kind: "sqlite"; readonly path: string }
  | {
      readonly kind: "postgres";
      readonly connectionString: string;
      readonly schema: string;
      /** Milliseconds of silence after which an owner is dead; default 15,000. */
      readonly leaseMs?: number | undefined;
    };

/** At which of its own writes a worker kills itself: before the store hears of it, while it is under way, after it is durable. */
export interface WriteKill {
  readonly at: "write-before" | "write-during" | "write-after";
  /** From 1, in this process. */
  readonly number: number;
}

/** How a process comes to a run: as its first program, by the same program again, by recovery, or by attaching. */
export type Entrance = "run" | "recover" | "attach";

/** What a worker process is to do. */
export type Assignment = {
  readonly runId: string;
  readonly store: StoreAddress;
  readonly outsideUrl: string;
  /** Under which the world outside knows the process and those that follow it. */
  readonly lane: string;
  readonly kill: WriteKill | undefined;
} & (
  | { readonly kind: "team"; readonly scenario: string; readonly durability: "step" | "turn" }
  | {
      readonly kind: "cells";
      /** Hubs and accounts that the process sends to. */
      readonly keys: readonly string[];
      /** Numbers to send in all. */
      readonly count: number;
      /** Waits until everything is settled and says what all agents remember. */
      readonly isReading: boolean;
    }
);

/** Orders to a worker: first what to do, whereupon it opens its store and its runtime; then to do it. */
export type Order =
  | { readonly kind: "prepare"; readonly assignment: Assignment }
  | { readonly kind: "go"; readonly start: Start };

/** What is only known when a process is told to begin. */
export interface Start {
  readonly entrance: Entrance;
  /** First numbers that were not acknowledged yet, by sender. */
  readonly from: Readonly<Record<string, number>>;
}

/** What a worker says, one line of JSON each. Lines are written at once: they outlive the process that wrote them. */
export type ReportLine =
  | { readonly kind: "prepared" }
  /** The process is about to kill itself. */
  | { readonly kind: "dying"; readonly write: number }
  | { readonly kind: "event"; readonly event: DurableRunEvent }
  | { readonly kind: "acknowledged"; readonly sender: string; readonly number: number; readonly reply?: number }
  | {
      readonly kind: "finished";
      readonly result: Pick<RunResult<unknown>, "messages" | "stopReason" | "text" | "usage">;
    }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  | { readonly kind: "memories"; readonly memories: Readonly<Record<string, CellMemory | null>> }
  /** What the runtime's error port heard. */
  | { readonly kind: "fault"; readonly message: string }
  /** Everything is closed; `writes` is how often it wrote. */
  | { readonly kind: "closed"; readonly writes: number };
