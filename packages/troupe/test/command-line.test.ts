import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { troupe } from "./run-command-line.ts";

const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "troupe-command-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("troupe --help", () => {
  test("lists the commands with what they do, examples and exit codes", async () => {
    const { exitCode, stdout } = await troupe(["--help"]);
    expect(exitCode).toBe(0);
    for (const command of [
      "init [options] <dir>",
      "run [options] <file> [task]",
      "chat [options] <file>",
      "demo [options]",
    ]) {
      expect(stdout).toContain(command);
    }
    expect(stdout).toContain('troupe run team.ts "Summarise');
    expect(stdout).toMatch(/Exit codes: 0 .* 1 .* 2 .* 3 .* 130/);
  });

  test("a command explains its options", async () => {
    const { exitCode, stdout } = await troupe(["help", "demo"]);
    expect(exitCode).toBe(0);
    for (const option of ["--data <file>", "--model <id>", "--out <dir>", "--debug", "--env <path>"]) {
      expect(stdout).toContain(option);
    }
  });

  test("the version is the package's", async () => {
    expect((await troupe(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([[["dance"]], [["run"]], [["demo", "--loud"]], [[]]])(
    "a wrong call %j exits with 2 and says so",
    async (args) => {
      const { exitCode, stderr } = await troupe(args);
      expect(exitCode).toBe(2);
      expect(stderr).not.toBe("");
    },
  );
});

describe("troupe run", () => {
  test("runs the exported team and prints who says what", async () => {
    const { exitCode, stdout, stderr } = await troupe(["run", "echo-team.ts", "Good morning"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("echo");
    expect(stdout).toContain("heard 1: Good morning");
  });

  test("runs a default export that is an agent, in plain JavaScript", async () => {
    const { exitCode, stdout } = await troupe(["run", "default-agent.mjs", "hello", "--quiet"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "an agent on its own\n" });
  });

  test("--json prints the whole result and nothing else", async () => {
    const { stdout } = await troupe(["run", "echo-team.ts", "Good morning", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      text: expect.stringContaining("Good morning") as unknown,
      stopReason: { kind: "condition" },
      messages: [{ source: "user" }, { source: "echo" }],
    });
  });

  test("reads the task from standard input", async () => {
    const { stdout } = await troupe(["run", "echo-team.ts", "--quiet"], { input: "from a pipe\n" });
    expect(stdout).toContain("from a pipe");
  });

  test("parks at every wait with --dev", async () => {
    expect((await troupe(["run", "echo-team.ts", "hello", "--dev", "--quiet"])).stdout).toContain("heard 1: hello");
  });

  test.each([
    ["a file that is not there", "nowhere.ts", "There is no file"],
    ["a file that is no module", "notes.txt", "is not a module"],
    ["a module without a team", "no-team.ts", "exports no team"],
    ["a module whose package is missing", "missing.ts", "cannot be loaded"],
  ])("refuses %s with code and remedy, without a stack", async (_name, file, message) => {
    writeFileSync(join(scratch, "notes.txt"), "{}");
    writeFileSync(join(scratch, "missing.ts"), 'import "no-such-package-anywhere"; export const team = 1;');
    const cwd = ["notes.txt", "missing.ts"].includes(file) ? scratch : fixtures;
    const { exitCode, stderr } = await troupe(["run", file, "hello"], { cwd });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain("code: config.invalid_option");
    expect(stderr).toMatch(/remedy: \S/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("a run without a task is a wrong call", async () => {
    const { exitCode, stderr } = await troupe(["run", "echo-team.ts"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("There is no task");
  });

  test("a fault is printed as code, remedy and cause, with a stack only under --debug", async () => {
    const plain = await troupe(["run", "failing-team.ts", "please fail"]);
    expect(plain.exitCode).toBe(1);
    expect(plain.stderr).toMatch(/code: (team|run|model)\.\w+/);
    expect(plain.stderr).toContain("The key was refused.");
    expect(plain.stderr).not.toMatch(/^\s+at /m);
    const debug = await troupe(["run", "failing-team.ts", "please fail", "--debug"]);
    expect(debug.stderr).toMatch(/^\s+at /m);
  });

  test("a run that needs an answer rests, and says who waits for what", async () => {
    const { exitCode, stderr } = await troupe(["run", "asking-team.ts", "hello"]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain("waiting for an answer");
  });
});

describe("Ctrl+C", () => {
  test("cancels the run, which ends cleanly", async () => {
    const { exitCode, stderr, durationMs } = await troupe(["run", "hanging-team.ts", "hello"], {
      interruptAt: ["model called"],
    });
    expect(exitCode).toBe(130);
    expect(stderr).toContain("stopping");
    expect(stderr).not.toContain("error:");
    expect(durationMs).toBeLessThan(10_000);
  });

  test("pressed twice, leaves at once", async () => {
    const { exitCode } = await troupe(["run", "stubborn-runner.ts", "hello", "--quiet"], {
      interruptAt: ["running", "press Ctrl+C again"],
    });
    expect(exitCode).toBe(130);
  });
});

test("a reader that leaves early is no error", async () => {
  const { exitCode, stderr } = await troupe(["--help"], { stopsReading: true });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
});

describe(".env", () => {
  test("of the working directory is read, and never printed", async () => {
    writeFileSync(join(scratch, ".env"), "TROUPE_TEST_WORD=swordfish\nOPENAI_API_KEY=sk-very-secret\n");
    const file = join(fixtures, "echo-team.ts");
    const { stdout, stderr } = await troupe(["run", file, "hello", "--debug"], { cwd: scratch });
    expect(stdout).toContain("(swordfish)");
    expect(stdout + stderr).not.toContain("sk-very-secret");
  });

  test("loses to what the environment already says", async () => {
    const file = join(fixtures, "echo-team.ts");
    const { stdout } = await troupe(["run", file, "hello"], {
      cwd: scratch,
      environment: { TROUPE_TEST_WORD: "set before" },
    });
    expect(stdout).toContain("(set before)");
  });

  test("--env names another, which must exist", async () => {
    writeFileSync(join(scratch, "other.env"), "TROUPE_TEST_WORD=haddock\n");
    const named = await troupe(["run", "echo-team.ts", "hello", "--env", join(scratch, "other.env")]);
    expect(named.stdout).toContain("(haddock)");
    const missing = await troupe(["run", "echo-team.ts", "hello", "--env", join(scratch, "none.env")]);
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toContain("cannot be read");
  });
});

describe("troupe chat", () => {
  test("keeps the conversation over many turns, starts over on /reset, ends on /quit", async () => {
    const { exitCode, stdout } = await troupe(["chat", "echo-team.ts"], {
      input: "one\ntwo\n\n/help\n/reset\nthree\n/quit\nfour\n",
    });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Talking to echoes");
    expect(stdout).toContain("heard 1: one");
    expect(stdout).toContain("heard 2: two");
    expect(stdout).toContain("heard 1: three");
    expect(stdout).not.toContain("four");
  });

  test("asks the team's questions in the terminal", async () => {
    const { exitCode, stdout } = await troupe(["chat", "asking-team.ts"], { input: "hello\nyes, go ahead\n" });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Shall I?");
    expect(stdout).toContain("yes, go ahead");
  });

  test("asks again and again under --dev, where every wait replays its turn", async () => {
    const { exitCode, stdout } = await troupe(["chat", "asking-team.ts", "--dev"], {
      input: "hello\nyes\nonce more\nno\n",
    });
    expect(exitCode).toBe(0);
    expect(stdout.match(/Shall I\?/g)?.length).toBeGreaterThanOrEqual(2);
  });

  test("Ctrl+C stops the answer that is being given, not the conversation", async () => {
    const { exitCode, stdout } = await troupe(["chat", "hanging-team.ts"], {
      input: "hello\n/help\n",
      interruptAt: ["model called"],
    });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("cancelled");
    expect(stdout.lastIndexOf("/reset starts over")).toBeGreaterThan(stdout.indexOf("model called"));
  });

  test("reports a turn that fails and goes on", async () => {
    const { exitCode, stdout, stderr } = await troupe(["chat", "failing-team.ts"], { input: "please fail\nagain\n" });
    expect(exitCode).toBe(0);
    expect(stderr).toContain("The key was refused.");
    expect(stdout).toContain("all is well");
  });
});
