import type { CodeBlock, CodeExecutionOptions, CodeExecutor, CodeResult } from "@troupe/llm";

/** One run of a program, as the screen and the run page show it. */
export interface SandboxRun {
  /** Whose turn ran it, and who wrote it. */
  readonly by: string;
  readonly author: string;
  readonly code: string;
  readonly output: string;
  readonly exitCode: number;
  readonly durationMs: number;
}

/** What a program tried that it must not, and what the sandbox said. */
export interface Refusal {
  readonly attempt: string;
  readonly answer: string;
  readonly isRefused: boolean;
}

/** Programs that reach for the host: a module of Node, and the network. */
const attempts = ['require("node:fs").readdirSync("/")', 'await fetch("https://example.com/")'];

/**
 * Lends one executor to several speakers: each gets the data file, and every run is reported with the speaker's name.
 *
 * It does not own the executor: whoever made it closes it.
 */
export function lendExecutor(executor: CodeExecutor, loan: Loan): CodeExecutor {
  return {
    kind: "code-executor",
    name: executor.name,
    languages: executor.languages,
    execute: async (blocks, options = {}) =>
      reportRun(loan, blocks, await executor.execute(blocks, withFiles(loan, options))),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** To whom an executor is lent, with which files, and who hears of its runs. */
export interface Loan {
  readonly by: string;
  readonly author: string;
  readonly files: Readonly<Record<string, string>>;
  readonly onRun: (run: SandboxRun) => void;
}

/**
 * Lets programs reach for the host, to show that the sandbox refuses.
 *
 * @throws CodeExecutionError when the sandbox itself is broken; the signal's reason after an abort.
 */
export async function probeSandbox(executor: CodeExecutor, signal?: AbortSignal): Promise<readonly Refusal[]> {
  const refusals: Refusal[] = [];
  for (const attempt of attempts) {
    const result = await executor.execute([{ code: attempt, language: "javascript" }], { signal });
    refusals.push({ attempt, answer: firstLine(result.output), isRefused: result.exitCode !== 0 });
  }
  return refusals;
}

function withFiles(loan: Loan, options: CodeExecutionOptions): CodeExecutionOptions {
  return { ...options, files: { ...loan.files, ...options.files } };
}

function reportRun(loan: Loan, blocks: readonly CodeBlock[], result: CodeResult): CodeResult {
  const code = blocks.map((block) => block.code).join("\n\n");
  loan.onRun({
    by: loan.by,
    author: loan.author,
    code,
    output: result.output,
    exitCode: result.exitCode,
    durationMs: result.durationMs,
  });
  return result;
}

function firstLine(output: string): string {
  return (
    output
      .split("\n")
      .find((line) => line.trim() !== "")
      ?.trim() ?? ""
  );
}
