// The program of the README runs as it stands, on a server that the environment names.
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { describeWithServer } from "./support/with-server.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

describeWithServer("the README of @troupe/postgres", (server) => {
  test("shows a program that runs", async () => {
    const text = await readFile(here("../README.md"), "utf8");
    const program = /^```ts\n([\s\S]*?)^```$/m.exec(text)?.[1];
    expect(program).toContain("postgresStore(");
    // Below the repository's root, where imports resolve as they do for a user.
    const folder = here(`../../../out/readme-postgres-${process.pid}`);
    onTestFinished(() => rm(folder, { recursive: true }));
    await mkdir(folder, { recursive: true });
    const file = join(folder, "program.ts");
    await writeFile(file, program ?? "");
    const { port, password } = server();
    const env = { ...process.env, PGHOST: "127.0.0.1", PGPORT: String(port), PGUSER: "troupe", PGPASSWORD: password };
    const run = promisify(execFile);
    const { stderr } = await run(process.execPath, ["--conditions=troupe-source", file], { env, timeout: 15_000 });
    expect(stderr).toBe("");
    const [snapshots] = await server().query("SELECT count(*) FROM bank.cells");
    expect(snapshots).toBe("1");
  });
});
