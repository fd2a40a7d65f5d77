import { trustType } from "../../agent/index.ts";
import { encodeError, type JsonValue, toError } from "../../errors/index.ts";
import type { OwnerCall, ReplyOutcome } from "../../store/index.ts";
import type { ControlAction } from "../agent-runtime.ts";
import type { Cell } from "../cell/cell.ts";
import { controlRun } from "../run/control-run.ts";
import type { Engine } from "../engine.ts";

/** Does for another process what only the owner of a cell can do. */
export async function answerCall(engine: Engine, cell: Cell, call: OwnerCall): Promise<ReplyOutcome> {
  try {
    if (call.kind === "respond") await engine.waits.respond(call.waitId, call.answer);
    else await controlRun(engine, { cell, runId: call.runId }, parseAction(call.action));
    return { status: "replied", body: null };
  } catch (error) {
    return { status: "failed", error: encodeError(toError(error)) };
  }
}

/** The action as its caller, this package in another process, has encoded it. */
function parseAction(action: JsonValue): ControlAction {
  return trustType<ControlAction>(action);
}
