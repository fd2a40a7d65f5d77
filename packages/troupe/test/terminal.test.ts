import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
const canMakeTerminal = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;
const scratch = mkdtempSync(join(tmpdir(), "troupe-terminal-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const keys = { enter: "\r", interrupt: "\u0003", endOfInput: "\u0004" } as const;

/** A text to wait for, and the keys that a person presses then. */
type Reaction = readonly [whenShown: string, press: string];

/** Runs the command at a terminal of its own (`script` of util-linux makes it) and presses keys as texts appear. */
async function atTerminal(
  args: string,
  reactions: readonly Reaction[],
): Promise<{ exitCode: number | null; shown: string }> {
  const command = `"${process.execPath}" --conditions=troupe-source "${main}" ${args}`;
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], { cwd: fixtures });
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
  const exitCode = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { exitCode, shown: seen.shown };
}

describe.skipIf(!canMakeTerminal && process.env["CI"] !== "true")(
  "at a terminal (skipped where `script` is missing)",
  () => {
    test("run asks the team's question below what led to it, and goes on with the answer", async () => {
      const { exitCode, shown } = await atTerminal("run asking-team.ts hello", [
        ["Your answer to clerk? \u001B", `of course${keys.enter}`],
      ]);
      expect(exitCode, shown).toBe(0);
      expect(shown.indexOf("Shall I?")).toBeLessThan(shown.indexOf("Your answer"));
      expect(shown).toMatch(/condition.*3 messages/s);
      expect(shown).toContain("of course");
    });

    test("Ctrl+C at a question cancels the run", async () => {
      const { exitCode, shown } = await atTerminal("run asking-team.ts hello", [
        ["Your answer to clerk? \u001B", keys.interrupt],
      ]);
      expect(exitCode, shown).toBe(130);
      expect(shown).toContain("cancelled");
    });

    test("chat goes on after Ctrl+C at a question, and ends on Ctrl+D", async () => {
      const { exitCode, shown } = await atTerminal("chat asking-team.ts", [
        ["you> \u001B", `hello${keys.enter}`],
        ["Your answer to clerk? \u001B", keys.interrupt],
        ["you> \u001B", `/help${keys.enter}`],
        ["you> \u001B", keys.endOfInput],
      ]);
      expect(exitCode, shown).toBe(0);
      expect(shown.match(/\/reset starts over/g)).toHaveLength(2);
    });

    test("the demonstration is in colour and says who is at work", async () => {
      const { exitCode, shown } = await atTerminal(`demo --out "${scratch}"`, []);
      expect(exitCode, shown).toBe(0);
      expect(shown).toContain("\u001B[33mStand-in model");
      expect(shown).toContain("is at work...");
    });
  },
);
