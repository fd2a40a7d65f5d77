import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";

/** A process that appends to a cell and says what was acknowledged. */
export class WriterProcess {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #waiting = new Set<{ readonly position: number; readonly resolve: () => void }>();
  #text = "";
  #errors = "";
  /** The position after the last append that was acknowledged; -1 before the claim. */
  acknowledged = -1;

  constructor(...args: readonly string[]) {
    const script = join(import.meta.dirname, "writer-process.ts");
    this.#child = spawn(process.execPath, ["--conditions=troupe-source", script, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => this.#take(text));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#errors += text));
  }

  #take(text: string): void {
    const lines = (this.#text + text).split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) this.acknowledged = line === "claimed" ? 0 : Number(line);
    for (const waiter of this.#waiting) if (this.acknowledged >= waiter.position) waiter.resolve();
  }

  /** Resolves when the append up to a position was acknowledged. */
  async reach(position: number): Promise<void> {
    if (this.acknowledged >= position) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add({ position, resolve });
    this.#child.once("exit", () => reject(new Error(`the writer ended at ${this.acknowledged}: ${this.#errors}`)));
    await promise;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when the process has ended, after everything it printed was taken. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "close");
    else if (!this.#child.stdout.readableEnded) await once(this.#child.stdout, "end");
    return this.#child.exitCode;
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended();
  }
}
