import type { StepContext } from "@troupe/core";
import type { CodeResult } from "@troupe/llm";
import { toolKey } from "../budget/recorded-spending.ts";
import { oneCall } from "../budget/run-ledger.ts";
import type { AgentTurn } from "./agent-turn.ts";
import type { CodeCall } from "./chat-agent-context.ts";

/** What the step of a program records. */
interface RecordedRun {
  readonly result: CodeResult;
  /** Executions before this one that died with their process. */
  readonly lost: number;
}

/** Runs a program as one journaled step, within the budget for tool calls; output is shown as it is printed. */
export async function runCode(turn: AgentTurn, call: CodeCall): Promise<CodeResult> {
  turn.report({ kind: "code-started", blocks: call.blocks });
  const { result, lost } = await turn.step("code", (step) => execute(turn, call, step), {
    idempotent: call.idempotent === true,
    claim: oneCall,
  });
  const { exitCode, output, truncated, durationMs } = result;
  turn.report({
    kind: "code-finished",
    exitCode,
    output,
    isTruncated: truncated,
    durationMs: Math.round(durationMs),
    ...(lost > 0 && { executions: lost + 1 }),
  });
  return result;
}

async function execute(turn: AgentTurn, call: CodeCall, { signal, lost }: StepContext): Promise<RecordedRun> {
  const { executor, blocks, timeoutMs } = call;
  // A program has no id: the record shows it as begun exactly when a process has died over it.
  turn.resources.ledger.reserveToolCall(lost, lost > 0 ? toolKey(turn.path, "") : undefined);
  const onOutput = (text: string): void => turn.report({ kind: "code-output", text });
  return { result: await executor.execute(blocks, { timeoutMs, signal, onOutput }), lost };
}
