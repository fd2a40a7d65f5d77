import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { atTerminal, canMakeTerminal, keys } from "./at-terminal.ts";

const scratch = mkdtempSync(join(tmpdir(), "troupe-terminal-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.skipIf(!canMakeTerminal)("at a terminal (skipped where `script` is missing)", () => {
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
});
