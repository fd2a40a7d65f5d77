import { CodeExecutorAgent, UserProxyAgent } from "@troupe/agentchat";
import { expect } from "vitest";
import { verifies } from "../agentchat.ts";
import { errorOf, FakeExecutor } from "./fixtures.ts";

verifies("chat-55", "answers may come at once or later, under the person's name", async () => {
  await using person = new UserProxyAgent({ name: "ada" });
  const atOnce = await person.run("well?", { onQuestion: () => "now" });
  const later = await person.run("well?", { onQuestion: () => Promise.resolve("later") });
  expect([atOnce, later].map(({ messages }) => messages.at(-1))).toMatchObject([
    { kind: "text", source: "ada", text: "now" },
    { kind: "text", source: "ada", text: "later" },
  ]);
});

verifies("chat-56", "a handoff to the person is answered by one back; an older or foreign one is not", async () => {
  await using person = new UserProxyAgent({ name: "ada" });
  const onQuestion = (): string => "done";
  const handoff = { kind: "handoff" as const, text: "yours", target: "ada", source: "bot" };
  const back = await person.run(handoff, { onQuestion });
  expect(back.messages.at(-1)).toMatchObject({ kind: "handoff", target: "bot", text: "done", source: "ada" });
  const older = await person.run([handoff, { kind: "text", text: "something else" }], { onQuestion });
  expect(older.messages.at(-1)?.kind).toBe("text");
});

verifies("chat-58", "a cancel while a person is asked is a cancel", async () => {
  await using person = new UserProxyAgent({ name: "ada" });
  const asked = Promise.withResolvers<void>();
  const run = person.run("well?", {
    onQuestion: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  });
  await asked.promise;
  await run.cancel();
  expect((await run).stopReason.kind).toBe("cancelled");
  const resting = person.run("well?");
  expect((await resting).stopReason.kind).toBe("input-required");
  await resting.cancel();
  expect((await resting).stopReason.kind).toBe("cancelled");
});

verifies("chat-59", "input that fails says so", async () => {
  await using person = new UserProxyAgent({ name: "ada" });
  const error = await errorOf(
    person.run("well?", {
      onQuestion: () => {
        throw new Error("terminal is gone");
      },
    }),
  );
  expect(error).toMatchObject({ code: "run.question_failed" });
  expect(String(error)).toContain("terminal is gone");
});

verifies("chat-60", "code is run; what is missing or failed is said", async () => {
  const executor = new FakeExecutor([{ output: "14" }, {}, { exitCode: 1, output: "boom" }]);
  await using agent = new CodeExecutorAgent({ name: "runner", executor });
  expect((await agent.run("```js\n1\n```")).text).toBe("14");
  expect((await agent.run("```js\n2\n```")).text).toContain("exit code 0 and printed nothing");
  expect((await agent.run("```js\n3\n```")).text).toBe("The program failed with exit code 1:\nboom");
  expect((await agent.run("just words")).text).toContain("no program to run");
  expect((await agent.run("```cobol\n4\n```")).text).toContain("no program to run");
  expect(executor.requests).toHaveLength(3);
});

verifies("chat-61", "several blocks run in order, in one request", async () => {
  const executor = new FakeExecutor([{ output: "ok" }]);
  await using agent = new CodeExecutorAgent({ name: "runner", executor, sources: ["user"] });
  await agent.run([
    { kind: "text", text: "```js\none\n```\nand\n```JS\ntwo\n```" },
    { kind: "text", text: "```js\nnot mine\n```", source: "stranger" },
    { kind: "text", text: "```js\nthree\n```" },
  ]);
  expect(executor.requests.map((blocks) => blocks.map((block) => block.code.trim()))).toEqual([
    ["one", "two", "three"],
  ]);
});
