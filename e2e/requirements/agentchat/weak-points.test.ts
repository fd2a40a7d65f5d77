import { AssistantAgent, CodeExecutorAgent, type Question, UserProxyAgent } from "@troupe/agentchat";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { z } from "zod";
import { verifies } from "../agentchat.ts";
import { FakeExecutor, simpleTool, thrownCode } from "./fixtures.ts";

const add = simpleTool("add", () => 3);
const Verdict = z.object({ approved: z.boolean() });

verifies("chat-W14", "the format of structured answers holds after a reflection too", async () => {
  const model = new ScriptedModel([reply.toolCall("add"), '{"approved":true}']);
  const options = {
    name: "a",
    model,
    tools: [add],
    maxToolIterations: 1,
    output: Verdict,
    outputFormat: "Approved: {approved}",
  };
  expect((await new AssistantAgent(options).run("go")).text).toBe("Approved: true");
});

verifies("chat-W15", "a summary covers the calls of all rounds", async () => {
  const model = new ScriptedModel([reply.toolCall("add", { a: 1 }), reply.toolCall("add", { a: 2 })]);
  const agent = new AssistantAgent({
    name: "a",
    model,
    tools: [add],
    maxToolIterations: 2,
    toolCallSummaryFormat: "{arguments}",
  });
  expect((await agent.run("go")).text).toBe('{"a":1}\n{"a":2}');
});

verifies(
  "chat-W34",
  "a code executor keeps its conversation, repeats no task, and reads fences as models write them",
  async () => {
    const fenced = "Here:\r\n```js \r\nconsole.log(1)\r\n```\r\n";
    const plan = '{"reason":"typo","retry":true}';
    const script = [
      reply.parts([
        { kind: "text", text: fenced },
        { kind: "scripted-tool-call", name: "js" },
      ]),
      plan,
      fenced,
      "One.",
      "Still one.",
    ];
    const model = new ScriptedModel(script);
    const executor = new FakeExecutor([{ exitCode: 1 }, { output: "1" }]);
    await using agent = new CodeExecutorAgent({ name: "coder", model, executor, maxRetriesOnError: 1 });
    await agent.session("s").run("count");
    await agent.session("s").run("again");
    expect(executor.requests).toEqual([
      [{ code: "console.log(1)", language: "js" }],
      [{ code: "console.log(1)", language: "js" }],
    ]);
    const last = model.requests.at(-1)?.messages ?? [];
    expect(JSON.stringify(last).split('"count"').length - 1).toBe(1);
    expect(last.filter(({ role }) => role === "assistant")).toHaveLength(3);
  },
);

verifies(
  "chat-W48",
  "whoever answers gets the question with its id; it may be answered later, from outside",
  async () => {
    const questions: Question[] = [];
    await using person = new UserProxyAgent({ name: "ada" });
    await person.run("well?", { onQuestion: (question) => (questions.push(question), "now") });
    expect(questions[0]).toMatchObject({ id: expect.any(String), asker: ["ada"], prompt: "Your answer to user?" });
    const run = person.run("well?");
    const { questions: open } = await run;
    await run.respond(open[0]?.id ?? "", "later");
    expect((await run.handle.result()).text).toBe("later");
  },
);

verifies("chat-W59", "a reflection keeps the tools, the calls with their results and the question", async () => {
  const model = new ScriptedModel([reply.toolCall("add"), "Three."]);
  const agent = new AssistantAgent({ name: "a", model, tools: [add], maxToolIterations: 1, reflectOnToolUse: true });
  await agent.run("what is it?");
  const request = model.requests[1];
  expect(request).toMatchObject({ tools: [{ name: "add" }], toolChoice: "none" });
  expect(request?.messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "tool"]);
});

verifies(
  "chat-W60",
  "a template with a name that does not exist, or a lone brace, is refused when the agent is made",
  () => {
    const model = new ScriptedModel([]);
    for (const toolCallSummaryFormat of ["{resutl}", "{result", "}"])
      expect(thrownCode(() => new AssistantAgent({ name: "a", model, toolCallSummaryFormat }))).toBe(
        "config.invalid_option",
      );
    expect(thrownCode(() => new AssistantAgent({ name: "a", model, output: Verdict, outputFormat: "{aproved}" }))).toBe(
      "config.invalid_option",
    );
  },
);
