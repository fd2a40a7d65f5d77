// Runs one named command of the house and tells how it went. Owns nothing between calls: every child it starts has ended
// when the promise settles, at the latest when the step's time limit kills its process group.
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";

/** The repository root: scripts run from anywhere. */
export const root: string = join(import.meta.dirname, "..");

/** One command that passes or fails as a whole. */
export interface Step {
  /** Short and unique: what the closing table prints and `--only` selects. */
  readonly name: string;
  /** Program and arguments. Programs of the workspace (`tsc`, `vitest`, `node`) are found in `node_modules/.bin` first. */
  readonly command: readonly [string, ...string[]];
  /** Kill the step after this long; four minutes when absent. */
  readonly timeoutMs?: number | undefined;
  /** Path, from the root, of a vitest JSON report whose tests are counted one by one. */
  readonly report?: string | undefined;
}

/** What became of a step. */
export interface StepOutcome {
  readonly step: Step;
  readonly isOk: boolean;
  readonly tookMs: number;
  /** Both output streams, interleaved as they came. */
  readonly output: string;
}

const defaultTimeoutMs = 240_000;

/** The groups of children that run now: what a signal to this process has to end. */
const running = new Set<number>();

/** Ends everything that `runStep` has under way. */
export function killRunning(): void {
  for (const pid of running) killGroup(pid);
}

/** Runs a step to its end; never rejects, a program that cannot start is a failed step. */
export function runStep(step: Step): Promise<StepOutcome> {
  const startedAt = performance.now();
  const [program, ...args] = step.command;
  const path = [join(root, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter);
  const isWindows = process.platform === "win32";
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
    detached: !isWindows,
    shell: isWindows,
  });
  if (child.pid !== undefined) running.add(child.pid);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const timeoutMs = step.timeoutMs ?? defaultTimeoutMs;
  const timer = setTimeout(() => {
    chunks.push(Buffer.from(`\n${step.name}: killed after ${timeoutMs} ms\n`));
    killGroup(child.pid);
  }, timeoutMs);
  return new Promise((resolve) => {
    const settle = (isOk: boolean, extra = "") => {
      clearTimeout(timer);
      if (child.pid !== undefined) running.delete(child.pid);
      const output = Buffer.concat(chunks).toString() + extra;
      resolve({ step, isOk, tookMs: performance.now() - startedAt, output });
    };
    child.once("error", (error) => settle(false, `cannot start ${program}: ${error.message}\n`));
    child.once("close", (code) => settle(code === 0));
  });
}

/** Prints one line per step, and everything a failed one said. */
export function printOutcome(outcome: StepOutcome): void {
  const seconds = (outcome.tookMs / 1000).toFixed(1).padStart(6);
  console.log(`${outcome.isOk ? "ok    " : "FAILED"} ${seconds} s  ${outcome.step.name}`);
  if (!outcome.isOk) console.log(`${outcome.output.trimEnd()}\n------ end of ${outcome.step.name}`);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // It ended between the timer and the kill.
  }
}
