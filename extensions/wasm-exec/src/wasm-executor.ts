import { CodeExecutionError } from "@troupe/core";
import type { CodeBlock, CodeExecutionOptions, CodeExecutor, CodeResult } from "@troupe/llm";
import { WorkerPool } from "./host/worker-pool.ts";
import { parseLimits, type WasmExecutorLimits, type WasmExecutorOptions } from "./host/limits.ts";
import type { RunMessage, SandboxBlock } from "./sandbox/protocol.ts";

const javaScript: ReadonlySet<string> = new Set(["javascript", "js", "mjs"]);
const typeScript: ReadonlySet<string> = new Set(["typescript", "ts"]);

/**
 * A JavaScript sandbox: QuickJS, compiled to WebAssembly, in a worker thread. No network, no disk, no modules, no timers.
 *
 * Inside: standard JavaScript with top-level await, `console`, `readFile(name)` and `files[name]` for the files of the call. The blocks of
 * a call run in order in one context and stop at the first that fails; nothing is left for the next call. TypeScript loses its types.
 *
 * Exit codes: 0; 1 when the program threw, rejected or waits for ever; 124 at the time limit; 137 at the memory limit.
 *
 * @throws ConfigError `config.invalid_option` for a limit out of range.
 */
export function wasmExecutor(options: WasmExecutorOptions = {}): CodeExecutor {
  return new WasmExecutor(parseLimits(options));
}

/**
 * 1. At most `workers` programs run at once; the others wait in the order they came.
 * 2. A finished program leaves nothing: each gets a fresh engine, workers are only the warm threads.
 * 3. An abort ends its program within a moment, in the queue as well as in a loop, and no other.
 * 4. After `close` nothing runs, and everything that waited or ran has been told.
 */
class WasmExecutor implements CodeExecutor {
  readonly kind = "code-executor";
  readonly name = "wasm-exec";
  readonly languages: readonly string[] = [...javaScript, ...typeScript];
  readonly #limits: WasmExecutorLimits;
  readonly #pool: WorkerPool;

  constructor(limits: WasmExecutorLimits) {
    this.#limits = limits;
    this.#pool = new WorkerPool(limits);
  }

  async execute(blocks: readonly CodeBlock[], options: CodeExecutionOptions = {}): Promise<CodeResult> {
    options.signal?.throwIfAborted();
    const message = this.#toMessage(blocks, options);
    return await this.#pool.run(message, options);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #toMessage(blocks: readonly CodeBlock[], options: CodeExecutionOptions): RunMessage {
    const { memoryBytes, outputBytes, maxTimeoutMs } = this.#limits;
    const asked = options.timeoutMs ?? this.#limits.timeoutMs;
    if (!(asked > 0)) throw invalidTimeout(asked);
    return {
      blocks: blocks.map((block, index) =>
        toSandboxBlock(block, blocks.length === 1 ? "program.js" : `block-${index + 1}.js`),
      ),
      files: { ...options.files },
      limits: { memoryBytes, outputBytes, timeoutMs: Math.min(asked, maxTimeoutMs) },
    };
  }
}

function toSandboxBlock(block: CodeBlock, fileName: string): SandboxBlock {
  const language = block.language.toLowerCase();
  const isTypeScript = typeScript.has(language);
  if (isTypeScript || javaScript.has(language)) return { code: block.code, fileName, isTypeScript };
  throw new CodeExecutionError("code.unsupported_language", `"${block.language}" cannot run in "wasm-exec"`, {
    remedy: `Write the program in one of: ${[...javaScript, ...typeScript].join(", ")}.`,
    details: { language: block.language },
  });
}

function invalidTimeout(timeoutMs: number): CodeExecutionError {
  return new CodeExecutionError("code.invalid_option", `The time limit is ${timeoutMs} ms`, {
    remedy: "Give a positive number of milliseconds, or leave timeoutMs out.",
  });
}
