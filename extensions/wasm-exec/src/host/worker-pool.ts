import { CodeExecutionError } from "@troupe/core";
import type { RunMessage } from "../sandbox/protocol.ts";
import type { WasmExecutorLimits } from "./limits.ts";
import { SandboxWorker, type WorkerResult } from "./sandbox-worker.ts";

/** How one program is watched. */
export interface PoolRunOptions {
  readonly onOutput?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A call that waits for a worker. */
interface Waiting {
  readonly start: (worker: SandboxWorker) => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * A few warm workers and a queue before them.
 *
 * 1. At most `workers` threads exist; a call takes an idle one, or a new one, or waits its turn.
 * 2. A worker that died is replaced when the next call needs one.
 * 3. A call that is aborted while it waits leaves the queue; while it runs, its worker is killed. Listeners are removed in both cases.
 * 4. A worker idle for `idleMs` ends; the timer does not keep the process alive.
 * 5. `close` refuses what waits, kills what runs, and resolves when every thread has ended; a second `close` waits for the same.
 */
export class WorkerPool {
  readonly #limits: Pick<WasmExecutorLimits, "workers" | "idleMs">;
  readonly #busy = new Set<SandboxWorker>();
  readonly #idle: { readonly worker: SandboxWorker; readonly timer: NodeJS.Timeout }[] = [];
  readonly #queue: Waiting[] = [];
  #closed: Promise<void> | undefined;

  constructor(limits: Pick<WasmExecutorLimits, "workers" | "idleMs">) {
    this.#limits = limits;
  }

  /**
   * Runs a program on the next free worker.
   *
   * @throws CodeExecutionError `code.closed`, `code.sandbox_failed`; the signal's reason, unwrapped, after an abort.
   */
  async run(message: RunMessage, options: PoolRunOptions): Promise<WorkerResult> {
    const { signal } = options;
    const worker = await this.#take(signal);
    const onAbort = (): void => void worker.kill(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      signal?.throwIfAborted();
      return await worker.run(message, options.onOutput);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#giveBack(worker);
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    for (const waiting of this.#queue.splice(0)) waiting.refuse(closedError());
    const idle = this.#idle.splice(0);
    for (const { timer } of idle) clearTimeout(timer);
    await Promise.all([...idle.map(({ worker }) => worker), ...this.#busy].map((worker) => worker.kill(closedError())));
  }

  /** Synchronous up to the wait: a call that finds a free worker takes it before anybody else can. */
  async #take(signal: AbortSignal | undefined): Promise<SandboxWorker> {
    if (this.#closed !== undefined) throw closedError();
    const worker = this.#takeIdle() ?? (this.#busy.size < this.#limits.workers ? new SandboxWorker() : undefined);
    if (worker === undefined) return await this.#wait(signal);
    this.#busy.add(worker);
    return worker;
  }

  #takeIdle(): SandboxWorker | undefined {
    for (let entry = this.#idle.pop(); entry !== undefined; entry = this.#idle.pop()) {
      clearTimeout(entry.timer);
      if (entry.worker.isAlive) return entry.worker;
    }
    return undefined;
  }

  #wait(signal: AbortSignal | undefined): Promise<SandboxWorker> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(signal?.reason);
      };
      const waiting: Waiting = {
        start: (worker) => {
          signal?.removeEventListener("abort", leave);
          resolve(worker);
        },
        refuse: (reason) => {
          signal?.removeEventListener("abort", leave);
          reject(reason);
        },
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#queue.push(waiting);
    });
  }

  #giveBack(worker: SandboxWorker): void {
    this.#busy.delete(worker);
    if (this.#closed !== undefined) return;
    const next = this.#queue.shift();
    if (next !== undefined) {
      const successor = worker.isAlive ? worker : new SandboxWorker();
      this.#busy.add(successor);
      return next.start(successor);
    }
    if (worker.isAlive) this.#rest(worker);
  }

  #rest(worker: SandboxWorker): void {
    const timer = setTimeout(() => {
      this.#idle.splice(
        this.#idle.findIndex((entry) => entry.worker === worker),
        1,
      );
      void worker.kill(closedError());
    }, this.#limits.idleMs).unref();
    this.#idle.push({ worker, timer });
  }
}

function closedError(): CodeExecutionError {
  return new CodeExecutionError("code.closed", "The code executor is closed", {
    remedy: "Create a new executor, or close this one later.",
  });
}
