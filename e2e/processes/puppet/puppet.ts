/**
 * One process of a test, and the test's hand on it.
 *
 * Owns: the process. Does not own: the store that it opens.
 * Invariants:
 * Q1. Every command is answered, or rejects when the process ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { DurableRunEvent, Question } from "@troupe/agentchat";
import type { Answered, Command, Ordered, Outcome, ResultValue } from "./command.ts";

const program = fileURLToPath(new URL("program.ts", import.meta.url));

/** Says what a command failed with. */
export class CommandFailed extends Error {
  readonly code: string;

  constructor(command: Command, { code, message }: Extract<Outcome, { status: "failed" }>) {
    super(`"${command.kind}" failed with ${code}: ${message}`);
    this.code = code;
  }
}

/** Starts with `Puppet.start`, ends with `close` or `kill`. */
export class Puppet {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, { settle: (outcome: Outcome) => void; fail: (error: Error) => void }>();
  readonly ended: Promise<void>;
  #commands = 0;

  private constructor() {
    this.#child = spawn(process.execPath, ["--conditions=troupe-source", program], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let errors = "";
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    this.#child.on("message", (answered: Answered) => this.#hear(answered));
    this.ended = once(this.#child, "close").then(([code, signal]: unknown[]) => {
      const error = new Error(`the process ended with ${String(code ?? signal)}: ${errors}`);
      for (const { fail } of this.#open.values()) fail(error);
      this.#open.clear();
    });
  }

  /** Starts a process and opens its program. */
  static async start(options: Omit<Extract<Command, { kind: "open" }>, "kind">): Promise<Puppet> {
    const puppet = new Puppet();
    await puppet.tell({ kind: "open", ...options });
    return puppet;
  }

  /** @throws CommandFailed; Error when the process ends first. */
  async tell(command: Command): Promise<unknown> {
    this.#commands += 1;
    const ordered: Ordered = { id: this.#commands, command };
    const outcome = await new Promise<Outcome>((settle, fail) => {
      this.#open.set(ordered.id, { settle, fail });
      this.#child.send(ordered, () => {});
    });
    if (outcome.status === "failed") throw new CommandFailed(command, outcome);
    return outcome.value;
  }

  /** The next rest or the end of the run. */
  async result(): Promise<ResultValue> {
    return (await this.tell({ kind: "result" })) as ResultValue;
  }

  async pending(): Promise<readonly Question[]> {
    return (await this.tell({ kind: "pending" })) as readonly Question[];
  }

  /** All durable events to the end of the run. */
  async events(): Promise<readonly DurableRunEvent[]> {
    return (await this.tell({ kind: "events" })) as readonly DurableRunEvent[];
  }

  /** Server-sent events behind a number, up to so many durable ones. */
  async stream(lastEventId: string | null, leaveAfter: number): Promise<string> {
    return (await this.tell({ kind: "stream", lastEventId, leaveAfter })) as string;
  }

  /** Closes the runtime and the store in order, and waits for the end of the process. */
  async close(): Promise<void> {
    await this.tell({ kind: "close" });
    await this.ended;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGCONT");
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  #hear(answered: Answered): void {
    this.#open.get(answered.id)?.settle(answered.outcome);
    this.#open.delete(answered.id);
  }
}
