import { Worker } from "node:worker_threads";
import { CodeExecutionError } from "@troupe/core";
import { exitCodes, type RunMessage, timeLimitNotice, type WorkerMessage } from "../sandbox/protocol.ts";

/** How a program ended, or rather was ended. */
export interface WorkerResult {
  readonly exitCode: number;
  readonly output: string;
  readonly truncated: boolean;
  readonly durationMs: number;
}

/** Milliseconds that a worker gets to notice the time limit itself before it is killed. */
const limitGraceMs = 400;

/** Milliseconds for messages that have arrived but were not read. */
const messageGraceMs = 50;

/** Milliseconds a worker may take to start; far beyond what a busy machine needs. */
const startLimitMs = 30_000;

/** Heap of the worker outside the sandbox's memory: for text on its way out, in MiB; and the stack the engine's frames live on. */
const resourceLimits = Object.freeze({ maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 32 });

/** The job a worker is on. */
interface Job {
  readonly message: RunMessage;
  readonly onOutput: ((text: string) => void) | undefined;
  readonly resolve: (result: WorkerResult) => void;
  readonly reject: (reason: unknown) => void;
  output: string;
  isTruncated: boolean;
  startedAt: number;
  limit: NodeJS.Timeout | undefined;
}

/**
 * One worker thread with the sandbox in it: runs one program at a time and can be killed at any instant.
 *
 * 1. A program ends by its own limits, or `limitGraceMs` after the time limit with its worker, or at once with `kill`.
 * 2. A killed worker is never used again (`isAlive` tells), and its program rejects only when its thread has ended.
 * 3. An idle worker does not keep the process alive; a busy one does.
 * 4. The thread gets no environment, no standard input, and what it writes stays unread: reading its streams would keep the process alive.
 */
export class SandboxWorker {
  readonly #thread: Worker;
  readonly #ready: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #startLimit: NodeJS.Timeout;
  #job: Job | undefined;
  #isAlive = true;

  constructor() {
    const file = import.meta.url.endsWith(".ts") ? "../sandbox/worker-entry.ts" : "../sandbox/worker-entry.js";
    this.#thread = new Worker(new URL(file, import.meta.url), {
      name: "troupe-wasm-exec",
      env: {},
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits,
    });
    this.#ready.promise.catch(() => {});
    this.#startLimit = setTimeout(() => this.#die(sandboxFailed("it did not start", undefined)), startLimitMs).unref();
    this.#thread.on("message", (message: WorkerMessage) => this.#receive(message));
    this.#thread.on("error", (error) => this.#onError(error));
    this.#thread.on("exit", (code) => this.#die(sandboxFailed(`its thread ended with code ${code}`, undefined)));
  }

  /** False once it was killed or broke. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /**
   * Runs one program.
   *
   * @throws CodeExecutionError `code.sandbox_failed` when the worker breaks; the reason given to `kill`.
   */
  async run(message: RunMessage, onOutput: ((text: string) => void) | undefined): Promise<WorkerResult> {
    this.#thread.ref();
    const { promise, resolve, reject } = Promise.withResolvers<WorkerResult>();
    const job: Job = {
      message,
      onOutput,
      resolve,
      reject,
      output: "",
      isTruncated: false,
      startedAt: 0,
      limit: undefined,
    };
    this.#job = job;
    this.#ready.promise.then(() => this.#start(job), reject);
    try {
      return await promise;
    } finally {
      clearTimeout(job.limit);
      this.#job = undefined;
      this.#thread.unref();
    }
  }

  /** Stops the thread at once; the program it is on rejects with the reason. Resolves when the thread has ended. */
  async kill(reason: unknown): Promise<void> {
    this.#die(reason);
    await this.#thread.terminate();
  }

  #start(job: Job): void {
    if (!this.#isAlive) return;
    job.startedAt = performance.now();
    const { timeoutMs } = job.message.limits;
    job.limit = setTimeout(() => this.#stopLate(job), timeoutMs + limitGraceMs);
    this.#thread.postMessage(job.message);
  }

  #receive(message: WorkerMessage): void {
    if (!this.#isAlive) return;
    switch (message.kind) {
      case "ready":
        clearTimeout(this.#startLimit);
        return this.#ready.resolve();
      case "output":
        return this.#print(message.text, message.isTruncated);
      case "finished":
        return this.#finish(message.exitCode);
      case "failed":
        return this.#die(sandboxFailed(message.message, undefined));
    }
  }

  #print(text: string, isTruncated = false): void {
    const job = this.#job;
    if (job === undefined) return;
    job.output += text;
    job.isTruncated ||= isTruncated;
    try {
      job.onOutput?.(text);
    } catch (error) {
      // The caller's own code failed: the caller hears of it, and the program has lost its reader.
      this.#die(error);
    }
  }

  #finish(exitCode: number): void {
    const job = this.#job;
    if (job === undefined) return;
    job.resolve({
      exitCode,
      output: job.output,
      truncated: job.isTruncated,
      durationMs: performance.now() - job.startedAt,
    });
  }

  /**
   * The engine is inside one long operation and did not look at the clock; or this thread was busy and has not read its messages yet,
   * so they get a moment.
   */
  #stopLate(job: Job): void {
    job.limit = setTimeout(() => this.#stop(job), messageGraceMs);
  }

  #stop(job: Job): void {
    const { timeoutMs } = job.message.limits;
    this.#print(`${timeLimitNotice(timeoutMs)}\n`);
    this.#finish(exitCodes.timeout);
    this.#die(undefined);
  }

  #onError(error: Error): void {
    const isOutOfMemory = "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
    if (isOutOfMemory && this.#job !== undefined) {
      this.#print("The program was stopped: the sandbox ran out of memory.\n");
      this.#finish(exitCodes.memory);
    }
    this.#die(sandboxFailed(error.message, error));
  }

  /** Ends the worker's use; its program rejects when the thread has ended, so that nothing of it still runs then. */
  #die(reason: unknown): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    clearTimeout(this.#startLimit);
    this.#ready.reject(reason);
    const job = this.#job;
    const fail = (): void => job?.reject(reason);
    this.#thread.terminate().then(fail, fail);
  }
}

function sandboxFailed(reason: string, cause: unknown): CodeExecutionError {
  return new CodeExecutionError("code.sandbox_failed", `The sandbox broke: ${reason}`, {
    remedy:
      "Run the code again: a fresh worker takes over. If your program is bundled, keep @troupe/wasm-exec external to the bundle.",
    cause,
  });
}
