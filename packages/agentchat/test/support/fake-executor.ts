import type { CodeBlock, CodeExecutor, CodeResult } from "@troupe/llm";

/** An executor that keeps what it was asked to run and answers with what it is told. */
export class FakeExecutor implements CodeExecutor {
  readonly kind = "code-executor";
  readonly name = "fake";
  readonly languages: readonly string[] = ["js", "python"];
  readonly requests: (readonly CodeBlock[])[] = [];
  readonly #results: Partial<CodeResult>[];

  constructor(...results: Partial<CodeResult>[]) {
    this.#results = results;
  }

  async execute(blocks: readonly CodeBlock[]): Promise<CodeResult> {
    this.requests.push(blocks);
    return { exitCode: 0, output: "", truncated: false, durationMs: 1, ...this.#results.shift() };
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
