import {
  AssistantAgent,
  CodeExecutorAgent,
  MaxMessageTermination,
  printRun,
  RoundRobinGroupChat,
  UserProxyAgent,
} from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";

const refunds = () =>
  new RoundRobinGroupChat({
    name: "refunds",
    participants: [
      new AssistantAgent({ name: "clerk", model: new ScriptedModel(["Refund order 1042?"]) }),
      new UserProxyAgent({ name: "person" }),
    ],
    termination: new MaxMessageTermination(3),
  });

describe("questions", () => {
  it("are answered in place by onQuestion", async () => {
    await using team = refunds();
    const asked: string[] = [];
    const result = await team.run("Order 1042 arrived broken.", {
      onQuestion: async (question) => {
        asked.push(`${question.asker.join("/")}: ${question.prompt}`);
        return "yes";
      },
    });
    expect(asked).toEqual(["person: Your answer to clerk?"]);
    expect(result.text).toBe("yes");
    expect(result.stopReason.kind).toBe("condition");
  });

  it("let the run rest, and go on when somebody answers", async () => {
    await using team = refunds();
    const run = team.run("Order 1042 arrived broken.");
    const rest = await run;
    expect(rest.stopReason.kind).toBe("input-required");
    expect(rest.messages.map((message) => message.text)).toEqual(["Order 1042 arrived broken.", "Refund order 1042?"]);
    const [question] = rest.questions;
    expect(question).toMatchObject({ asker: ["person"], schema: { type: "string" } });
    expect(await run).toEqual(rest);
    await expect(run.respond(question?.id ?? "", 42)).rejects.toMatchObject({ code: "wait.invalid_answer" });
    expect(run.pending()).toHaveLength(1);
    await run.respond(question?.id ?? "", "no");
    expect((await run).text).toBe("no");
    await expect(run.respond(question?.id ?? "", "no")).rejects.toThrow(/has its answer/);
  });

  it("can be answered by another handle of the same run, by its id", async () => {
    await using runtime = new InProcessRuntime();
    const team = refunds();
    const run = team.run("Order 1042 arrived broken.", { runtime, runId: "refund-1042" });
    const rest = await run;
    const other = team.attach("refund-1042", { runtime });
    await other.respond(rest.questions[0]?.id ?? "", "by another");
    expect((await other).text).toBe("by another");
    expect((await run).text).toBe("by another");
  });

  it("are asked once: whoever comes later is not asked what has its answer, and a lost race is no failure", async () => {
    await using runtime = new InProcessRuntime();
    const person = new UserProxyAgent({ name: "person" });
    const team = new RoundRobinGroupChat({ name: "two", participants: [person], maxTurns: 2 });
    const slow = Promise.withResolvers<string>();
    const run = team.run("Go.", { runtime, runId: "r", onQuestion: () => slow.promise });
    for await (const event of run.events()) if (event.kind === "question-asked") break;
    const asked: string[] = [];
    const other = team.attach("r", {
      runtime,
      onQuestion: (question) => {
        asked.push(question.id);
        return `other ${asked.length}`;
      },
    });
    for await (const event of other.events()) if (event.kind === "question-answered") break;
    slow.resolve("too late");
    expect((await other).messages.map((message) => message.text)).toContain("other 1");
    expect((await run).stopReason.kind).toBe("max-turns");
    const late: string[] = [];
    await team.attach("r", { runtime, onQuestion: (question) => late.push(question.id) });
    expect(late).toEqual([]);
  });

  it("end at their deadline: the run says so, and nothing stays open", async () => {
    await using runtime = new InProcessRuntime();
    const person = new UserProxyAgent({ name: "person", deadlineMs: 20 });
    const run = person.run("Go.", { runtime, runId: "r" });
    const rest = await run;
    expect(rest.questions).toHaveLength(1);
    await vi.waitFor(() => expect(run.pending()).toEqual([]));
    await expect(run.handle.result()).rejects.toMatchObject({
      agentPath: ["person"],
      cause: { code: "wait.deadline_exceeded" },
    });
  });

  it("fail the run when onQuestion throws or answers wrongly", async () => {
    await using person = new UserProxyAgent({ name: "person" });
    const cause = new Error("the terminal is gone");
    const failing = person.run("Go.", { onQuestion: () => Promise.reject(cause) });
    await expect(failing).rejects.toMatchObject({
      code: "run.question_failed",
      cause: { message: "the terminal is gone" },
    });
    await expect(person.run("Go.", { onQuestion: () => 42 })).rejects.toMatchObject({ code: "run.question_failed" });
    expect((await person.run("Go.", { onQuestion: () => "well" })).text).toBe("well");
  });

  it("guard a tool that wants approval: yes runs it, no is a result the model reads", async () => {
    const paid: number[] = [];
    const pay = tool({
      name: "pay",
      description: "Pays",
      input: z.object({ cents: z.number() }),
      approval: ({ cents }) => cents > 100,
      execute: ({ cents }) => {
        paid.push(cents);
        return "paid";
      },
    });
    const model = new ScriptedModel([
      reply.toolCalls([
        { name: "pay", arguments: { cents: 50 } },
        { name: "pay", arguments: { cents: 500 } },
        { name: "pay", arguments: { cents: 700 } },
      ]),
      "Done.",
    ]);
    await using agent = new AssistantAgent({ name: "payer", model, tools: [pay] });
    const result = await agent.run("Pay.", {
      onQuestion: (question) => ({ approved: question.prompt.includes("500"), reason: "too much" }),
    });
    expect(result.text).toBe("Done.");
    expect(new Set(paid)).toEqual(new Set([50, 500]));
    const results = model.requests[1]?.messages.at(-1);
    expect(results?.role === "tool" && results.content.map((part) => part.status)).toEqual(["ok", "ok", "denied"]);
  });
});

describe("printRun", () => {
  const collect = (isTerminal: boolean) => {
    const out = { text: "" };
    return { out, writer: { isTerminal, write: (text: string) => void (out.text += text) } };
  };

  it("prints plain whole lines when piped", async () => {
    await using agent = new AssistantAgent({
      name: "clerk",
      model: new ScriptedModel([reply.text("Hello \u001b]0;evil\u0007there.")]),
    });
    const { out, writer } = collect(false);
    const result = await printRun(agent.run("Greet me."), { writer });
    expect(result.stopReason.kind).toBe("finished");
    expect(out.text).not.toContain("\u001b");
    expect(out.text).toContain("clerk\nHello ]0;evilthere.\n");
    expect(out.text).toMatch(/finished: .* \| 2 messages \| \d+ tokens \(estimated\), price unknown \| 0\.\d s\n$/);
  });

  it("streams words at a terminal and shows a message once", async () => {
    await using agent = new AssistantAgent({
      name: "clerk",
      model: new ScriptedModel([reply.text("One two three.", { chunkSize: 4, chunkDelayMs: 1 })]),
    });
    const { out, writer } = collect(true);
    await printRun(agent.run("Count."), { writer });
    expect(out.text.split("One two three.")).toHaveLength(2);
    expect(out.text).toContain("\u001b[1;3");
  });

  it("ends with the question when the run rests", async () => {
    await using team = refunds();
    const { out, writer } = collect(false);
    const result = await printRun(team.run("Broken."), { writer });
    expect(result.stopReason.kind).toBe("input-required");
    expect(out.text).toContain("asks Your answer to clerk?");
  });
});

describe("CodeExecutorAgent", () => {
  it("runs the programs of the others and answers with what they print", async () => {
    const ran: string[] = [];
    const executor = {
      kind: "code-executor" as const,
      name: "fake",
      languages: ["js"],
      execute: async (blocks: readonly { readonly code: string }[]) => {
        ran.push(...blocks.map((block) => block.code));
        return {
          exitCode: ran.length === 1 ? 0 : 1,
          output: ran.length === 1 ? "14" : "boom",
          truncated: false,
          durationMs: 1,
        };
      },
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
    const coder = new AssistantAgent({
      name: "coder",
      model: new ScriptedModel(["```js\n1\n```\n```py\nno\n```", "```js\n2\n```", "no code"]),
    });
    const runner = new CodeExecutorAgent({ name: "runner", executor, sources: ["coder"] });
    await using team = new RoundRobinGroupChat({
      participants: [coder, runner],
      termination: new MaxMessageTermination(7),
    });
    const run = team.run("```js\nnot mine\n```");
    const codes: number[] = [];
    for await (const event of run.events()) if (event.kind === "code-finished") codes.push(event.exitCode);
    const result = await run;
    expect(ran.map((code) => code.trim())).toEqual(["1", "2"]);
    expect(result.messages.filter((message) => message.source === "runner").map((message) => message.text)).toEqual([
      "14",
      "The program failed with exit code 1:\nboom",
      expect.stringContaining("no program"),
    ]);
    expect(codes).toEqual([0, 1]);
  });
});
