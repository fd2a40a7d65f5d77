import {
  allowOnly,
  AssistantAgent,
  CodeExecutorAgent,
  type DurableRunEvent,
  type PolicyCall,
  type PolicyFunction,
  RoundRobinGroupChat,
  type Run,
  Swarm,
} from "@troupe/agentchat";
import { InProcessRuntime, MemoryStore } from "@troupe/core";
import { type CodeBlock, jsonSchema, staticWorkbench, type Tool, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { Machine } from "./support/processes.ts";

type Payment = { readonly cents: number };

const payment = jsonSchema<Payment>({
  type: "object",
  properties: { cents: { type: "integer", minimum: 1 } },
  required: ["cents"],
  additionalProperties: false,
});

/** A tool that remembers what it was called with. */
function payTool(options: { readonly approval?: boolean; readonly idempotent?: boolean } = {}) {
  const paid: number[] = [];
  const pay: Tool = tool({
    name: "pay",
    description: "Pays",
    input: payment,
    ...options,
    execute: ({ cents }) => {
      paid.push(cents);
      return "paid";
    },
  });
  return { paid, pay };
}

interface Payer {
  readonly policy?: PolicyFunction | undefined;
  readonly calls?: readonly (Payment | string)[];
  readonly pay: Tool;
}

function payer({ policy, calls = [{ cents: 500 }], pay }: Payer): AssistantAgent {
  const answers = calls.map((arguments_) => reply.toolCalls([{ name: "pay", arguments: arguments_ }]));
  // By what has been said, not by how often it was asked: another process goes on where this one ends.
  const model = new ScriptedModel(
    ({ messages }) => answers[messages.filter(({ role }) => role === "tool").length] ?? "done",
  );
  return new AssistantAgent({ name: "payer", model, tools: [pay], policy });
}

async function eventsOf(run: Run<unknown>): Promise<readonly DurableRunEvent[]> {
  const events: DurableRunEvent[] = [];
  for await (const event of run.events()) if (!event.isLive) events.push(event);
  return events;
}

type Decided = Extract<DurableRunEvent, { readonly kind: "policy-decided" }>;

async function decisionsOf(run: Run<unknown>): Promise<readonly Decided[]> {
  return (await eventsOf(run)).filter((event): event is Decided => event.kind === "policy-decided");
}

async function resultsOf(run: Run<unknown>): Promise<readonly string[]> {
  return (await eventsOf(run)).flatMap((event) =>
    event.kind === "tool-call-finished"
      ? [
          `${event.result.status}: ${event.result.content.map((part) => (part.kind === "text" ? part.text : "")).join("")}`,
        ]
      : [],
  );
}

describe("a policy", () => {
  it("allows, and denies with a reason that the model reads", async () => {
    const { paid, pay } = payTool();
    const policy: PolicyFunction = ({ arguments: { cents } }) =>
      Number(cents) > 100 ? { kind: "deny", reason: "too much" } : { kind: "allow" };
    const run = payer({ policy, pay, calls: [{ cents: 500 }, { cents: 90 }] }).run("go");
    expect((await run).text).toBe("done");
    expect(paid).toEqual([90]);
    expect(await resultsOf(run)).toEqual(["denied: This was not allowed: too much", "ok: paid"]);
    expect(await decisionsOf(run)).toMatchObject([
      { name: "pay", policy: "payer", decision: "deny", reason: "too much", path: ["payer"] },
      { name: "pay", policy: "payer", decision: "allow" },
    ]);
  });

  it("P3: rewrites: the new arguments fit the schema and are judged again, by everybody", async () => {
    const { paid, pay } = payTool();
    const seen: unknown[] = [];
    const halve: PolicyFunction = ({ arguments: { cents } }) =>
      Number(cents) > 100 ? { kind: "rewrite", arguments: { cents: Number(cents) / 2 } } : { kind: "allow" };
    const watch: PolicyFunction = ({ arguments: args }) => {
      seen.push(args["cents"]);
      return { kind: "allow" };
    };
    const team = new RoundRobinGroupChat({
      participants: [payer({ policy: halve, pay, calls: [{ cents: 400 }] })],
      policy: watch,
      maxTurns: 1,
    });
    await team.run("go");
    expect(paid).toEqual([100]);
    expect(seen).toEqual([400, 200, 100]);
    // Never settling, and arguments that do not fit, are denials.
    const grow: PolicyFunction = ({ arguments: { cents } }) => ({
      kind: "rewrite",
      arguments: { cents: Number(cents) + 1 },
    });
    const break_: PolicyFunction = () => ({ kind: "rewrite", arguments: { cents: "all" } });
    for (const policy of [grow, break_]) {
      const run = payer({ policy, pay }).run("go");
      await run;
      expect((await resultsOf(run))[0]).toMatch(
        /^denied: This was not allowed: (The policies do not agree|A policy changed)/,
      );
    }
    expect(paid).toEqual([100]);
  });

  it("P1: bothers nobody with a call that does not fit its schema or is denied", async () => {
    const { paid, pay } = payTool({ approval: true });
    const asked: string[] = [];
    const calls: PolicyCall[] = [];
    const policy: PolicyFunction = (call) => {
      calls.push(call);
      return Number(call.arguments["cents"]) > 100 ? { kind: "deny", reason: "no" } : { kind: "ask" };
    };
    const onQuestion = ({ prompt }: { readonly prompt: string }): unknown => {
      asked.push(prompt);
      return { approved: true };
    };
    const wrong = ["{ cents: 1 }", '{"cents":"1"}', '{"cents":0}', '{"cents":1,"to":"me"}', "[]"];
    await payer({ policy, pay, calls: [...wrong, { cents: 101 }, { cents: 7 }] }).run("go", { onQuestion });
    expect(asked).toEqual(['May "payer" call pay with {"cents":7}?']);
    expect(calls.map(({ arguments: args }) => args["cents"])).toEqual([101, 7, 7]);
    expect(paid).toEqual([7]);
  });

  it("P2: binds a yes to the arguments that were shown: changed ones are asked for again", async () => {
    const { paid, pay } = payTool();
    const asked: string[] = [];
    const fickle: PolicyFunction = ({ arguments: args }, { isApproved }) => {
      if (args["cents"] === 500 && isApproved) return { kind: "rewrite", arguments: { cents: 900 } };
      return { kind: "ask", prompt: "More than usual." };
    };
    await payer({ policy: fickle, pay }).run("go", {
      onQuestion: ({ prompt }) => {
        asked.push(prompt);
        return { approved: true };
      },
    });
    expect(asked).toEqual([
      'More than usual.\nMay "payer" call pay with {"cents":500}?',
      'More than usual.\nMay "payer" call pay with {"cents":900}?',
    ]);
    expect(paid).toEqual([900]);
    // A person's no, and a policy that has changed its mind since.
    const no = payer({ policy: () => ({ kind: "ask" }), pay }).run("go", {
      onQuestion: () => ({ approved: false, reason: "not today" }),
    });
    await no;
    expect(await resultsOf(no)).toEqual(["denied: A person denied this call. not today"]);
    const late: PolicyFunction = (_call, { isApproved }) =>
      isApproved ? { kind: "deny", reason: "late" } : { kind: "ask" };
    await payer({ policy: late, pay }).run("go", { onQuestion: () => ({ approved: true }) });
    expect(paid).toEqual([900]);
  });

  it("that throws, or answers nonsense, denies and says why", async () => {
    const { paid, pay } = payTool();
    const broken: PolicyFunction[] = [
      () => {
        throw new Error("the directory is down");
      },
      () => Promise.reject(new Error("the directory is down")),
      () => undefined as never,
      () => ({ kind: "perhaps" }) as never,
      () => ({ kind: "deny" }) as never,
      () => ({ kind: "rewrite", arguments: [1] }) as never,
      () => ({ kind: "rewrite", arguments: { cents: 10n } }) as never,
    ];
    for (const policy of broken) {
      const run = payer({ policy, pay }).run("go");
      expect((await run).text).toBe("done");
      expect((await resultsOf(run))[0]).toMatch(/^denied: This was not allowed: The policy failed: /);
      expect((await decisionsOf(run))[0]).toMatchObject({
        decision: "deny",
        reason: expect.stringContaining("failed"),
      });
    }
    expect(paid).toEqual([]);
  });

  it("in shadow mode is recorded and does not count", async () => {
    const { paid, pay } = payTool();
    const model = new ScriptedModel([reply.toolCall("pay", { cents: 5 }), "done"]);
    const decide: PolicyFunction = () => ({ kind: "deny", reason: "would not" });
    const agent = new AssistantAgent({ name: "payer", model, tools: [pay], policy: { decide, mode: "shadow" } });
    const run = agent.run("go");
    await run;
    expect(paid).toEqual([5]);
    expect(await decisionsOf(run)).toMatchObject([{ decision: "deny", reason: "would not", isShadow: true }]);
  });
});

describe("policies of nested teams", () => {
  it("all decide, outermost first, and the strictest counts", async () => {
    const order: string[] = [];
    const say =
      (name: string, kind: "allow" | "deny" | "ask"): PolicyFunction =>
      () => {
        order.push(name);
        return kind === "deny" ? { kind, reason: name } : { kind };
      };
    const make = (...kinds: readonly ("allow" | "deny" | "ask")[]) => {
      const { paid, pay } = payTool();
      const [outer = "allow", inner = "allow", own = "allow"] = kinds;
      const pair = new RoundRobinGroupChat({
        name: "inner",
        participants: [payer({ policy: say("own", own), pay })],
        policy: say("inner", inner),
        maxTurns: 1,
      });
      const team = new RoundRobinGroupChat({
        name: "outer",
        participants: [pair],
        policy: say("outer", outer),
        maxTurns: 1,
      });
      return { paid, run: team.run("go") };
    };
    const allowed = make("allow", "allow", "allow");
    await allowed.run;
    expect(order).toEqual(["outer", "inner", "own"]);
    expect(allowed.paid).toEqual([500]);
    expect((await decisionsOf(allowed.run)).map((event) => event.policy)).toEqual(["outer", "inner", "payer"]);
    for (const kinds of [
      ["deny", "allow", "allow"],
      ["allow", "ask", "deny"],
      ["ask", "deny", "allow"],
    ] as const) {
      const denied = make(...kinds);
      expect((await denied.run).questions).toEqual([]);
      expect(denied.paid).toEqual([]);
    }
    const asking = make("allow", "ask", "allow");
    expect((await asking.run).stopReason.kind).toBe("input-required");
    await asking.run.respond(asking.run.pending()[0]?.id ?? "", { approved: true });
    await asking.run.handle.result();
    expect(asking.paid).toEqual([500]);
  });

  it("allow nothing that is not listed: tools, tools of workbenches, programs and handoffs alike", async () => {
    const ran: string[] = [];
    const spy = (name: string): Tool =>
      tool({
        name,
        description: name,
        input: jsonSchema<object>({ type: "object" }),
        execute: () => void ran.push(name),
      });
    const model = new ScriptedModel([
      reply.toolCalls([{ name: "listed" }, { name: "other" }, { name: "remote" }]),
      reply.toolCall("transfer_to_b"),
      "```js\n1\n```",
    ]);
    const agent = new AssistantAgent({
      name: "a",
      model,
      tools: [spy("listed"), spy("other")],
      workbench: staticWorkbench([spy("remote")]),
      handoffs: ["b"],
    });
    const b = new AssistantAgent({ name: "b", model: new ScriptedModel(() => "b speaks") });
    const swarm = new Swarm({ name: "swarm", participants: [agent, b], maxTurns: 2 });
    const executor = {
      kind: "code-executor" as const,
      name: "spy",
      languages: ["js"],
      execute: async (blocks: readonly CodeBlock[]) => {
        ran.push(...blocks.map(({ code }) => code));
        return { exitCode: 0, output: "", truncated: false, durationMs: 0 };
      },
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
    const runner = new CodeExecutorAgent({ name: "runner", executor });
    const team = new RoundRobinGroupChat({
      name: "all",
      participants: [swarm, runner],
      policy: allowOnly(["listed"]),
      maxTurns: 2,
    });
    const run = team.run("go");
    const { messages } = await run;
    expect(ran).toEqual(["listed"]);
    expect(messages.map(({ source }) => source)).not.toContain("b");
    expect(messages.at(-1)?.text).toContain("code is not one of the tools that may be used");
    const denied = (await decisionsOf(run)).filter(({ decision }) => decision === "deny").map(({ name }) => name);
    expect(denied).toEqual(["other", "remote", "transfer_to_b", "code"]);
  });

  it("decide about agents as tools, and hold inside of them", async () => {
    const { paid, pay } = payTool();
    const chief = (policy: PolicyFunction): AssistantAgent =>
      new AssistantAgent({
        name: "chief",
        model: new ScriptedModel(({ messages }) =>
          messages.at(-1)?.role === "tool" ? "done" : reply.toolCall("payer", { task: "Pay." }),
        ),
        tools: [payer({ pay }).asTool()],
        policy,
      });
    const refused = chief(allowOnly(["pay"])).run("go");
    expect((await resultsOf(refused))[0]).toContain("payer is not one of the tools");
    const inside = chief(allowOnly(["payer"])).run("go");
    await inside;
    expect((await decisionsOf(inside)).map(({ name, decision, path }) => `${path.length} ${name} ${decision}`)).toEqual(
      ["1 payer allow", "2 pay deny"],
    );
    expect(paid).toEqual([]);
  });

  it("see programs as they run, and may change them", async () => {
    const ran: string[] = [];
    const executor = {
      kind: "code-executor" as const,
      name: "spy",
      languages: ["js"],
      execute: async (blocks: readonly CodeBlock[]) => {
        ran.push(...blocks.map(({ code }) => code));
        return { exitCode: 0, output: "ran", truncated: false, durationMs: 0 };
      },
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
    const policy: PolicyFunction = ({ kind, arguments: { blocks } }) =>
      kind === "code" && JSON.stringify(blocks).includes("delete")
        ? { kind: "rewrite", arguments: { blocks: [{ language: "js", code: "harmless" }] } }
        : { kind: "ask" };
    const runner = new CodeExecutorAgent({ name: "runner", executor, policy });
    const asked: string[] = [];
    const result = await runner.run("```js\ndelete\n```", {
      onQuestion: ({ prompt }) => {
        asked.push(prompt);
        return { approved: true };
      },
    });
    expect(result.text).toBe("ran");
    expect(ran).toEqual(["harmless"]);
    expect(asked).toEqual(['May "runner" run this program?\n\n```js\nharmless\n```']);
  });
});

describe("decisions", () => {
  it("are journaled: a run that was taken up again asks neither policy nor person twice", async () => {
    const decided: number[] = [];
    for (let afterWrites = 1; afterWrites <= 16; afterWrites += 1) {
      await using machine = new Machine();
      const { paid, pay } = payTool({ idempotent: true });
      let asked = 0;
      let count = 0;
      const policy: PolicyFunction = (_call, { isApproved }) => {
        count += 1;
        return isApproved ? { kind: "allow" } : { kind: "ask" };
      };
      const define = (): AssistantAgent => payer({ policy, pay });
      const onQuestion = (): unknown => {
        asked += 1;
        return { approved: true };
      };
      const first = machine.start();
      first.kill(afterWrites);
      define()
        .run("go", { runtime: first.runtime, runId: "r", onQuestion })
        .handle.result()
        .catch(() => {});
      const hasDied = await first.settled();
      const result = await define().run("go", { runtime: machine.start().runtime, runId: "r", onQuestion });
      expect(result.text).toBe("done");
      expect(new Set(paid)).toEqual(new Set([500]));
      // What was decided and not recorded is decided again; at most one decision is lost with a process.
      expect(count).toBeGreaterThanOrEqual(2);
      expect(count).toBeLessThanOrEqual(hasDied ? 3 : 2);
      expect(asked).toBeLessThanOrEqual(2);
      decided.push(count);
    }
    expect(decided).toContain(2);
  });

  it("wait for their person across processes", async () => {
    const store = new MemoryStore({ isDurable: true });
    const { paid, pay } = payTool();
    const define = (): AssistantAgent => payer({ policy: () => ({ kind: "ask", prompt: "Sure?" }), pay });
    const first = new InProcessRuntime({ store });
    const rest = await define().run("go", { runtime: first, runId: "r" });
    await first.close();
    await using second = new InProcessRuntime({ store });
    const run = define().attach("r", { runtime: second });
    await run.respond(rest.questions[0]?.id ?? "", { approved: true });
    expect((await run).text).toBe("done");
    expect(paid).toEqual([500]);
  });
});
