import type { EncodedError, JsonValue } from "@troupe/core";
import type { TurnEnd } from "../turn/protocol.ts";
import { cancelledBy, cancellingCondition, describeDetail } from "../turn/turn-end.ts";
import type { ActiveRun, Ending } from "./manager-state.ts";

/** The ending of a run whose speaker was cancelled: by a guard, or by whoever runs it. */
export function cancelled(end: TurnEnd): Ending {
  const cancelledWith: JsonValue = "detail" in end ? end.detail : null;
  const detail = describeDetail(cancelledWith);
  switch (cancelledBy(cancelledWith)) {
    case "budget":
      return { kind: "budget", detail, cancelledWith };
    case "stall":
      return { kind: "stalled", detail, cancelledWith };
    case "deadline":
      return { kind: "condition", condition: cancellingCondition(cancelledWith), detail, cancelledWith };
    default:
      return { kind: "cancelled", detail, cancelledWith };
  }
}

/** The ending of a run whose speaker was ended by a guard. */
export function limited({ detail, stop = "budget" }: Extract<TurnEnd, { readonly status: "limited" }>): Ending {
  return { kind: stop, detail };
}

/** How a nested team's part of a run ended, for the team above. */
export function nestedEnd(run: ActiveRun): TurnEnd {
  if (run.failure !== undefined) {
    // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: written by encodeError in the manager
    return { status: "error", error: run.failure.error as unknown as EncodedError, agentPath: run.failure.agentPath };
  }
  if (run.ending?.cancelledWith !== undefined) return { status: "cancelled", detail: run.ending.cancelledWith };
  const { kind, detail } = run.ending ?? { kind: "finished", detail: "" };
  if (kind === "budget") return { status: "limited", detail };
  return kind === "loop" ? { status: "limited", detail, stop: kind } : { status: "ok" };
}
