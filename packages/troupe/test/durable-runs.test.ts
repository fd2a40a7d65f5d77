import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { atTerminal, canMakeTerminal, keys } from "./at-terminal.ts";
import { fixture, list, project, saidIn, team } from "./stored-project.ts";

// Every command is a process of its own: a machine that does other things as well needs seconds for each.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe("a run in a store", () => {
  test("is kept in .troupe/runs.db, readable by its owner only and out of git", async () => {
    const home = project();
    const { exitCode, stdout, stderr } = await home.run(["run", team, "weigh them", "--run-id", "first"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("Run first, kept in .troupe/runs.db");
    expect(readdirSync(join(home.folder, ".troupe")).toSorted()).toEqual([".gitignore", "runs.db", "teams.json"]);
    expect(statSync(join(home.folder, ".troupe")).mode & 0o077).toBe(0);
    expect(await list(home)).toMatchObject([
      { runId: "first", team: "parcels", status: "ended", end: "condition", events: 24, questions: 0 },
    ]);
  });

  test("the same id and task again show what it came to, and call nothing", async () => {
    const home = project();
    const first = await home.run(["run", team, "weigh them", "--run-id", "one", "--json"]);
    const calls = home.calls();
    const second = await home.run(["run", team, "weigh them", "--run-id", "one", "--json"]);
    expect(second.exitCode).toBe(0);
    expect(saidIn(second.stdout)).toEqual(saidIn(first.stdout));
    expect(home.calls()).toEqual(calls);
    const other = await home.run(["run", team, "something else", "--run-id", "one"]);
    expect(other.exitCode).toBe(1);
    expect(other.stderr).toContain("run.id_taken");
  });

  test.each([
    ["the same command", (run: string) => ["run", team, "weigh them", "--run-id", run]],
    ["resume", (run: string) => ["resume", run]],
  ])("that was killed goes on with %s, and repeats nothing that was recorded", async (_name, goOn) => {
    const whole = project();
    const uninterrupted = await whole.run(["run", team, "weigh them", "--json"]);
    const home = project();
    const environment = { TROUPE_TEST_PAUSE: "40" };
    const killed = await home.run(["run", team, "weigh them", "--run-id", "k"], { environment, killAt: "porter at 5" });
    expect(killed.exitCode).toBeNull();
    expect(await list(home)).toMatchObject([{ runId: "k", status: "interrupted" }]);
    expect((await list(home, "--status", "interrupted"))[0]?.events).toBeGreaterThanOrEqual(8);
    const before = await home.run(["runs", "show", "k", "--json"]);
    const fork = await home.run(["fork", "k", "--at", "3"]);
    expect(fork).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("It is paused") as unknown });
    expect((await home.run(["runs", "show", "k", "--json"])).stdout).toBe(before.stdout);
    const [, copy = ""] = /troupe resume (\S+)/.exec(fork.stdout) ?? [];
    expect(await list(home)).toMatchObject([
      { runId: copy, status: "paused" },
      { runId: "k", status: "interrupted" },
    ]);
    const resumed = await home.run(goOn("k"), { environment });
    expect({ exitCode: resumed.exitCode, stderr: resumed.stderr }).toEqual({ exitCode: 0, stderr: "" });
    const result = await home.run(["run", team, "weigh them", "--run-id", "k", "--json"]);
    expect(saidIn(result.stdout)).toEqual(saidIn(uninterrupted.stdout));
    // The call in flight at the kill may be there twice: a model may be asked again, a tool may not.
    const calls = home.calls();
    expect(calls.length - new Set(calls).size).toBeLessThanOrEqual(1);
    expect(calls.filter((call) => call.startsWith("tool"))).toEqual(["tool 3", "tool 7", "tool 11"]);
    expect([...new Set(calls)]).toEqual(whole.calls());
    const { stdout } = await home.run(["runs", "show", "k"]);
    expect(stdout).toContain("the process had died; another took over");
    expect(stdout).toContain("taken over after a death: once");
  });

  test("whose code has changed in the middle of a turn is restarted at its turn on request", async () => {
    const home = project();
    const file = fixture("changing-team.ts");
    await home.run(["run", file, "go", "--run-id", "c"], {
      environment: { TROUPE_TEST_PAUSE: "10000" },
      killAt: "resting",
    });
    const environment = { TROUPE_TEST_STEP: "two" };
    const resumed = await home.run(["resume", "c", "--restart"], { environment });
    expect({ exitCode: resumed.exitCode, stderr: resumed.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(resumed.stdout).toContain("done");
    expect(await list(home)).toMatchObject([{ runId: "c", status: "ended", end: "condition" }]);
  });

  test("whose code has changed in the middle of a turn is refused, and goes on with the old code", async () => {
    const home = project();
    const file = fixture("changing-team.ts");
    const slow = { TROUPE_TEST_PAUSE: "10000" };
    await home.run(["run", file, "go", "--run-id", "c"], { environment: slow, killAt: "resting" });
    const changed = { TROUPE_TEST_STEP: "two" };
    const refused = await home.run(["resume", "c"], { environment: changed });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(
      /outcome of "one#1", but the handler asked for "two#1"[^]*state\.nondeterministic_replay/,
    );
    expect(refused.stderr).not.toMatch(/^\s+at /m);
    const replayed = await home.run(["replay", "c"], { environment: changed });
    expect(replayed.exitCode).toBe(1);
    expect(replayed.stdout).toMatch(/journal of .*\n {4}recorded: "one#1"\n {4}replayed: "two#1"/);
    const resumed = await home.run(["resume", "c"]);
    expect({ exitCode: resumed.exitCode, stderr: resumed.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(resumed.stdout).toContain("done");
  });

  test("Ctrl+C cancels it, for good", async () => {
    const home = project();
    const cancelled = await home.run(["run", fixture("hanging-team.ts"), "hello", "--run-id", "c"], {
      interruptAt: ["model called"],
    });
    expect(cancelled.exitCode).toBe(130);
    expect(await list(home)).toMatchObject([{ runId: "c", status: "ended" }]);
    const { stdout } = await home.run(["runs", "show", "c"]);
    expect(stdout).toContain("ended by cancelled");
  });

  test("rests at a question, is listed as waiting, and says how to answer", async () => {
    const home = project();
    const rested = await home.run(["run", fixture("asking-team.ts"), "hello", "--run-id", "q"]);
    expect(rested.exitCode).toBe(3);
    expect(rested.stderr).toContain("troupe resume q");
    expect(await list(home, "--status", "waiting")).toMatchObject([{ runId: "q", questions: 1 }]);
    expect(await list(home, "--status", "ended")).toEqual([]);
    const table = await home.run(["runs"]);
    expect(table.stdout).toContain("It waits for an answer: troupe resume q");
    const again = await home.run(["resume", "q"]);
    expect(again.exitCode).toBe(3);
  });

  test.skipIf(!canMakeTerminal)("resume asks the question that it rests at, in another process", async () => {
    const home = project();
    expect((await home.run(["run", fixture("asking-team.ts"), "hello", "--run-id", "q"])).exitCode).toBe(3);
    const answer = ["Your answer to clerk? \u001B", `yes, do${keys.enter}`] as const;
    const { exitCode, shown } = await atTerminal("resume q", [answer], { cwd: home.folder, store: "" });
    expect(exitCode, shown).toBe(0);
    expect(shown).toContain("yes, do");
    expect(shown).toMatch(/condition.*3 messages/s);
    expect(await list(home)).toMatchObject([{ runId: "q", status: "ended", questions: 0 }]);
  });

  test("--store memory keeps nothing, a path keeps it elsewhere, and the variable holds for every command", async () => {
    const home = project();
    await home.run(["run", team, "x", "--store", "memory", "--quiet"]);
    expect(existsSync(join(home.folder, ".troupe"))).toBe(false);
    await home.run(["run", team, "x", "--store", "sqlite:data/my.db", "--run-id", "there", "--quiet"]);
    expect(existsSync(join(home.folder, "data", "my.db"))).toBe(true);
    const environment = { TROUPE_STORE: "sqlite:data/my.db" };
    const listed = await home.run(["runs", "--json"], { environment });
    expect(JSON.parse(listed.stdout)).toMatchObject([{ runId: "there" }]);
  });

  test("--log writes every event, the ones after a crash included", async () => {
    const home = project();
    const environment = { TROUPE_TEST_PAUSE: "40" };
    const log = ["--log", "logs/audit.jsonl"];
    await home.run(["run", team, "x", "--run-id", "l", ...log], { environment, killAt: "porter at 5" });
    await home.run(["resume", "l", ...log], { environment });
    const text = readFileSync(join(home.folder, "logs", "audit.jsonl"), "utf8").trimEnd();
    const sequences = text.split("\n").map((line) => (JSON.parse(line) as { readonly sequence: number }).sequence);
    const { stdout } = await home.run(["runs", "show", "l", "--json"]);
    const { events } = JSON.parse(stdout) as { readonly events: number };
    // What the killed process did not get to write, the next one has added.
    expect(sequences).toEqual(Array.from({ length: events }, (_, index) => index + 1));
    const impossible = await home.run(["run", team, "x", "--log", "calls.txt/audit.jsonl"]);
    expect(impossible.exitCode).toBe(2);
    expect(impossible.stderr).toContain("cannot be written");
  });
});

describe("troupe runs", () => {
  test("lists newest first, and says where it looked when there is nothing", async () => {
    const home = project();
    for (const id of ["one", "two", "three"]) await home.run(["run", team, id, "--run-id", id, "--quiet"]);
    expect((await list(home)).map(({ runId }) => runId)).toEqual(["three", "two", "one"]);
    expect((await list(home, "--limit", "2")).map(({ runId }) => runId)).toEqual(["three", "two"]);
    const { stdout } = await home.run(["runs"]);
    expect(stdout).toMatch(/^run +team +status +started +updated +events +questions\nthree +parcels +ended /);
    expect(stdout).toContain("3 runs. troupe runs show <run>");
    expect((await home.run(["runs", "--status", "paused"])).stdout).toBe("No runs in .troupe/runs.db.\n");
  });

  test("show tells who spoke, what was called with what, and what it took", async () => {
    const home = project();
    await home.run(["run", team, "weigh them", "--run-id", "s", "--quiet"]);
    const { exitCode, stdout } = await home.run(["runs", "show", "s"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^s of parcels, started \d{4}-\d\d-\d\d \d\d:\d\d:\d\d: ended \(condition\)\n/);
    for (const part of [
      "user           weigh them",
      'calls weigh {"parcel":3}',
      "weigh: ok",
      '{"grams":300}',
      "tool calls: 3",
    ])
      expect(stdout).toContain(part);
    expect(stdout).toMatch(/ended by condition: .*\n\n.*model calls: 9/);
    const json = JSON.parse((await home.run(["runs", "show", "s", "--json"])).stdout) as {
      readonly events: number;
      readonly moments: readonly unknown[];
      readonly figures: unknown;
    };
    expect(json.moments).toHaveLength(json.events);
    expect(json.figures).toMatchObject({ modelCalls: 9, toolCalls: 3, usd: null, recoveries: 0 });
  });
});

describe("troupe replay", () => {
  test("goes through a run again and calls nothing: the code reproduces it, also up to an event, also half a run", async () => {
    const home = project();
    const environment = { TROUPE_TEST_PAUSE: "40" };
    await home.run(["run", team, "weigh them", "--run-id", "r"], { environment, killAt: "porter at 5" });
    const calls = home.calls();
    const half = await home.run(["replay", "r"]);
    expect({ exitCode: half.exitCode, stderr: half.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(half.stdout).toMatch(/The code reproduces the run: \d+ events in \d+ turns, nothing differs\./);
    expect(home.calls()).toEqual(calls);
    await home.run(["resume", "r"], { environment });
    const whole = await home.run(["replay", "r"]);
    expect(whole.stdout).toMatch(/The code reproduces the run: 2[45] events in \d+ turns, nothing differs\./);
    const part = await home.run(["replay", "r", "--until", "6"]);
    expect(part.exitCode).toBe(0);
    expect(part.stdout).toContain("reproduces the run: 6 events in");
    expect(part.stdout).toContain('calls weigh {"parcel":3}');
    expect(part.stdout).not.toContain("weigh: ok");
  });

  test("names what the code does otherwise today", async () => {
    const home = project();
    await home.run(["run", team, "weigh them", "--run-id", "r", "--quiet"]);
    const { exitCode, stdout } = await home.run(["replay", "r"], { environment: { TROUPE_TEST_MESSAGES: "4" } });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/The code does something else today: \d+ difference/);
    // The manager has ended the run where it went on then.
    expect(stdout).toMatch(/state of parcels\/r\n {4}recorded: .*\n {4}replayed: .*"run":null/);
    expect(stdout).toContain("remedy: Run the code that recorded the log");
  });

  test("shows what is stored when nobody knows the team", async () => {
    const home = project();
    await home.run(["run", team, "weigh them", "--run-id", "r", "--quiet"]);
    rmSync(join(home.folder, ".troupe", "teams.json"));
    const { exitCode, stdout } = await home.run(["replay", "r"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("troupe replay r path/to/team.ts");
    const named = await home.run(["replay", "r", team]);
    expect(named.stdout).toContain("The code reproduces the run");
  });
});

describe("troupe fork", () => {
  test("--run goes another way from an event on, and touches nothing of the original", async () => {
    const home = project();
    const original = await home.run(["run", team, "weigh them", "--run-id", "o", "--json"]);
    const before = home.calls().length;
    const shown = await home.run(["runs", "show", "o", "--json"]);
    const { exitCode, stdout } = await home.run(["fork", "o", "--at", "16", "--run"]);
    expect(exitCode).toBe(0);
    const [, id = ""] = /Run (\S+) is o up to event 16/.exec(stdout) ?? [];
    // Events 17 to 24: two calls by the clerk and the porter, one weighing, one last call.
    expect(home.calls().slice(before)).toEqual(["model clerk 6", "model porter 11", "tool 11", "model porter 13"]);
    const fork = await home.run(["runs", "show", id, "--json"]);
    const texts = (json: string): string[] => [...json.matchAll(/"text": "([^"]*)"/g)].map(([, text = ""]) => text);
    expect(texts(fork.stdout)).toEqual(texts(shown.stdout));
    const after = await home.run(["runs", "show", "o", "--json"]);
    expect((JSON.parse(after.stdout) as { moments: unknown }).moments).toEqual(
      (JSON.parse(shown.stdout) as { moments: unknown }).moments,
    );
    expect(saidIn(original.stdout)).toHaveLength(7);
  });

  test("without --run the copy is left paused, and resume goes on with it", async () => {
    const home = project();
    await home.run(["run", team, "weigh them", "--run-id", "o", "--quiet"]);
    const before = home.calls().length;
    const { exitCode, stdout } = await home.run(["fork", "o", "--at", "16"]);
    expect(exitCode).toBe(0);
    const [, id = ""] = /troupe resume (\S+)/.exec(stdout) ?? [];
    expect(await list(home, "--status", "paused")).toMatchObject([{ runId: id }]);
    expect(home.calls().length).toBe(before);
    const resumed = await home.run(["resume", id]);
    expect(resumed.exitCode).toBe(0);
    expect(resumed.stdout).toContain("condition: 7 messages");
    expect(home.calls().length).toBe(before + 4);
  });
});
