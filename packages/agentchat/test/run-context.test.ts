import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  defineContext,
  type GuardOptions,
  MaxMessageTermination,
  RoundRobinGroupChat,
  UserProxyAgent,
} from "@troupe/agentchat";
import { InProcessRuntime, MemoryStore } from "@troupe/core";
import { type Tool, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { Machine } from "./support/processes.ts";

const customer = defineContext("customer", z.object({ id: z.string(), token: z.string() }));
const locale = defineContext("locale", z.object({ language: z.string().default("en") }), { persist: true });

/** A tool that says who it works for, and nothing of the token; what it saw. */
function whoami() {
  const seen: string[] = [];
  const who: Tool = tool({
    name: "who",
    description: "Says who asks",
    input: z.object({}),
    execute: (_, context) => {
      const { id, token } = customer.read(context);
      seen.push(`${id}:${token}`);
      return `on behalf of ${id}`;
    },
  });
  return { seen, who };
}

function clerk(who: Tool, options: GuardOptions = {}) {
  const model = new ScriptedModel(({ messages }) =>
    messages.at(-1)?.role === "tool" ? "done" : reply.toolCall("who"),
  );
  return { model, agent: new AssistantAgent({ name: "clerk", model, tools: [who], ...options }) };
}

class Reader extends BaseChatAgent {
  // oxlint-disable-next-line require-yield
  async *onMessages(_: readonly ChatMessage[], context: ChatAgentContext) {
    const found = customer.find(context);
    const language = locale.find(context)?.language ?? "none";
    return this.reply(`${found?.id ?? "nobody"} ${language}`);
  }
}

const ada = { id: "ada", token: "secret-ada" };

describe("the context of a run", () => {
  it("reaches tools, policies, prompts and custom agents, in nested teams too", async () => {
    const { seen, who } = whoami();
    const { agent } = clerk(who);
    const policies: string[] = [];
    const prompted = new ScriptedModel(() => "hello");
    const greeter = new AssistantAgent({
      name: "greeter",
      model: prompted,
      systemMessage: ({ run, agentName }) => `You are ${agentName}, for ${customer.read({ run }).id}.`,
    });
    const inner = new RoundRobinGroupChat({
      name: "inner",
      participants: [agent, greeter, new Reader({ name: "reader" })],
      maxTurns: 3,
      policy: (_call, context) => {
        policies.push(customer.read(context).id);
        return { kind: "allow" };
      },
    });
    const outer = new RoundRobinGroupChat({ name: "outer", participants: [inner], maxTurns: 1, needs: [customer] });
    const result = await outer.run("go", { context: [customer.of(ada), locale.of({})] });
    expect(seen).toEqual(["ada:secret-ada"]);
    expect(policies).toEqual(["ada"]);
    expect(prompted.requests[0]?.messages[0]).toEqual({ role: "system", content: "You are greeter, for ada." });
    expect(result.text).toBe("ada en");
  });

  it("is checked when it is made, and when a run needs it", async () => {
    expect(() => customer.of({ id: "ada" } as never)).toThrow(/token/);
    const { who, seen } = whoami();
    const needing = clerk(who, { needs: [customer] }).agent;
    await expect(needing.run("go")).rejects.toMatchObject({ code: "run.context_missing" });
    await expect(needing.run("go", { context: locale.of({}) })).rejects.toMatchObject({ code: "run.context_missing" });
    const team = new RoundRobinGroupChat({ participants: [needing], maxTurns: 1 });
    await expect(team.run("go")).rejects.toMatchObject({ details: { name: "customer" } });
    // Where nobody said that it is needed, the tool says so when it is.
    const run = clerk(who).agent.run("go");
    expect((await run).text).toBe("done");
    expect(seen).toEqual([]);
  });

  it("V1: never reaches a model, another run, an event or the store: 1,000 runs at once, each with a secret", async () => {
    const { seen, who } = whoami();
    const { agent, model } = clerk(who);
    const team = new RoundRobinGroupChat({
      name: "desk",
      participants: [agent],
      termination: new MaxMessageTermination(2),
    });
    const store = new MemoryStore({ isDurable: true });
    await using runtime = new InProcessRuntime({ store });
    const events: string[] = [];
    const results = await Promise.all(
      Array.from({ length: 1_000 }, async (_, index) => {
        const context = customer.of({ id: `user-${index}`, token: `canary-${index}` });
        const run = team.run(`task ${index}`, { runtime, runId: `run-${index}`, context });
        if (index % 100 === 0) for await (const event of run.events()) events.push(JSON.stringify(event));
        return run.handle.result();
      }),
    );
    expect(new Set(seen).size).toBe(1_000);
    for (const pair of seen) expect(pair).toMatch(/^user-(\d+):canary-\1$/);
    expect(JSON.stringify(results)).not.toContain("canary");
    expect(JSON.stringify(model.requests.map(({ messages }) => messages))).not.toContain("canary");
    expect(events.join()).not.toContain("canary");
    for (let index = 0; index < 1_000; index += 1)
      expect(JSON.stringify(store.read(`desk/run-${index}`))).toMatch(/^\[\{((?!canary).)*$/);
  }, 60_000);

  it("is given again where a run goes on, or stored when it says so", async () => {
    const store = new MemoryStore({ isDurable: true });
    const define = (): RoundRobinGroupChat =>
      new RoundRobinGroupChat({
        name: "desk",
        participants: [new UserProxyAgent({ name: "person" }), new Reader({ name: "reader" })],
        maxTurns: 2,
        needs: [customer, locale],
      });
    const context = [customer.of(ada), locale.of({ language: "fi" })];
    const rest = async (runId: string): Promise<string> => {
      await using runtime = new InProcessRuntime({ store });
      const { questions } = await define().run("go", { runtime, runId, context });
      return questions[0]?.id ?? "";
    };
    const answered = await rest("given");
    await using second = new InProcessRuntime({ store });
    const team = define();
    const again = team.attach("given", { runtime: second, context: customer.of(ada) });
    await again.respond(answered, "yes");
    expect((await again).text).toBe("ada fi");
    const lacking = await rest("lacking");
    await using third = new InProcessRuntime({ store });
    const other = define();
    const without = other.attach("lacking", { runtime: third });
    // Somebody may answer without knowing on whose behalf; what comes then needs to know.
    expect((await without).stopReason.kind).toBe("input-required");
    await without.respond(lacking, "yes");
    await expect(without).rejects.toMatchObject({
      code: "run.context_missing",
      message: expect.not.stringContaining("secret"),
    });
    // The run itself waits, and goes on where it was.
    const complete = other.attach("lacking", { runtime: third, context: customer.of(ada) });
    expect((await complete).text).toBe("ada fi");
  });

  it("V3: is asked of the operator when nobody holds a handle, and a run that waits for it can be cancelled", async () => {
    for (const isGiven of [true, false]) {
      await using machine = new Machine();
      const { who } = whoami();
      const define = (): AssistantAgent => clerk(who, { needs: [customer] }).agent;
      const first = machine.start();
      first.kill(3);
      define()
        .run("go", { runtime: first.runtime, runId: "r", context: customer.of(ada) })
        .handle.result()
        .catch(() => {});
      expect(await first.settled()).toBe(true);
      const reports: unknown[] = [];
      const error = (record: { readonly error?: unknown }): void => void reports.push(record.error);
      const { runtime } = machine.start({ logger: { debug: () => {}, info: () => {}, warn: () => {}, error } });
      const agent = define();
      await agent.register(runtime);
      await runtime.recover();
      await vi.waitFor(() => expect(reports).toMatchObject([{ code: "run.context_missing" }]));
      const lacking = agent.attach("r", { runtime });
      await expect(lacking).rejects.toMatchObject({ code: "run.context_missing" });
      if (!isGiven) await lacking.cancel();
      const run = agent.attach("r", { runtime, ...(isGiven && { context: customer.of(ada) }) });
      expect((await run).stopReason.kind).toBe(isGiven ? "finished" : "cancelled");
    }
  });

  it("V3: may come late: a turn that was under way goes on where it was", async () => {
    let rejected = 0;
    for (let afterWrites = 1; afterWrites <= 14; afterWrites += 1) {
      await using machine = new Machine();
      const seen: string[] = [];
      const look = tool({
        name: "look",
        description: "Looks",
        input: z.object({ n: z.number() }),
        idempotent: true,
        execute: (_, context) => {
          seen.push(customer.read(context).id);
          return "seen";
        },
      });
      const define = () =>
        new AssistantAgent({
          name: "clerk",
          model: new ScriptedModel(({ messages }) => {
            const n = messages.filter(({ role }) => role === "tool").length;
            return n < 3 ? reply.toolCall("look", { n }) : "done";
          }),
          tools: [look],
          needs: [customer],
        });
      const first = machine.start();
      first.kill(afterWrites);
      define()
        .run("go", { runtime: first.runtime, runId: "r", context: customer.of(ada) })
        .handle.result()
        .catch(() => {});
      await first.settled();
      const { runtime } = machine.start();
      const agent = define();
      try {
        await agent.attach("r", { runtime });
      } catch (error) {
        rejected += (error as { code?: string }).code === "run.context_missing" ? 1 : 0;
      }
      const result = await agent.run("go", { runtime, runId: "r", context: customer.of(ada) });
      expect(result.text, `${afterWrites}`).toBe("done");
    }
    expect(rejected).toBeGreaterThan(3);
  });

  it("V2: goes with the run's handle, and into its forks", async () => {
    await using runtime = new InProcessRuntime();
    const reader = new Reader({ name: "reader" });
    const run = reader.run("go", { runtime, runId: "r", context: customer.of(ada) });
    const fork = run.fork(1);
    expect((await run).text).toBe("ada none");
    expect((await fork).text).toBe("ada none");
    // Another run of the same id finds the result; a run of another id finds nothing of it.
    expect((await reader.run("go", { runtime })).text).toBe("nobody none");
  });
});
