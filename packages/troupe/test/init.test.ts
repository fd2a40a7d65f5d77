import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { troupe } from "./run-command-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "troupe-init-"));
const repository = fileURLToPath(new URL("../../../", import.meta.url));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("a new project runs at once, without a key, a network or an install", async () => {
  const created = await troupe(["init", "my-team"], { cwd: scratch });
  expect({ exitCode: created.exitCode, stderr: created.stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(created.stdout).toContain("cd my-team");
  const project = join(scratch, "my-team");
  expect(readdirSync(project).toSorted()).toEqual(
    [
      ".gitignore",
      "README.md",
      "offline-model.ts",
      "package.json",
      "team.test.ts",
      "team.ts",
      "tsconfig.json",
    ].toSorted(),
  );
  expect(existsSync(join(project, "node_modules"))).toBe(false);
  const run = await troupe(["run", "team.ts", "Write a toast for Grace"], { cwd: project });
  expect({ exitCode: run.exitCode, stderr: run.stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(run.stdout).toContain("offline");
  expect(run.stdout).toContain("Write a toast for Grace");
  expect(run.stdout).toContain("APPROVE");
});

test("its files say that the model is a stand-in, keep .env out of git, and name the package", async () => {
  await troupe(["init", "Second Team!"], { cwd: scratch });
  const project = join(scratch, "Second Team!");
  const read = (name: string): string => readFileSync(join(project, name), "utf8");
  expect(JSON.parse(read("package.json"))).toMatchObject({
    name: "second-team",
    type: "module",
    dependencies: { troupe: expect.any(String) as unknown },
  });
  expect(read("offline-model.ts")).toContain("No language model");
  expect(read(".gitignore")).toContain(".env");
  expect(read("README.md")).toContain("no language model");
});

test("its own test passes and its sources type-check, with the packages installed", async () => {
  await troupe(["init", "checked"], { cwd: scratch });
  const project = join(scratch, "checked");
  symlinkSync(join(repository, "node_modules"), join(project, "node_modules"));
  const output = execFileSync(process.execPath, ["--conditions=troupe-source", "--test"], {
    cwd: project,
    encoding: "utf8",
  });
  expect(output).toMatch(/pass 1\b/);
  const compiler = join(repository, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "-p", ".", "--customConditions", "troupe-source", "--types", "node"], {
    cwd: project,
  });
}, 60_000);

test.each([
  ["a directory that holds files", "full"],
  ["a name without a letter", "---"],
  ["a file", "file.txt"],
])("refuses %s and changes nothing", async (_name, directory) => {
  mkdirSync(join(scratch, "full"), { recursive: true });
  writeFileSync(join(scratch, "full", "precious.txt"), "keep me");
  writeFileSync(join(scratch, "file.txt"), "keep me too");
  const { exitCode, stderr } = await troupe(["init", "--", directory], { cwd: scratch });
  expect(exitCode).toBe(2);
  expect(stderr).toContain("code: config.invalid_option");
  expect(readdirSync(join(scratch, "full"))).toEqual(["precious.txt"]);
  expect(readFileSync(join(scratch, "file.txt"), "utf8")).toBe("keep me too");
});
