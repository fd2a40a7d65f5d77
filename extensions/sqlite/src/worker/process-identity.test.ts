import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { createProcessProbe } from "./process-identity.ts";

const isLinux = process.platform === "linux";

describe.skipIf(!isLinux)("the process probe", () => {
  const probe = createProcessProbe();

  test("this process and its parent are there", () => {
    expect(probe.isGone(probe.self)).toBe(false);
    expect(probe.self.pid).toBe(process.pid);
    expect(probe.self.started).toMatch(/^\d+$/);
  });

  test("a process that was killed is gone", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"]);
    await once(child.stdout, "data");
    const pid = child.pid ?? 0;
    const started = createProcessProbe(pid).self.started;
    const identity = { host: probe.self.host, pid, started };
    expect(probe.isGone(identity)).toBe(false);
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    expect(probe.isGone(identity)).toBe(true);
  });

  test("a process with the same number that started at another time is another one", () => {
    expect(probe.isGone({ ...probe.self, started: "1" })).toBe(true);
  });

  test("nothing is known about the processes of another machine, boot or namespace", () => {
    expect(probe.isGone({ ...probe.self, host: "elsewhere", pid: 4_000_000 })).toBe(false);
  });

  test("init lives, although it belongs to somebody else", () => {
    const { started } = createProcessProbe(1).self;
    expect(probe.isGone({ host: probe.self.host, pid: 1, started })).toBe(false);
  });
});
