import type { ModelMessage } from "@troupe/llm";
import { reply, type Script, ScriptedModel, type ScriptedModelOptions } from "@troupe/llm/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  type CodeApprovalRequest,
  CodeExecutorAgent,
  type CodeExecutorAgentOptions,
  defineContext,
  type RunEvent,
  type RunHandle,
} from "../src/index.ts";
import { FakeExecutor } from "./support/fake-executor.ts";
import { Machine } from "./support/processes.ts";

const program = "Let me see.\n```python\nprint(1)\n```";
const better = "```python\nprint(2)\n```";

interface Made {
  readonly agent: CodeExecutorAgent;
  readonly model: ScriptedModel;
  readonly executor: FakeExecutor;
}

function make(
  script: Script,
  results: ConstructorParameters<typeof FakeExecutor>,
  options: Partial<CodeExecutorAgentOptions> & { readonly modelOptions?: ScriptedModelOptions } = {},
): Made {
  const { modelOptions, ...more } = options;
  const model = new ScriptedModel(script, modelOptions);
  const executor = new FakeExecutor(...results);
  return { agent: new CodeExecutorAgent({ name: "coder", model, executor, ...more }), model, executor };
}

async function eventsOf(run: RunHandle<unknown>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) events.push(event);
  return events;
}

/** The programs and plans of a run, in order. */
async function story(run: RunHandle<unknown>): Promise<readonly unknown[]> {
  return (await eventsOf(run)).flatMap((event): unknown[] => {
    if (event.kind === "code-started") return [["start", event.attempt]];
    if (event.kind === "code-finished") return [["end", event.attempt, event.exitCode]];
    return event.kind === "note" ? [[event.name, event.data]] : [];
  });
}

const wordsOf = (messages: readonly ModelMessage[] | undefined): readonly string[] =>
  (messages ?? []).slice(1).map(({ role, content }) => {
    const first = typeof content === "string" ? undefined : content[0];
    return `${role}: ${first?.kind === "text" ? first.text : ""}`;
  });

describe("a code executor with a model", () => {
  test("writes a program, runs it and says what came out", async () => {
    const { agent, model, executor } = make([program, "It is 1."], [{ output: "1" }]);
    const run = agent.run("What is it?");
    expect(await story(run)).toEqual([
      ["start", 0],
      ["end", 0, 0],
    ]);
    const result = await run;
    expect(result.messages.at(-1)).toMatchObject({ kind: "text", source: "coder", text: "It is 1." });
    expect(executor.requests).toEqual([[{ code: "print(1)", language: "python" }]]);
    expect(wordsOf(model.requests[1]?.messages)).toEqual(["user: What is it?", `assistant: ${program}`, "user: 1"]);
    expect(result.usage.total.calls).toBe(2);
  });

  test("answers in words when there is nothing to run", async () => {
    const { agent, executor } = make(["Four."], []);
    const run = agent.run("2 + 2?");
    expect(await story(run)).toEqual([]);
    expect((await run).text).toBe("Four.");
    expect(executor.requests).toEqual([]);
  });

  test("P2: corrects a program that failed, as often as it may, and repeats nothing of the conversation (P1)", async () => {
    const plan = '{"reason":"Off by one.","retry":true}';
    const { agent, model } = make(
      [program, plan, better, "Done."],
      [{ exitCode: 1, output: "boom" }, { output: "2" }],
      {
        maxRetriesOnError: 2,
      },
    );
    const run = agent.run("Go");
    expect(await story(run)).toEqual([
      ["start", 0],
      ["end", 0, 1],
      ["code-retry", { attempt: 1, retry: true, reason: "Off by one." }],
      ["start", 1],
      ["end", 1, 0],
    ]);
    expect((await run).text).toBe("Done.");
    expect(model.requests[1]?.responseFormat).toMatchObject({ kind: "json", name: "plan" });
    expect(wordsOf(model.requests[3]?.messages)).toEqual([
      "user: Go",
      `assistant: ${program}`,
      "user: The program failed with exit code 1:\nboom",
      "user: Correct the program and give it whole. Off by one.",
      `assistant: ${better}`,
      "user: 2",
    ]);
  });

  test("stops when it may not, or does not want to, try again, and says what came out", async () => {
    const failed = { exitCode: 1, output: "boom" };
    const none = make([program, "It failed."], [failed]);
    expect((await none.agent.run("Go")).text).toBe("It failed.");
    const given = make([program, '{"reason":"No network.","retry":false}', "No network."], [failed], {
      maxRetriesOnError: 5,
    });
    expect((await given.agent.run("Go")).text).toBe("No network.");
    expect(given.executor.requests).toHaveLength(1);
    const plan = '{"reason":"x","retry":true}';
    const spent = make([program, plan, better, "Twice."], [failed, failed], { maxRetriesOnError: 1 });
    expect((await spent.agent.run("Go")).text).toBe("Twice.");
    expect(spent.executor.requests).toHaveLength(2);
  });

  test("takes a plan that cannot be read twice for a wish to try again", async () => {
    const modelOptions = { capabilities: { structuredOutput: "none" } } as const;
    const script = [program, "Sure!", "```json\n{}\n```", better, "Done."];
    const { agent, model } = make(script, [{ exitCode: 1 }, {}], { maxRetriesOnError: 1, modelOptions });
    expect(await story(agent.run("Go"))).toContainEqual(["code-retry", expect.objectContaining({ retry: true })]);
    expect(model.requests[1]).not.toHaveProperty("responseFormat");
    expect(JSON.stringify(model.requests[2]?.messages)).toContain("could not be read");
  });

  test("reads a plan in a fence, with Windows line ends", async () => {
    const script = [program, 'Here:\r\n```json \r\n{"reason":"y","retry":false}\r\n```\r\n', "No."];
    const { agent, model } = make(script, [{ exitCode: 1 }], { maxRetriesOnError: 1 });
    await agent.run("Go");
    expect(model.calls).toBe(3);
  });

  test("P3: calls of tools that it has not never enter the conversation", async () => {
    const script = [
      reply.parts([
        { kind: "text", text: program },
        { kind: "scripted-tool-call", name: "python" },
      ]),
      "ok",
    ];
    const { agent, model } = make(script, [{ output: "1" }]);
    await agent.run("Go");
    expect(JSON.stringify(model.requests[1]?.messages)).not.toContain("tool-call");
  });

  test("remembers its programs in the session, and nothing of another", async () => {
    const { agent, model } = make([program, "It is 1.", "As before.", "New."], [{ output: "1" }]);
    await using _ = agent;
    await agent.session("s").run("What is it?");
    await agent.session("s").run("And again?");
    expect(wordsOf(model.requests[2]?.messages)).toHaveLength(5);
    await agent.session("other").run("Hello");
    expect(wordsOf(model.requests[3]?.messages)).toEqual(["user: Hello"]);
  });

  test("shows its words as they come, and its programs as thoughts", async () => {
    const events = await eventsOf(make([program, "It is 1."], [{ output: "1" }]).agent.run("Go"));
    const shown = events.map((event) => (event.kind === "text-delta" ? event.delta : "")).join("");
    expect(shown).toBe(`${program}It is 1.`);
    expect(events.flatMap((event) => (event.kind === "thought" ? [event.text] : []))).toEqual([program]);
  });

  test("an answer that is empty twice is an error", async () => {
    await expect(make(["", " "], []).agent.run("Go")).rejects.toMatchObject({ cause: { code: "model.empty_answer" } });
  });

  test("a cancel while a program runs ends the turn, and leaves the conversation in order", async () => {
    const started = Promise.withResolvers<void>();
    const executor = new FakeExecutor();
    executor.execute = (_blocks?: unknown, options?: { readonly signal?: AbortSignal | undefined }) => {
      started.resolve();
      return new Promise((_resolve, reject) => {
        options?.signal?.addEventListener("abort", () => reject(new Error("stopped")));
      });
    };
    const { agent, model } = make([program, "Again."], [], { executor });
    await using _ = agent;
    const session = agent.session("s");
    const run = session.run("Go");
    await started.promise;
    await run.cancel();
    expect((await run).stopReason.kind).toBe("cancelled");
    expect((await session.run("Still there?")).text).toBe("Again.");
    expect(wordsOf(model.requests[1]?.messages).slice(0, 2)).toEqual(["user: Go", `assistant: ${program}`]);
  });

  test("goes on after a crash, wherever it comes, and runs no program twice", async () => {
    await using machine = new Machine();
    const plan = '{"reason":"Off by one.","retry":true}';
    const makeAgent = (executor: FakeExecutor): CodeExecutorAgent => {
      const answers = [program, better, "Done."];
      const model = new ScriptedModel(({ messages, responseFormat }) => {
        const said = messages.filter(({ role }) => role === "assistant").length;
        return responseFormat === undefined ? (answers[said] ?? "Done.") : plan;
      });
      const approval = () => ({ approved: true });
      return new CodeExecutorAgent({ name: "coder", model, executor, maxRetriesOnError: 1, approval });
    };
    let writes = 1;
    let unknown = 0;
    for (; ; writes += 1) {
      const executor = new FakeExecutor({ exitCode: 1, output: "boom" }, { output: "2" });
      const dying = machine.start();
      dying.kill(writes);
      const runId = `r${writes}`;
      void makeAgent(executor).run("Go", { runtime: dying.runtime, runId }).handle;
      if (!(await dying.settled())) break;
      const next = machine.start();
      const agent = makeAgent(executor);
      await agent.register(next.runtime);
      await next.runtime.recover();
      const run = agent.run("Go", { runtime: next.runtime, runId });
      expect((await run).text, `after ${writes} writes`).toBe("Done.");
      const finished = (await eventsOf(run)).flatMap((event) => (event.kind === "code-finished" ? [event] : []));
      expect(
        finished.map(({ attempt }) => attempt),
        `after ${writes} writes`,
      ).toEqual([0, 1]);
      const codes = executor.requests.flatMap((blocks) => blocks.map(({ code }) => code));
      expect(codes, `after ${writes} writes`).toEqual([...new Set(codes)]);
      if (JSON.stringify(finished).includes("may or may not have taken effect")) unknown += 1;
    }
    expect(writes).toBeGreaterThan(8);
    // Two programs, each claimed before it ran: a death in between is told, and the program is not run again.
    expect(unknown).toBeGreaterThanOrEqual(1);
  });

  test("retries without a model, or below zero, are refused when the agent is made", () => {
    const executor = new FakeExecutor();
    const invalid = expect.objectContaining({ code: "config.invalid_option" });
    expect(() => new CodeExecutorAgent({ name: "c", executor, maxRetriesOnError: 1 })).toThrow(invalid);
    expect(() => make([], [], { maxRetriesOnError: -1 })).toThrow(invalid);
  });
});

describe("approval of programs", () => {
  test("a function sees the program and the conversation, and what it denies does not run", async () => {
    const requests: CodeApprovalRequest[] = [];
    const approval = (request: CodeApprovalRequest) => {
      requests.push(request);
      return { approved: request.code.includes("print(2)"), reason: "It prints 1." };
    };
    const plan = '{"reason":"Print 2.","retry":true}';
    const { agent, model, executor } = make([program, plan, better, "Done."], [{ output: "2" }], {
      approval,
      maxRetriesOnError: 1,
    });
    const run = agent.run("Go");
    expect(await story(run)).toEqual([
      ["end", undefined, 1],
      ["code-retry", { attempt: 1, retry: true, reason: "Print 2." }],
      ["start", 1],
      ["end", 1, 0],
    ]);
    expect(requests[0]).toMatchObject({
      code: "```python\nprint(1)\n```",
      blocks: [{ code: "print(1)", language: "python" }],
      conversation: [{ role: "user" }, { role: "assistant" }],
    });
    expect(executor.requests).toHaveLength(1);
    expect(JSON.stringify(model.requests[1]?.messages)).toContain("was not approved");
    expect(JSON.stringify(model.requests[1]?.messages)).toContain("It prints 1.");
  });

  test("a function knows on whose behalf the program would run", async () => {
    const tenant = defineContext("tenant", z.object({ id: z.string() }));
    const approval = (request: CodeApprovalRequest) => ({ approved: tenant.read(request).id === "ada" });
    const { agent, executor } = make([program, "One.", program, "None."], [{ output: "1" }], { approval });
    await agent.run("Go", { context: tenant.of({ id: "ada" }) });
    await agent.run("Go", { context: tenant.of({ id: "eve" }) });
    expect(executor.requests).toHaveLength(1);
  });

  test("true asks a person by a question of the run", async () => {
    const prompts: string[] = [];
    const executor = new FakeExecutor({ output: "1" });
    const agent = new CodeExecutorAgent({ name: "runner", executor, approval: true });
    const answer = (approved: boolean) => ({
      onQuestion: ({ prompt }: { readonly prompt: string }) => {
        prompts.push(prompt);
        return { approved, reason: "Not today." };
      },
    });
    expect((await agent.run(program, answer(true))).text).toBe("1");
    expect((await agent.run(program, answer(false))).text).toBe(
      "The program failed with exit code 1:\nThe program was not run, because it was not approved. Not today.",
    );
    expect(executor.requests).toHaveLength(1);
    expect(prompts[0]).toBe("May this program run?\n\n```python\nprint(1)\n```");
    const resting = await agent.run(program);
    expect(resting.stopReason.kind).toBe("input-required");
    expect(resting.questions[0]?.schema).toMatchObject({ required: ["approved"] });
    await agent.close();
  });

  test("a program cannot end the fence that it is shown in", async () => {
    const codes: string[] = [];
    const approval = ({ code }: CodeApprovalRequest) => {
      codes.push(code);
      return { approved: false };
    };
    await make(["````js\nconst fence = `\n```\n`;\n````", "ok"], [], { approval }).agent.run("Go");
    expect(codes).toEqual(["````js\nconst fence = `\n```\n`;\n````"]);
  });
});
