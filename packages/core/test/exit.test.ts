import { execFile } from "node:child_process";
import { expect, test } from "vitest";

interface Exit {
  readonly code: number;
  readonly output: string;
  readonly durationMs: number;
}

const prelude = `
  import { defineAgent, defineRequest, InProcessRuntime } from "@troupe/core";
  const any = { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) } };
  const Ask = defineRequest("Ask", any, any);
  const runtime = new InProcessRuntime();
  const agent = defineAgent({ type: "a", state: () => ({ n: 0 }), handlers: (on) => [on.request(Ask, async (how, context) => {
    context.state.n += 1;
    if (how === "sleep") await context.sleep(300);
    if (how === "stuck") await new Promise(() => {});
    return "done";
  })] });
  await runtime.register(agent);
`;

/** Runs a program in a process of its own. */
function run(program: string): Promise<Exit> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--conditions=troupe-source", "--input-type=module", "--eval", prelude + program],
      { cwd: import.meta.dirname, timeout: 15_000 },
      (error, stdout, stderr) => {
        const code = child.exitCode ?? (error === null ? 0 : -1);
        resolve({ code, output: stdout + stderr, durationMs: performance.now() - started });
      },
    );
  });
}

test("C29: a runtime at rest, not even closed, keeps no process alive", async () => {
  const exit = await run(`console.log(await runtime.send(Ask("now"), agent.id("x"))); console.log("end");`);
  expect(exit).toMatchObject({ code: 0, output: "done\nend\n" });
  expect(exit.durationMs).toBeLessThan(10_000);
});

test("C11: a program that awaits a reply lives until the deadline tells it that none comes", async () => {
  const exit = await run(
    `await runtime.send(Ask("stuck"), agent.id("x"), { deadlineMs: 400 }).catch((error) => console.log(error.code));`,
  );
  expect(exit).toMatchObject({ code: 0, output: "delivery.deadline_exceeded\n" });
});

test("C11: a program that awaits a reply without a deadline does not end in silence", async () => {
  const exit = await run(
    `setTimeout(() => { console.log("alive"); process.exit(0); }, 500).unref();
     await runtime.send(Ask("stuck"), agent.id("x"), { deadlineMs: Infinity });`,
  );
  expect(exit).toMatchObject({ code: 0, output: "alive\n" });
});

test("C16: a sleep keeps the process alive, also when nobody awaits the reply", async () => {
  const exit = await run(
    `void runtime.send(Ask("sleep"), agent.id("x"), { deadlineMs: Infinity }).then((reply) => console.log(reply));`,
  );
  expect(exit).toMatchObject({ code: 0, output: "done\n" });
});

test("H2: a closed runtime keeps no process alive, whatever its handlers do", async () => {
  const exit = await run(
    `runtime.send(Ask("stuck"), agent.id("x")).catch((error) => console.log(error.code));
     await new Promise((resolve) => setTimeout(resolve, 20));
     await runtime.close({ graceMs: 20 });
     console.log("closed");`,
  );
  expect(exit).toMatchObject({ code: 0, output: "delivery.runtime_closed\nclosed\n" });
  expect(exit.durationMs).toBeLessThan(10_000);
});
