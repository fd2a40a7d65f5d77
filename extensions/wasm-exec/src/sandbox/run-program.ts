import { stripTypeScriptTypes } from "node:module";
import type { QuickJSContext, QuickJSHandle, QuickJSRuntime } from "quickjs-emscripten-core";
import { describeFailure, type ShownBlock, type ThrownValue } from "./describe-failure.ts";
import { guestPrelude } from "./guest-prelude.ts";
import { OutputBuffer } from "./output-buffer.ts";
import { exitCodes, type RunMessage, type SandboxBlock, timeLimitNotice } from "./protocol.ts";
import type { Engine } from "./quickjs-engine.ts";
import { watchPromises } from "./watch-promises.ts";

/** Stack of the engine; a plain function nests about 6,000 deep in it. */
const stackBytes = 1_048_576;

/** `JS_EVAL_FLAG_ASYNC` of QuickJS: a global script with top-level await, whose declarations the next script sees. */
const evalAsync = 1 << 7;

/** Microtasks run in batches of this many, so that the time limit is seen between them. */
const jobsPerBatch = 1000;

/** Takes output on its way out; `isTruncated` tells that this is the last there is. */
export type SendOutput = (text: string, isTruncated: boolean) => void;

/**
 * Runs the blocks of a program in order in one fresh context, until one fails, and returns the exit code.
 *
 * 1. The program reaches the host by two functions only: one takes text to print, one gives the text of a named file.
 * 2. It ends when its script, its top-level awaits and all its microtasks are done, or at a limit.
 * 3. After the time limit not one more of its instructions runs than the engine needs to notice.
 */
export function runProgram(engine: Engine, message: RunMessage, send: SendOutput): number {
  const output = new OutputBuffer({ maxBytes: message.limits.outputBytes, send });
  const deadline = performance.now() + message.limits.timeoutMs;
  const runtime = engine.quickjs.newRuntime();
  runtime.setMaxStackSize(stackBytes);
  runtime.setInterruptHandler(() => {
    output.flushIfOld();
    return performance.now() > deadline;
  });
  const program = new Program({ engine, runtime, message, output, deadline });
  const exitCode = program.run();
  output.flush();
  return exitCode;
}

interface ProgramParts {
  readonly engine: Engine;
  readonly runtime: QuickJSRuntime;
  readonly message: RunMessage;
  readonly output: OutputBuffer;
  readonly deadline: number;
}

/** What the prelude returns. */
interface GuestTools {
  readonly describe: QuickJSHandle;
  readonly describeForgotten: QuickJSHandle;
}

/** One program in its context. Its engine is dropped afterwards, so nothing in it is disposed piece by piece. */
class Program {
  readonly #parts: ProgramParts;
  readonly #context: QuickJSContext;
  readonly #shown: ShownBlock[] = [];
  #tools: GuestTools | undefined;

  constructor(parts: ProgramParts) {
    this.#parts = parts;
    this.#context = parts.runtime.newContext();
    parts.runtime.setModuleLoader((name) => ({
      error: new Error(`import "${name}" is not available in this sandbox: no modules, no network, no disk.`),
    }));
  }

  run(): number {
    try {
      this.#tools = this.#prepare();
      for (const block of this.#parts.message.blocks) {
        const exitCode = this.#runBlock(block);
        if (exitCode !== exitCodes.success) return exitCode;
      }
      return exitCodes.success;
    } catch (error) {
      return this.#crash(error);
    }
  }

  /** Evaluates the prelude; the two host functions are all that crosses the wall. */
  #prepare(): GuestTools {
    const context = this.#context;
    const { files, limits } = this.#parts.message;
    const print = context.newFunction("print", (text) => this.#parts.output.write(context.getString(text)));
    const readFile = context.newFunction("readFile", (handle) => {
      const name = context.getString(handle);
      const text = Object.hasOwn(files, name) ? files[name] : undefined;
      return text === undefined ? context.undefined : context.newString(text);
    });
    const names = context.newArray();
    Object.keys(files).forEach((name, index) => context.setProp(names, index, context.newString(name)));
    const prelude = context.unwrapResult(context.evalCode(guestPrelude, "sandbox", 0));
    const prepared = context.callFunction(
      prelude,
      context.undefined,
      print,
      readFile,
      names,
      context.newNumber(limits.outputBytes),
    );
    const pair = context.unwrapResult(prepared);
    return { describe: context.getProp(pair, 0), describeForgotten: context.getProp(pair, 1) };
  }

  #runBlock(block: SandboxBlock): number {
    const source = toJavaScript(block);
    if (source.kind === "invalid") return this.#report("Uncaught", source.thrown);
    const isModule = hasModuleSyntax(source.code);
    const watched = watchPromises(source.code, isModule);
    this.#shown.push({ fileName: block.fileName, code: block.code, hasColumns: !watched.isChanged });
    const result = this.#context.evalCode(watched.code, block.fileName, isModule ? { type: "module" } : evalAsync);
    if (result.error !== undefined) return this.#fail("Uncaught", result.error);
    return this.#drain() ?? this.#settle(result.value);
  }

  /** Runs microtasks until none is left. */
  #drain(): number | undefined {
    const { runtime, output, deadline } = this.#parts;
    while (runtime.hasPendingJob()) {
      const result = runtime.executePendingJobs(jobsPerBatch);
      if (result.error !== undefined) return this.#fail("Uncaught", result.error);
      output.flushIfOld();
      if (performance.now() > deadline) return this.#timeOut();
    }
    return undefined;
  }

  /** The script is a promise, because it may await at its top level. */
  #settle(script: QuickJSHandle): number {
    const state = this.#context.getPromiseState(script);
    if (state.type === "rejected") return this.#fail("Uncaught", state.error);
    if (state.type === "pending") {
      this.#parts.output.writeNotice("The program waits for a promise that nothing will settle (top-level await).");
      return exitCodes.failure;
    }
    return this.#settleForgotten();
  }

  /** A promise that the program left to nobody and that was rejected: an unhandled rejection. */
  #settleForgotten(): number {
    const context = this.#context;
    if (this.#tools === undefined) return exitCodes.success;
    const words = context.getString(
      context.unwrapResult(context.callFunction(this.#tools.describeForgotten, context.undefined)),
    );
    return words === "" ? exitCodes.success : this.#report("Uncaught (in promise)", parseThrown(words));
  }

  #fail(heading: string, error: QuickJSHandle): number {
    if (performance.now() > this.#parts.deadline) return this.#timeOut();
    const thrown = this.#wordThrown(error);
    // Wording runs code of the program: getters of its error.
    if (performance.now() > this.#parts.deadline) return this.#timeOut();
    if (thrown === undefined || (thrown.name === "InternalError" && thrown.message === "out of memory"))
      return this.#outOfMemory();
    return this.#report(heading, thrown);
  }

  /** Undefined when the engine is out of memory, in which case it throws `null` and cannot word anything. */
  #wordThrown(error: QuickJSHandle): ThrownValue | undefined {
    const context = this.#context;
    if (this.#tools === undefined)
      return { name: "", message: "the sandbox could not be prepared", stack: "", cause: "" };
    const isNull = context.typeof(error) === "object" && context.eq(error, context.null);
    if (isNull && this.#parts.engine.isMemoryFull()) return undefined;
    const result = context.callFunction(this.#tools.describe, context.undefined, error);
    if (result.error !== undefined) {
      if (this.#parts.engine.isMemoryFull()) return undefined;
      return { name: "", message: "an error that cannot be shown", stack: "", cause: "" };
    }
    return parseThrown(context.getString(result.value));
  }

  #report(heading: string, thrown: ThrownValue): number {
    this.#parts.output.writeNotice(describeFailure(heading, thrown, this.#shown));
    return exitCodes.failure;
  }

  #timeOut(): number {
    this.#parts.output.writeNotice(timeLimitNotice(this.#parts.message.limits.timeoutMs));
    return exitCodes.timeout;
  }

  #outOfMemory(): number {
    const mebibytes = Math.floor(this.#parts.message.limits.memoryBytes / 1_048_576);
    this.#parts.output.writeNotice(
      `The program was stopped: it needed more than its memory limit of ${mebibytes} MiB.`,
    );
    return exitCodes.memory;
  }

  /** The engine itself gave up: a trap of WebAssembly, or the host's stack. */
  #crash(error: unknown): number {
    if (performance.now() > this.#parts.deadline) return this.#timeOut();
    if (this.#parts.engine.isMemoryFull()) return this.#outOfMemory();
    const message =
      error instanceof RangeError ? "RangeError: the program nests too deeply" : `the engine failed: ${String(error)}`;
    this.#parts.output.writeNotice(`The program was stopped: ${message}.`);
    return exitCodes.failure;
  }
}

type Source =
  | { readonly kind: "valid"; readonly code: string }
  | { readonly kind: "invalid"; readonly thrown: ThrownValue };

/** Types are replaced by blanks, so that lines and columns stay. */
function toJavaScript(block: SandboxBlock): Source {
  if (!block.isTypeScript) return { kind: "valid", code: block.code };
  try {
    return { kind: "valid", code: stripTypeScriptTypes(block.code) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "invalid", thrown: { name: "SyntaxError", message, stack: "", cause: "" } };
  }
}

/** Static imports and exports need module form, where they get an answer that explains itself. */
function hasModuleSyntax(code: string): boolean {
  return /^[ \t]*(?:export\s|import\s*[\w*{"'])/m.test(code);
}

function parseThrown(text: string): ThrownValue {
  const parsed: unknown = JSON.parse(text);
  const field = (name: string): string => {
    const value: unknown = typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, name) : undefined;
    return typeof value === "string" ? value : "";
  };
  return { name: field("name"), message: field("message"), stack: field("stack"), cause: field("cause") };
}
