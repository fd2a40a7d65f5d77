import type { CodeBlock, CodeExecutor, CodeResult } from "@troupe/llm";
import type { AgentTurn } from "./agent-turn.ts";
import type { CodeCall } from "./chat-agent-context.ts";

/** Runs a program as one journaled step, within the budget for tool calls; output is shown as it is printed. */
export async function runCode(
  turn: AgentTurn,
  { executor, blocks, timeoutMs, idempotent }: CodeCall,
): Promise<CodeResult> {
  turn.report({ kind: "code-started", blocks });
  const result = await turn.step(
    "code",
    (step) => execute(turn, { executor, blocks, timeoutMs, signal: step.signal }),
    {
      idempotent: idempotent === true,
    },
  );
  const { exitCode, output, truncated, durationMs } = result;
  turn.report({ kind: "code-finished", exitCode, output, isTruncated: truncated, durationMs: Math.round(durationMs) });
  return result;
}

interface Execution {
  readonly executor: CodeExecutor;
  readonly blocks: readonly CodeBlock[];
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
}

async function execute(turn: AgentTurn, { executor, blocks, timeoutMs, signal }: Execution): Promise<CodeResult> {
  const settle = turn.resources.ledger.reserveToolCall();
  try {
    const onOutput = (text: string): void => turn.report({ kind: "code-output", text });
    return await executor.execute(blocks, { timeoutMs, signal, onOutput });
  } finally {
    settle();
  }
}
