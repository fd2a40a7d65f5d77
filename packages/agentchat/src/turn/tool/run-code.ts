import { type ControlReason, StateError, type StepContext, TroupeError } from "@troupe/core";
import type { CodeResult } from "@troupe/llm";
import { toolKey } from "../../budget/recorded-spending.ts";
import { oneCall } from "../../budget/run-ledger.ts";
import { clearProgram } from "../../guard/policy/clear-program.ts";
import type { AgentTurn } from "../agent-turn.ts";
import type { CodeCall } from "../chat-agent-context.ts";

/** What the step of a program records. */
interface RecordedRun {
  readonly result: CodeResult;
  /** Executions before this one that died with their process. */
  readonly lost: number;
}

/**
 * Runs a program as one journaled step, within the budget for tool calls, when the policies allow it; output is shown as it is printed.
 *
 * @throws StateError `state.step_cancelled`; whatever the executor throws.
 */
export async function runCode(turn: AgentTurn, call: CodeCall): Promise<CodeResult> {
  const cleared = await clearProgram(turn, call.blocks);
  switch (cleared.kind) {
    case "cleared":
      return runCleared(turn, { ...call, blocks: cleared.blocks });
    case "stopped":
      throw stopped(cleared.reason);
    case "denied": {
      turn.report({
        kind: "code-finished",
        exitCode: 1,
        output: cleared.why,
        isTruncated: false,
        durationMs: 0,
        executions: 0,
      });
      return { exitCode: 1, output: cleared.why, truncated: false, durationMs: 0 };
    }
  }
}

function stopped(reason: ControlReason): StateError {
  return new StateError("state.step_cancelled", `The program was stopped (${reason.kind}) before it ran`, {
    remedy: "Run the task again.",
    details: { ...reason },
  });
}

async function runCleared(turn: AgentTurn, call: CodeCall): Promise<CodeResult> {
  const place = call.attempt === undefined ? {} : { attempt: call.attempt };
  turn.report({ kind: "code-started", blocks: call.blocks, ...place });
  const { result, lost } = await runOnce(turn, call);
  const { exitCode, output, truncated, durationMs } = result;
  turn.report({
    kind: "code-finished",
    ...place,
    exitCode,
    output,
    isTruncated: truncated,
    durationMs: Math.round(durationMs),
    ...(lost > 0 && { executions: lost + 1 }),
  });
  return result;
}

/** A program whose process died over it is not run again: what is known of it are these words (C28). */
const lostRun: RecordedRun = {
  lost: 0,
  result: {
    exitCode: 1,
    output: "The process died while this program ran: it may or may not have taken effect, and was not run again.",
    truncated: false,
    durationMs: 0,
  },
};

async function runOnce(turn: AgentTurn, call: CodeCall): Promise<RecordedRun> {
  const options = { idempotent: call.idempotent === true, claim: oneCall };
  try {
    return await turn.step("code", (step) => execute(turn, call, step), options);
  } catch (error) {
    const isLost = TroupeError.isTroupeError(error) && error.code === "state.step_unknown";
    if (isLost && error.details?.["stopped"] === null) return lostRun;
    throw error;
  }
}

async function execute(turn: AgentTurn, call: CodeCall, { signal, lost }: StepContext): Promise<RecordedRun> {
  const { executor, blocks, timeoutMs } = call;
  // A program has no id: the record shows it as begun exactly when a process has died over it.
  turn.resources.ledger.reserveToolCall(lost, lost > 0 ? toolKey(turn.path, "") : undefined);
  const onOutput = (text: string): void => turn.report({ kind: "code-output", text });
  return { result: await executor.execute(blocks, { timeoutMs, signal, onOutput }), lost };
}
