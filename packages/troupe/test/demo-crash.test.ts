import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { pickEvent } from "../src/demo/crash/kill-and-resume.ts";
import { type CallCounts, repeatedCalls } from "../src/demo/story.ts";
import { type CommandOutcome, troupe } from "./run-command-line.ts";

// Two runs in three processes: a machine that does other things as well takes its time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const scratch = mkdtempSync(join(tmpdir(), "troupe-demo-crash-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What the report says about the table: without the tables about the run, which tell times. */
function findingsOf(folder: string): string {
  const report = readFileSync(join(scratch, folder, "report.md"), "utf8");
  return report.slice(0, report.indexOf("## What was real"));
}

describe("the demonstration, killed in the middle", () => {
  let crash: CommandOutcome;
  beforeAll(async () => {
    crash = await troupe(["demo", "--crash", "--seed", "5", "--out", join(scratch, "crash")], { cwd: scratch });
  });

  test("ends as if nothing had happened: with the same report", async () => {
    expect({ exitCode: crash.exitCode, stderr: crash.stderr }).toEqual({ exitCode: 0, stderr: "" });
    const whole = await troupe(["demo", "--out", join(scratch, "whole")], { cwd: scratch });
    expect(whole.exitCode).toBe(0);
    expect(findingsOf("crash")).toBe(findingsOf("whole"));
    expect(findingsOf("crash")).toContain("In site Morris the mean rises");
  });

  test("shows the kill where it happened, and what both processes did", () => {
    const kill = /SIGKILL +the process is dead after event (\d+); a new one goes on/.exec(crash.stdout);
    expect(kill).not.toBeNull();
    const before = crash.stdout.slice(0, kill?.index);
    const after = crash.stdout.slice(kill?.index);
    expect(before).toContain("REPLICATED: by code of my own");
    expect(before).not.toContain("APPROVE:");
    expect(after).toContain("APPROVE:");
    // Every scene once: what the first process showed is not shown again by the second.
    expect(crash.stdout.match(/ran the analyst's program/g)).toHaveLength(4);
    expect(crash.stdout.match(/ran a program of its own/g)).toHaveLength(3);
  });

  test("counts the calls of both processes: none whose outcome was recorded is repeated", () => {
    const table = crash.stdout.slice(crash.stdout.indexOf("The crash"));
    expect(table).toMatch(/killed +SIGKILL at event 20 of \d+ \(seed 5\)/);
    expect(table).toMatch(/model calls +11 made, 11 recorded: no recorded one repeated\n/);
    expect(table).toMatch(/code runs +7 made, 7 recorded: no recorded one repeated\n/);
    expect(table).toContain("13 messages, the same, word for word,");
    expect(readFileSync(join(scratch, "crash", "report.md"), "utf8")).toContain("| code runs | 7 made");
    expect(readFileSync(join(scratch, "crash", "run.html"), "utf8")).toContain("Killed after event 20");
  });

  test("leaves the run to look into, the crash included", async () => {
    const [, command = ""] = /troupe (runs show demo --store sqlite:\S+)/.exec(crash.stdout) ?? [];
    const { exitCode, stdout } = await troupe(command.split(" "), { cwd: scratch });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("the process had died; another took over");
    expect(stdout).toContain("APPROVE");
  });
});

test("equal seeds kill at the same event, different ones all over the run, never at its last", () => {
  const picked = Array.from({ length: 200 }, (_, seed) => pickEvent(seed, 40));
  expect(picked).toEqual(Array.from({ length: 200 }, (_, seed) => pickEvent(seed, 40)));
  expect(picked[5]).toBe(20);
  expect([Math.min(...picked), Math.max(...picked)]).toEqual([1, 39]);
  expect(new Set(picked).size).toBeGreaterThan(35);
});

/** Processes whose command line names a text; only Linux shows them as files. */
const processesWith = (text: string): string[] =>
  (existsSync("/proc/self/cmdline") ? readdirSync("/proc") : []).filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(text);
    } catch {
      return false;
    }
  });

test("Ctrl+C in the middle ends it, and its worker process with it", async () => {
  const out = join(scratch, "stopped");
  const { exitCode, stdout, stderr } = await troupe(["demo", "--seed", "5", "--out", out], {
    cwd: scratch,
    interruptAt: ["I take yield as the measure"],
  });
  expect(exitCode, stdout).toBe(130);
  expect(stderr).not.toContain("error:");
  expect(processesWith(out)).toEqual([]);
});

test.each<[CallCounts, number]>([
  [{ made: 11, recorded: 11, inFlight: 0 }, 0],
  [{ made: 12, recorded: 11, inFlight: 1 }, 0],
  [{ made: 12, recorded: 11, inFlight: 0 }, 1],
  [{ made: 14, recorded: 11, inFlight: 1 }, 2],
  [{ made: 11, recorded: 11, inFlight: 1 }, 0],
])("%j: %d recorded calls were repeated", (counts, repeated) => expect(repeatedCalls(counts)).toBe(repeated));
