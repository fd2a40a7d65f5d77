import type { CodeExecutor, CodeResult } from "@troupe/llm";

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

/** Lends one executor to several speakers, with the data file. It does not own the executor: whoever made it closes it. */
export function lendExecutor(executor: CodeExecutor, files: Readonly<Record<string, string>>): CodeExecutor {
  return {
    kind: "code-executor",
    name: executor.name,
    languages: executor.languages,
    execute: (blocks, options = {}) => executor.execute(blocks, { ...options, files: { ...files, ...options.files } }),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** What came of a program, as the text that a model reads. */
export function writeProgramAnswer({ exitCode, output }: Pick<CodeResult, "exitCode" | "output">): string {
  return exitCode === 0 ? output : `The program failed with exit code ${exitCode}:\n${output}`;
}

/** The inverse of `writeProgramAnswer`. */
export function readProgramAnswer(text: string): { readonly exitCode: number; readonly output: string } {
  const [, exitCode, output] = /^The program failed with exit code (-?\d+):\n([\s\S]*)$/.exec(text) ?? [];
  return exitCode === undefined || output === undefined
    ? { exitCode: 0, output: text }
    : { exitCode: Number(exitCode), output };
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

function firstLine(output: string): string {
  return (
    output
      .split("\n")
      .find((line) => line.trim() !== "")
      ?.trim() ?? ""
  );
}
