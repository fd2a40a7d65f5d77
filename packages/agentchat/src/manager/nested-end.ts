import type { EncodedError, JsonValue } from "@troupe/core";
import type { TurnEnd } from "../turn/protocol.ts";
import { cancelledBy, describeDetail } from "../turn/turn-end.ts";
import type { ActiveRun, Ending } from "./manager-state.ts";

/** The ending of a run whose speaker was cancelled: by a limit, or by whoever runs it. */
export function cancelled(end: TurnEnd): Ending {
  const detail: JsonValue = "detail" in end ? end.detail : null;
  return { kind: cancelledBy(detail) === "budget" ? "budget" : "cancelled", detail: describeDetail(detail) };
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
  if (run.ending?.kind === "cancelled") return { status: "cancelled", detail: run.ending.detail };
  const { kind, detail } = run.ending ?? { kind: "finished", detail: "" };
  if (kind === "budget") return { status: "limited", detail };
  return kind === "loop" || kind === "stalled" ? { status: "limited", detail, stop: kind } : { status: "ok" };
}
