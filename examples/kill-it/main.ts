// Does what the README tells a reader to do by hand, and checks it: start the run, kill its process, let another one go on.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("src/cli/main.ts", import.meta.resolve("troupe/package.json")));
const team = fileURLToPath(new URL("team.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "kill-it-"));
const packed = (): string[] => {
  const file = join(folder, "packed.txt");
  return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
};

function troupe(...args: string[]): { readonly child: ChildProcess; readonly ended: Promise<string> } {
  const environment = { ...process.env, TROUPE_STORE: "", NO_COLOR: "1" };
  const child = spawn(process.execPath, ["--conditions=troupe-source", command, ...args], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const printed: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => printed.push(chunk.toString()));
  return { child, ended: new Promise((resolve) => child.once("close", () => resolve(printed.join("")))) };
}

try {
  const first = troupe("run", team, "Pack six parcels", "--run-id", "parcels");
  while (packed().length < 3 && first.child.exitCode === null) await pause(20);
  first.child.kill("SIGKILL");
  await first.ended;
  assert.match(await troupe("runs").ended, /parcels +parcels +interrupted/);

  const rest = await troupe("resume", "parcels").ended;
  assert.match(rest, /6 of 6: ALL PACKED/);
  assert.deepEqual(
    packed().map((line) => line.split(",")[0]),
    [1, 2, 3, 4, 5, 6].map((parcel) => `parcel ${parcel}`),
  );
  assert.equal(new Set(packed().map((line) => line.split("process ")[1])).size, 2);
  assert.match(await troupe("runs", "show", "parcels").ended, /the process had died; another took over/);
  assert.match(await troupe("replay", "parcels").ended, /The code reproduces the run/);
  console.log("Killed after three parcels, finished by another process: six parcels, none of them packed twice.");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
