/** One fenced block of a program. `language` as written behind the fence, lower case. */
export interface CodeBlock {
  readonly code: string;
  readonly language: string;
}

/** How a run of code ended. */
export interface CodeResult {
  /** 0 = success; 1 = the program threw; 124 = time limit; 137 = memory limit; others as the executor documents. */
  readonly exitCode: number;
  /** What the program printed, with errors in line, cut at the output limit. */
  readonly output: string;
  readonly truncated: boolean;
  readonly durationMs: number;
}

/** Options of one execution. */
export interface CodeExecutionOptions {
  /** Milliseconds for all blocks together; an executor has its own default and maximum. */
  readonly timeoutMs?: number | undefined;
  /** Read-only text files the program may read, by name. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** Output as it is printed; live only. */
  readonly onOutput?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs code that a model wrote, away from the host.
 *
 * @throws CodeExecutionError for a language it does not know (`code.unsupported_language`), a closed executor
 * (`code.closed`) or a broken sandbox (`code.sandbox_failed`); the signal's own reason after an abort.
 * A program that fails is a result, not an exception.
 */
export interface CodeExecutor {
  readonly kind: "code-executor";
  readonly name: string;
  readonly languages: readonly string[];
  execute(blocks: readonly CodeBlock[], options?: CodeExecutionOptions): Promise<CodeResult>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
