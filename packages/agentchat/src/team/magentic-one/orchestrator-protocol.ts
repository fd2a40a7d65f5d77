import type { JsonValue } from "@troupe/core";
import { asJson, fieldsOf, stringsOf } from "../../message/as-json.ts";
import { type StopKind, stopKinds } from "../../message/stop-reason.ts";

/** What the team asks its orchestrator. */
export type OrchestratorQuestion =
  /** Facts and a plan for a request: a new one, or the same after the work has stalled. */
  | { readonly kind: "plan"; readonly isReplan: boolean }
  /** How the work goes, and who is next. */
  | {
      readonly kind: "judge";
      readonly speakers: readonly string[];
      readonly last: string | null;
      readonly stalls: number;
    }
  /** The final answer. */
  | { readonly kind: "conclude"; readonly stop: { readonly kind: StopKind; readonly detail: string } };

/** What it answers. */
export type OrchestratorAdvice =
  | { readonly kind: "planned" }
  | { readonly kind: "next"; readonly speaker: string; readonly stalls: number }
  | { readonly kind: "satisfied"; readonly reason: string }
  | { readonly kind: "stalled"; readonly reason: string }
  | { readonly kind: "concluded"; readonly stop: { readonly kind: StopKind; readonly detail: string } };

/** A question or an advice as the store keeps it: both are plain JSON. */
export function encode(value: OrchestratorQuestion | OrchestratorAdvice): JsonValue {
  return asJson(value);
}

/** @throws Error for anything that the team did not write. */
export function readQuestion(value: JsonValue | undefined): OrchestratorQuestion {
  const { kind, isReplan, speakers, last, stalls, stop } = fieldsOf(value);
  switch (kind) {
    case "plan":
      return { kind, isReplan: isReplan === true };
    case "judge":
      return { kind, speakers: stringsOf(speakers), last: readText(last), stalls: readNumber(stalls) };
    case "conclude":
      return { kind, stop: readStop(stop) };
    default:
      throw new Error(`the orchestrator was asked ${JSON.stringify(value)}`);
  }
}

/** @throws Error for anything that the orchestrator did not write. */
export function readAdvice(value: JsonValue): OrchestratorAdvice {
  const { kind, speaker, stalls, reason, stop } = fieldsOf(value);
  switch (kind) {
    case "planned":
      return { kind };
    case "next":
      return { kind, speaker: readText(speaker) ?? "", stalls: readNumber(stalls) };
    case "satisfied":
    case "stalled":
      return { kind, reason: readText(reason) ?? "" };
    case "concluded":
      return { kind, stop: readStop(stop) };
    default:
      throw new Error(`the orchestrator advised ${JSON.stringify(value)}`);
  }
}

function readText(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function readNumber(value: JsonValue | undefined): number {
  return typeof value === "number" ? value : 0;
}

function readStop(value: JsonValue | undefined): { readonly kind: StopKind; readonly detail: string } {
  const { kind, detail } = fieldsOf(value);
  return { kind: stopKinds.find((known) => known === kind) ?? "finished", detail: readText(detail) ?? "" };
}
