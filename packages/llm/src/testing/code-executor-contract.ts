import { CodeExecutionError } from "@troupe/core";
import type { CodeBlock, CodeExecutionOptions, CodeExecutor, CodeResult } from "../code/code-executor.ts";

/** Programs in a language of the executor under test. */
export interface ContractPrograms {
  readonly language: string;
  /** Prints the text and a line break. */
  print(text: string): string;
  /** Fails with an error of this message. */
  fail(message: string): string;
  /** Never ends, prints nothing. */
  readonly loop: string;
  /** Prints without end. */
  readonly flood: string;
  /** Prints the content of a file of the call, as it is. */
  printFile(name: string): string;
  /** Sets a global variable to 1, or prints `fresh` when it does not exist; prints `stale` when it does. */
  readonly leaveTrace: string;
}

/** What the suite needs from its host. */
export interface CodeExecutorContractEnvironment {
  readonly createExecutor: () => Promise<CodeExecutor>;
  readonly programs: ContractPrograms;
}

/** One case of a contract suite; register it with any test framework. It throws when the contract is broken. */
export interface CodeExecutorContractCase {
  readonly name: string;
  run(environment: CodeExecutorContractEnvironment): Promise<void>;
}

/** Bound for whatever must end soon: ten times what is promised, for slow machines. */
const soonMs = 2500;

/** What every `CodeExecutor` must keep, as cases that need no test framework. */
export const codeExecutorContract: readonly CodeExecutorContractCase[] = [
  contractCase("runs a program and returns what it printed", async ({ run, programs }) => {
    const result = await run([programs.print("grüße 😀")]);
    equal(result.exitCode, 0, "exit code");
    equal(result.output, "grüße 😀\n", "output");
    equal(result.truncated, false, "truncated");
    check(result.durationMs >= 0 && result.durationMs < 60_000, `the duration is ${result.durationMs} ms`);
  }),
  contractCase("runs the blocks of a call in order", async ({ run, programs }) => {
    equal((await run([programs.print("one"), programs.print("two")])).output, "one\ntwo\n", "output");
  }),
  contractCase("runs nothing for no block", async ({ run }) => {
    const { exitCode, output } = await run([]);
    equal(`${exitCode}${output}`, "0", "result");
  }),
  contractCase(
    "reports a failing program as a result that tells its error, and stops there",
    async ({ run, programs }) => {
      const result = await run([programs.print("before"), programs.fail("kettle is dry"), programs.print("after")]);
      equal(result.exitCode, 1, "exit code");
      check(result.output.startsWith("before\n"), "output before the error is lost");
      check(result.output.includes("kettle is dry"), `the error is not told: ${result.output}`);
      check(!result.output.includes("after"), "a block ran after one that failed");
    },
  ),
  contractCase("leaves nothing of a program to the next", async ({ run, programs }) => {
    for (let round = 0; round < 2; round++)
      equal((await run([programs.leaveTrace])).output, "fresh\n", `output of round ${round + 1}`);
  }),
  contractCase("refuses a language it does not know before it runs anything", async ({ executor, programs }) => {
    const seen: string[] = [];
    const blocks = [block(programs, programs.print("x")), { code: "x", language: "no-such-language" }];
    const error = await failureOf(executor.execute(blocks, { onOutput: (text) => seen.push(text) }));
    equal(codeOf(error), "code.unsupported_language", "error code");
    equal(seen.join(""), "", "output");
  }),
  contractCase("streams the output that it returns", async ({ run, programs }) => {
    const seen: string[] = [];
    const result = await run([programs.print("one"), programs.fail("two")], { onOutput: (text) => seen.push(text) });
    equal(seen.join(""), result.output, "streamed output");
  }),
  contractCase("stops at the time limit and keeps what was printed", async ({ run, programs }) => {
    const start = performance.now();
    const result = await run([programs.print("one"), programs.loop], { timeoutMs: 300 });
    equal(result.exitCode, 124, "exit code");
    check(result.output.startsWith("one\n"), "output before the limit is lost");
    check(performance.now() - start < 300 + soonMs, "the limit was not kept");
  }),
  contractCase("bounds the output and marks the cut", async ({ run, programs }) => {
    const result = await run([programs.flood], { timeoutMs: 1500 });
    equal(result.truncated, true, "truncated");
    check(result.output.length < 66_000_000, "the output is not bounded");
  }),
  contractCase("does not start when the signal has aborted", async ({ run, programs }) => {
    const reason = new Error("stopped before the start");
    const seen: string[] = [];
    const running = run([programs.print("x")], {
      signal: AbortSignal.abort(reason),
      onOutput: (text) => seen.push(text),
    });
    check((await failureOf(running)) === reason, "it did not reject with the signal's reason");
    equal(seen.join(""), "", "output");
  }),
  contractCase(
    "ends a loop on an abort, with the signal's own reason, and runs the next program",
    async ({ run, programs }) => {
      await run([programs.print("warm")]);
      const controller = new AbortController();
      const reason = new Error("stopped in a loop");
      const failure = failureOf(run([programs.loop], { signal: controller.signal, timeoutMs: 60_000 }));
      await pause(100);
      const start = performance.now();
      controller.abort(reason);
      check((await failure) === reason, "it did not reject with the signal's reason");
      check(performance.now() - start < soonMs, "the abort took too long");
      equal((await run([programs.print("next")])).output, "next\n", "output of the next program");
    },
  ),
  contractCase("leaves no listener on the caller's signal", async ({ run, programs }) => {
    const { signal, count } = countListeners();
    await run([programs.print("x")], { signal });
    await run([programs.fail("x")], { signal });
    equal(count(), 0, "listeners");
  }),
  contractCase("gives a program the files of its call, and no other's", async ({ run, programs }) => {
    const files = { "a.csv": "x,y\n1,grün\n" };
    equal((await run([programs.printFile("a.csv")], { files })).output.trimEnd(), "x,y\n1,grün", "output");
    equal((await run([programs.printFile("a.csv")])).exitCode, 1, "exit code without the file");
  }),
  contractCase("keeps programs that run at once apart", async ({ run, programs }) => {
    const names = Array.from({ length: 8 }, (_, index) => `program ${index}`);
    const results = await Promise.all(names.map((name) => run([programs.print(name), programs.print(name)])));
    equal(
      results.map((result) => result.output).join(""),
      names.map((name) => `${name}\n${name}\n`).join(""),
      "outputs",
    );
  }),
  contractCase("drops a waiting or running call on its own abort and no other", async ({ run, programs }) => {
    const controllers = Array.from({ length: 6 }, () => new AbortController());
    const failures = controllers.map(({ signal }) => failureOf(run([programs.loop], { signal, timeoutMs: 60_000 })));
    const survivor = run([programs.print("alive")]);
    for (const [index, controller] of controllers.entries()) controller.abort(index);
    equal((await Promise.all(failures)).join(), "0,1,2,3,4,5", "reasons");
    equal((await survivor).output, "alive\n", "output of the other call");
  }),
  contractCase("closes during work, twice, and refuses afterwards", async ({ executor, run, programs }) => {
    const running = failureOf(run([programs.loop], { timeoutMs: 60_000 }));
    await pause(50);
    await Promise.all([executor.close(), executor.close()]);
    equal(codeOf(await running), "code.closed", "error code of the running call");
    equal(codeOf(await failureOf(run([programs.print("x")]))), "code.closed", "error code after close");
    await executor[Symbol.asyncDispose]();
  }),
];

interface CaseContext {
  readonly executor: CodeExecutor;
  readonly programs: ContractPrograms;
  readonly run: (programs: readonly string[], options?: CodeExecutionOptions) => Promise<CodeResult>;
}

function contractCase(name: string, body: (context: CaseContext) => Promise<void>): CodeExecutorContractCase {
  return {
    name,
    run: async ({ createExecutor, programs }) => {
      const executor = await createExecutor();
      const run: CaseContext["run"] = (codes, options) =>
        executor.execute(
          codes.map((code) => block(programs, code)),
          options,
        );
      try {
        await body({ executor, programs, run });
      } finally {
        await executor.close();
      }
    },
  };
}

function block(programs: ContractPrograms, code: string): CodeBlock {
  return { code, language: programs.language };
}

function countListeners(): { readonly signal: AbortSignal; readonly count: () => number } {
  const { signal } = new AbortController();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  let listeners = 0;
  signal.addEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
    listeners += 1;
    add(type, listener);
  };
  signal.removeEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
    listeners -= 1;
    remove(type, listener);
  };
  return { signal, count: () => listeners };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("The call succeeded where the contract wants it to fail.");
}

function codeOf(error: unknown): string {
  return error instanceof CodeExecutionError ? error.code : `not a CodeExecutionError: ${String(error)}`;
}

function equal(actual: unknown, expected: unknown, what: string): void {
  check(Object.is(actual, expected), `${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

function check(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new Error(`Contract broken: ${problem}.`);
}
