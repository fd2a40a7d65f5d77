import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How a child process ended. */
export interface CommandOutcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** Where and how the command runs. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Sends Ctrl+C when this text has been printed, as often as it is listed. */
  readonly interruptAt?: readonly string[];
  /** Kills the process, as a crash would, when this text has been printed. */
  readonly killAt?: string;
  /** Closes the pipe at once, as `head` does when it has seen enough. */
  readonly stopsReading?: boolean;
}

const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
/** No command of a test takes so long; one that hangs is killed. */
const limitMs = 55_000;
const keyNames = /_API_KEY$|^OLLAMA_HOST$|_BASE_URL$|^FORCE_COLOR$/;

/**
 * Runs the command from its sources in a process of its own, without any key of the surrounding environment. Runs are kept in memory unless
 * the test names a store: nothing is left in the working directory.
 */
export async function troupe(args: readonly string[], options: CommandOptions = {}): Promise<CommandOutcome> {
  const startedAt = performance.now();
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !keyNames.test(name)));
  const child = spawn(process.execPath, ["--conditions=troupe-source", main, ...args], {
    cwd: options.cwd ?? fileURLToPath(new URL("fixtures/", import.meta.url)),
    env: { ...inherited, NO_COLOR: "1", TROUPE_STORE: "memory", ...options.environment },
  });
  const printed = { stdout: "", stderr: "" };
  const waiting = [...(options.interruptAt ?? [])];
  const hear = (stream: "stdout" | "stderr") => (chunk: Buffer) => {
    printed[stream] += chunk.toString();
    if (options.killAt !== undefined && printed[stream].includes(options.killAt)) child.kill("SIGKILL");
    const next = waiting[0];
    if (next === undefined || !`${printed.stdout}${printed.stderr}`.includes(next)) return;
    waiting.shift();
    child.kill("SIGINT");
  };
  child.stdout.on("data", hear("stdout"));
  child.stderr.on("data", hear("stderr"));
  if (options.stopsReading === true) child.stdout.destroy();
  child.stdin.end(options.input ?? "");
  // Nothing outlives a test that waits in vain.
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code));
  }).finally(() => clearTimeout(timer));
  return { exitCode, ...printed, durationMs: performance.now() - startedAt };
}
