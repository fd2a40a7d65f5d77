import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));

/** False only on a person's machine without `script`: there tests at a terminal are skipped, in CI they fail. */
export const canMakeTerminal: boolean =
  process.env["CI"] === "true" || (process.platform === "linux" && spawnSync("script", ["--version"]).status === 0);

/** No command of a test takes so long; one that hangs is killed. */
const limitMs = 18_000;

/** Keys that a person may press. */
export const keys = { enter: "\r", interrupt: "\u0003", endOfInput: "\u0004" } as const;

/** A text to wait for, and the keys that a person presses then. */
export type Reaction = readonly [whenShown: string, press: string];

/** Runs the command at a terminal of its own (`script` of util-linux makes it) and presses keys as texts appear. */
export async function atTerminal(
  args: string,
  reactions: readonly Reaction[],
  { cwd = fixtures, store = "memory" }: { readonly cwd?: string; readonly store?: string } = {},
): Promise<{ exitCode: number | null; shown: string }> {
  const command = `"${process.execPath}" --conditions=troupe-source "${main}" ${args}`;
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    cwd,
    env: { ...process.env, TROUPE_STORE: store },
  });
  const waiting = [...reactions];
  const seen = { shown: "", from: 0 };
  child.stdout.on("data", (chunk: Buffer) => {
    seen.shown += chunk.toString();
    const [text, press] = waiting[0] ?? [];
    const at = text === undefined ? -1 : seen.shown.indexOf(text, seen.from);
    if (text === undefined || press === undefined || at < 0) return;
    waiting.shift();
    seen.from = at + text.length;
    child.stdin.write(press);
  });
  // The end of `script` hangs up on the command: nothing outlives a test that waits in vain.
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const exitCode = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(timer);
  return { exitCode, shown: seen.shown };
}
