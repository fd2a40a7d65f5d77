import { type ControlReason, encodeError, type JsonValue, TroupeError } from "@troupe/core";
import { fieldsOf } from "../message/as-json.ts";
import type { TurnEnd } from "./protocol.ts";
import type { AgentReply } from "./role.ts";

/** The end of a turn whose step or wait was stopped from outside. */
export function stoppedEnd(reason: ControlReason): TurnEnd {
  return { status: reason.kind === "interrupt" ? "interrupted" : "cancelled", detail: reason.detail };
}

/**
 * The end of a turn that an error ended on purpose: a stopped step, a budget that is spent, a loop. Undefined for real faults.
 *
 * The codes are the core's (`state.step_cancelled` with `kind` and `detail`) and this package's ledger's.
 */
export function endOf(error: unknown): TurnEnd | undefined {
  if (!TroupeError.isTroupeError(error)) return undefined;
  if (error.code === "run.budget_exceeded") return { status: "limited", detail: error.message };
  if (error.code === "run.loop") return { status: "limited", detail: error.message, stop: "loop" };
  if (error.code !== "state.step_cancelled") return undefined;
  const { kind, detail } = error.details ?? {};
  return { status: kind === "interrupt" ? "interrupted" : "cancelled", detail: detail ?? null };
}

/** The end of a turn that an error ended: on purpose, or as a fault of whoever works at `agentPath`. */
export function endByError(error: unknown, agentPath: readonly string[]): TurnEnd {
  return endOf(error) ?? { status: "error", error: encodeError(error), agentPath };
}

/** The reply of an agent that an error left without anything to say. */
export function replyByError(error: Error, agentPath: readonly string[]): AgentReply {
  return { message: undefined, end: endByError(error, agentPath), cause: error };
}

/** What a cancelled run was told, in words. */
export function describeDetail(detail: JsonValue): string {
  if (typeof detail === "string") return detail;
  const { text } = fieldsOf(detail);
  return typeof text === "string" ? text : "The run was cancelled";
}

/** The condition whose time was over, of a cancel by `deadline`. */
export function cancellingCondition(detail: JsonValue): string {
  const { condition } = fieldsOf(detail);
  return typeof condition === "string" ? condition : "TimeoutTermination";
}

/** Who cancelled: `budget`, `stall` and `deadline` when a guard did. */
export function cancelledBy(detail: JsonValue): string | undefined {
  const { by } = fieldsOf(detail);
  return typeof by === "string" ? by : undefined;
}
