/** One block of a program as the worker runs it. */
export interface SandboxBlock {
  readonly code: string;
  /** How errors name the block: `program.js`, or `block-2.js` when there are several. */
  readonly fileName: string;
  readonly isTypeScript: boolean;
}

/** The limits of one program. */
export interface SandboxLimits {
  /** All memory of the sandbox: engine, program and data. */
  readonly memoryBytes: number;
  readonly timeoutMs: number;
  readonly outputBytes: number;
}

/** What the executor asks of a worker: one program, in a fresh context. */
export interface RunMessage {
  readonly blocks: readonly SandboxBlock[];
  readonly files: Readonly<Record<string, string>>;
  readonly limits: SandboxLimits;
}

/** What a worker says: once that it is ready, then for each program its output in order and how it ended. */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "output"; readonly text: string; readonly isTruncated: boolean }
  | { readonly kind: "finished"; readonly exitCode: number }
  | { readonly kind: "failed"; readonly message: string };

/** Exit codes, as POSIX tools use them: `timeout` ends with 124, a process killed for memory with 137. */
export const exitCodes: Readonly<Record<"success" | "failure" | "timeout" | "memory", number>> = Object.freeze({
  success: 0,
  failure: 1,
  timeout: 124,
  memory: 137,
});

/** What stands at the end of the output of a program that took too long. */
export function timeLimitNotice(timeoutMs: number): string {
  return `The program was stopped: it ran longer than its time limit of ${timeoutMs} ms.`;
}
