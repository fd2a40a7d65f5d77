import { DatabaseSync } from "node:sqlite";
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { fixture, list, project, team } from "./stored-project.ts";

// Every command is a process of its own: a machine that does other things as well needs seconds for each.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe("troupe chat", () => {
  test("keeps the conversation, and goes on with it by its name", async () => {
    const home = project();
    const echoes = fixture("echo-team.ts");
    const first = await home.run(["chat", echoes], { input: "one\ntwo\n" });
    expect({ exitCode: first.exitCode, stderr: first.stderr }).toEqual({ exitCode: 0, stderr: "" });
    const [, name = ""] = /--session (\S+)/.exec(first.stdout) ?? [];
    const second = await home.run(["chat", echoes, "--session", name], { input: "three\n/reset\nfour\n" });
    expect(second.stdout).toContain("4 messages so far.");
    expect(second.stdout).toContain("heard 3: three");
    expect(second.stdout).toContain("heard 1: four");
    const other = await home.run(["chat", echoes, "--session", "mine"], { input: "five\n" });
    expect(other.stdout).not.toContain("so far");
    expect(other.stdout).toContain("heard 1: five");
  });

  test("goes on with an answer that was under way when its process died", async () => {
    const home = project();
    const environment = { TROUPE_TEST_PAUSE: "40" };
    const args = ["chat", team, "--session", "s"];
    const killed = await home.run(args, { environment, input: "weigh them\n", killAt: "porter at 5" });
    expect(killed.exitCode).toBeNull();
    const resumed = await home.run(args, { environment, input: "" });
    expect({ exitCode: resumed.exitCode, stderr: resumed.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(resumed.stdout).toContain("The last answer is not complete yet.");
    expect(resumed.stdout).toContain("condition: 7 messages");
    expect(home.calls().filter((call) => call.startsWith("tool"))).toEqual(["tool 3", "tool 7", "tool 11"]);
  });
});

describe("two processes", () => {
  test("one watches while the other works, takes over when that dies, and nothing is done twice", async () => {
    const home = project();
    const environment = { TROUPE_TEST_PAUSE: "250" };
    const first = home.run(["run", team, "weigh them", "--run-id", "t"], { environment, killAt: "porter at 9" });
    await vi.waitUntil(() => home.calls().length > 1, { timeout: 10_000 });
    const second = await home.run(["resume", "t"], { environment });
    expect((await first).exitCode).toBeNull();
    expect({ exitCode: second.exitCode, stderr: second.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(second.stdout).toContain("condition: 7 messages");
    expect(home.calls().filter((call) => call.startsWith("tool"))).toEqual(["tool 3", "tool 7", "tool 11"]);
    expect(home.calls().length - new Set(home.calls()).size).toBeLessThanOrEqual(1);
  });
});

describe("troupe prune", () => {
  test("removes ended runs by age and number, says so before on request, and leaves the others", async () => {
    const home = project();
    for (const id of ["one", "two", "three"]) await home.run(["run", team, id, "--run-id", id, "--quiet"]);
    await home.run(["run", fixture("asking-team.ts"), "hello", "--run-id", "open"]);
    const dry = await home.run(["prune", "--keep-last", "2", "--dry-run"]);
    expect(dry.stdout).toMatch(/Would remove 2 runs, .* kB, from \.troupe\/runs\.db\.\n$/);
    expect(dry.stdout).toMatch(/^one \(parcels\/one\), .* ago$/m);
    expect(await list(home)).toHaveLength(4);
    const aged = await home.run(["prune", "--older-than", "1h"]);
    expect(aged.stdout).toContain("Removed 0 runs");
    const done = await home.run(["prune", "--keep-last", "2"]);
    expect(done.stdout).toContain("Removed 2 runs");
    expect((await list(home)).map(({ runId }) => runId)).toEqual(["open", "three"]);
    expect((await home.run(["runs", "show", "one"])).stderr).toContain('no run "one"');
  });
});

describe("wrong calls say what to do, without a stack", () => {
  const known = project();
  beforeAll(async () => {
    await known.run(["run", team, "x", "--run-id", "known", "--quiet"]);
  });

  test.each([
    [["runs"], "There is no store", "--store sqlite:"],
    [["runs", "--store", "memory"], "end with their process", "TROUPE_STORE"],
    [["runs", "--store", "redis://secret@host"], "none that the command knows", "sqlite:path"],
    [["prune", "--store", "sqlite:any.db"], "which runs may go", "--older-than"],
  ])("%j", async (args, problem, remedy) => {
    const { exitCode, stderr } = await project().run(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(problem);
    expect(stderr).toMatch(new RegExp(`remedy: .*${remedy}`));
    expect(stderr).not.toContain("secret");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test.each([
    ["show", ["runs", "show", "nobody"], /no run "nobody"; the newest are "known"/],
    ["resume", ["resume", "nobody"], /no run "nobody"/],
    ["replay", ["replay", "nobody"], /no run "nobody"/],
    ["fork", ["fork", "nobody", "--at", "1"], /no run "nobody"/],
    ["an event that is not there", ["fork", "known", "--at", "99"], /no event 99: it has 24/],
    ["a team of another name", ["fork", "known", fixture("echo-team.ts"), "--at", "1"], /exports "echoes".*"parcels"/],
    ["a status that is none", ["runs", "--status", "gone"], /"gone" is no status/],
    ["an age that is none", ["prune", "--older-than", "soon"], /number and a unit/],
  ])("%s", async (_name, args, problem) => {
    const { exitCode, stderr } = await known.run(args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(problem) as unknown });
  });

  test.each([
    ["a store of a newer version", "newer.db", "store.newer_schema"],
    ["a file that is no store", "calls.txt", "store.corrupted"],
    ["a folder in place of the file", ".troupe", "store.unavailable"],
  ])("%s, for commands that read and for those that write", async (_name, file, code) => {
    const home = project();
    await home.run(["run", team, "x", "--run-id", "known", "--store", "sqlite:newer.db", "--quiet"]);
    const database = new DatabaseSync(join(home.folder, "newer.db"));
    database.exec("PRAGMA user_version = 1000");
    database.close();
    mkdirSync(join(home.folder, ".troupe"), { recursive: true });
    for (const args of [["runs"], ["run", team, "x"]]) {
      const { exitCode, stderr } = await home.run([...args, "--store", `sqlite:${file}`]);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 1,
        stderr: expect.stringContaining(`code: ${code}`) as unknown,
      });
      expect(stderr).not.toMatch(/^\s+at /m);
    }
  });

  test("a team that nobody noted", async () => {
    const places = join(known.folder, ".troupe", "teams.json");
    renameSync(places, `${places}.away`);
    const { exitCode, stderr } = await known.run(["fork", "known", "--at", "3"]);
    renameSync(`${places}.away`, places);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('the team "parcels"');
  });

  test("an ended run cannot be resumed, and that is no fault", async () => {
    const { exitCode, stdout } = await known.run(["resume", "known"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("has ended");
  });
});
