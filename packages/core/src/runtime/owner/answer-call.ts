import { trustType } from "../../agent/index.ts";
import { encodeError, type JsonValue, toError } from "../../errors/index.ts";
import { formatAgentId } from "../../identity/index.ts";
import { freezeJson, type OwnerCall, type ReplyOutcome } from "../../store/index.ts";
import type { ControlAction } from "../agent-runtime.ts";
import { readSnapshot } from "../cell/agent-snapshots.ts";
import type { Cell } from "../cell/cell.ts";
import { controlRun } from "../run/control-run.ts";
import type { Engine } from "../engine.ts";

/** Does for another process what only the owner of a cell can do. */
export async function answerCall(engine: Engine, cell: Cell, call: OwnerCall): Promise<ReplyOutcome> {
  try {
    return { status: "replied", body: await answer(engine, cell, call) };
  } catch (error) {
    return { status: "failed", error: encodeError(toError(error)) };
  }
}

async function answer(engine: Engine, cell: Cell, call: OwnerCall): Promise<JsonValue> {
  switch (call.kind) {
    case "respond":
      await engine.waits.respond(call.waitId, call.answer);
      return null;
    case "control":
      await controlRun(engine, { cell, runId: call.runId }, parseAction(call.action));
      return null;
    case "snapshot":
      return freezeJson((await readSnapshot(engine, call.agent)) ?? null, `state of "${formatAgentId(call.agent)}"`);
  }
}

/** The action as its caller, this package in another process, has encoded it. */
function parseAction(action: JsonValue): ControlAction {
  return trustType<ControlAction>(action);
}
