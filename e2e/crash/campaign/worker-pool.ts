/**
 * Worker processes, started ahead of their work: a process takes longer to load than to run.
 *
 * Owns: every process it has started and the program they run. Does not own: what they are told.
 * Invariants:
 * P1. After `close` no process that was started here lives, and nothing of it is left on disk.
 * P2. A worker's lines are read to the last byte it wrote before its end is reported.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Assignment, Order, ReportLine, Start } from "../worker/assignment.ts";
import { WorkerProgram } from "./worker-program.ts";

/** How a worker ended, and what it printed. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

/** One process. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #lines: ReportLine[] = [];
  #onLine: ((line: ReportLine) => void) | undefined;
  readonly ended: Promise<WorkerEnd>;
  readonly ready: Promise<void>;

  constructor({ path, cacheFolder }: Pick<WorkerProgram, "path" | "cacheFolder">) {
    this.#child = spawn(process.execPath, [path], {
      stdio: ["ignore", "ignore", "pipe", "pipe", "ipc"],
      // A Ctrl-C is for the campaign, which then ends them: no worker dies of what was not planned.
      detached: true,
      env: { ...process.env, NODE_COMPILE_CACHE: cacheFolder, NODE_NO_WARNINGS: "1" },
    });
    const errors: Buffer[] = [];
    this.#child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
    const reports = this.#child.stdio[3];
    if (!(reports instanceof Readable)) throw new Error("a worker was started without its report pipe");
    const reading = new Promise<void>((resolve) => {
      createInterface({ input: reports })
        .on("line", (text) => this.#hear(text))
        .once("close", resolve);
    });
    const closed = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code, signal) => resolve({ code, signal }));
    });
    this.ended = Promise.all([closed, reading]).then(([end]) => ({
      ...end,
      errors: Buffer.concat(errors).toString("utf8"),
    }));
    this.ready = Promise.race([
      new Promise<void>((resolve) => this.#child.once("message", () => resolve())),
      this.ended.then((end) => {
        throw new Error(`a worker ended before it was ready: ${end.errors}`);
      }),
    ]);
    // Whoever takes the worker hears of it.
    this.ready.catch(() => {});
    this.ended.catch(() => {});
  }

  /** Gives the worker its one assignment. It opens its store and waits; what it says is kept until `go`. */
  prepare(assignment: Assignment): void {
    this.#order({ kind: "prepare", assignment });
  }

  /** Has the worker carry out what it has prepared; lines come in order, each as soon as it is read. */
  go(start: Start, onLine: (line: ReportLine) => void): void {
    this.#onLine = onLine;
    for (const line of this.#lines.splice(0)) onLine(line);
    this.#order({ kind: "go", start });
  }

  /** It may die before it has read this; its end says so. */
  #order(order: Order): void {
    this.#child.send(order, () => {});
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Stops the process without ending it, as a laptop that sleeps does. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  #hear(text: string): void {
    // A process that is killed while it writes leaves half a line.
    const line = parseLine(text);
    if (line === undefined) return;
    if (this.#onLine === undefined) this.#lines.push(line);
    else this.#onLine(line);
  }
}

function parseLine(text: string): ReportLine | undefined {
  try {
    return JSON.parse(text) as ReportLine;
  } catch {
    return undefined;
  }
}

/** Keeps workers ready. */
export class WorkerPool {
  readonly #program: WorkerProgram;
  readonly #size: number;
  readonly #ready: WorkerProcess[] = [];
  readonly #alive = new Set<WorkerProcess>();
  #isClosed = false;

  private constructor(program: WorkerProgram, size: number) {
    this.#program = program;
    this.#size = size;
  }

  /** @param size Workers that wait for work. */
  static async open(size: number): Promise<WorkerPool> {
    const pool = new WorkerPool(await WorkerProgram.open(), size);
    pool.#fill();
    return pool;
  }

  /** What its processes run. */
  get program(): WorkerProgram {
    return this.#program;
  }

  /** @throws Error when workers cannot start. */
  async take(): Promise<WorkerProcess> {
    if (this.#isClosed) throw new Error("the pool is closed");
    const worker = this.#ready.shift() ?? this.#start();
    await worker.ready;
    this.#fill();
    return worker;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const worker of this.#alive) {
      worker.resume();
      worker.kill();
    }
    await Promise.allSettled([...this.#alive].map((worker) => worker.ended));
    await this.#program.remove();
  }

  #fill(): void {
    while (!this.#isClosed && this.#ready.length < this.#size) this.#ready.push(this.#start());
  }

  #start(): WorkerProcess {
    const worker = new WorkerProcess(this.#program);
    this.#alive.add(worker);
    const gone = (): boolean => this.#alive.delete(worker);
    worker.ended.then(gone, gone);
    return worker;
  }
}
