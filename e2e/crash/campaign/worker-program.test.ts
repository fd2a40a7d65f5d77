import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { WorkerPool } from "./worker-pool.ts";
import { WorkerProgram } from "./worker-program.ts";

const limitMs = 60_000;

test(
  "W1, W2: a bundle is of the sources as they are, says where a stack comes from, and is gone when it is removed",
  async () => {
    const program = await WorkerProgram.open();
    const lines = readFileSync(program.path, "utf8").split("\n");
    const index = lines.findIndex((line) => line.includes("SIGKILL has not killed"));
    const column = (lines[index] ?? "").indexOf("new Error");
    const source = "e2e/crash/worker/fatal-store.ts";
    const sourceLines = readFileSync(new URL("../worker/fatal-store.ts", import.meta.url), "utf8").split("\n");
    const sourceIndex = sourceLines.findIndex((line) => line.includes("SIGKILL has not killed"));
    const place = `${program.path}:${index + 1}:${column + 1}`;
    expect(program.locate(`at die (${place})\nat node:fs:1:2`)).toMatch(
      new RegExp(`^at die \\(${source}:${sourceIndex + 1}:\\d+\\)\nat node:fs:1:2$`),
    );
    await program.remove();
    expect(existsSync(dirname(program.path))).toBe(false);
  },
  limitMs,
);

test(
  "P1: after close no worker lives, waiting or stopped, and nothing is left on disk",
  async () => {
    const pool = await WorkerPool.open(2);
    const workers = [await pool.take(), await pool.take()];
    workers[0]?.pause();
    await pool.close();
    for (const worker of workers) expect(await worker.ended).toMatchObject({ signal: "SIGKILL" });
    expect(existsSync(dirname(pool.program.path))).toBe(false);
    await expect(pool.take()).rejects.toThrow("closed");
  },
  limitMs,
);
