import { AssistantAgent, MaxMessageTermination, RoundRobinGroupChat, Swarm } from "@troupe/agentchat";
import type { JsonObject } from "@troupe/core";
import { jsonSchema, tool } from "@troupe/llm";
import { reply, type Script, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const Verdict = z.object({ approved: z.boolean(), on: z.string().transform((text) => new Date(text)) });
const verdict = { approved: true, on: "2026-05-01" };

function agent(name: string, script: Script, maxToolIterations = 5) {
  const model = new ScriptedModel(script);
  return { agent: new AssistantAgent({ name, model, maxToolIterations }), model };
}

const talker = (name: string): AssistantAgent => agent(name, (_request, { index }) => `${name} says ${index}`).agent;

describe("a team with an output", () => {
  it("gives each participant a tool that ends the run with it, typed", async () => {
    const { agent: judge, model } = agent("judge", ["hm", reply.toolCall("finish", verdict)]);
    await using team = new RoundRobinGroupChat({ participants: [judge, talker("b")], output: Verdict });
    const result = await team.run("go");
    expect(result.stopReason).toMatchObject({ kind: "finished", detail: '"judge" has finished the task' });
    expect(result.output.on.getUTCFullYear()).toBe(2026);
    expect(result.messages.map(({ source }) => source)).toEqual(["user", "judge", "b", "judge"]);
    expect(JSON.parse(result.text)).toEqual(verdict);
    const declared = model.requests[0]?.tools?.find(({ name }) => name === "finish");
    expect(declared?.inputSchema).toMatchObject({ type: "object", required: ["approved", "on"] });
  });

  it("tells the model what is wrong with a result, and the first valid one counts", async () => {
    const { agent: judge, model } = agent("judge", [
      reply.toolCall("finish", { approved: "yes" }),
      reply.toolCalls([
        { name: "finish", arguments: { on: "2026-05-01" } },
        { name: "finish", arguments: { ...verdict, approved: false } },
        { name: "finish", arguments: verdict },
      ]),
    ]);
    const result = await new RoundRobinGroupChat({ participants: [judge], output: Verdict }).run("go");
    expect(result.output.approved).toBe(false);
    expect(JSON.stringify(model.requests[1]?.messages.at(-1))).toContain("approved");
    expect(result.usage.total.calls).toBe(2);
  });

  it("takes results that are no objects, and those wrapped by mistake", async () => {
    const Grade = z.int().min(1).max(6);
    const results: readonly JsonObject[] = [{ value: 2 }, { result: 2 }];
    for (const args of results) {
      const { agent: judge, model } = agent("judge", [reply.toolCall("finish", args)]);
      const result = await new RoundRobinGroupChat({ participants: [judge], output: Grade }).run("go");
      expect(result.output).toBe(2);
      expect(model.requests[0]?.tools?.[0]?.inputSchema).toMatchObject({ type: "object", required: ["value"] });
    }
    const { agent: judge } = agent("judge", [reply.toolCall("finish", { result: verdict })]);
    const wrapped = await new RoundRobinGroupChat({ participants: [judge], output: Verdict }).run("go");
    expect(wrapped.output.approved).toBe(true);
  });

  it("ends from within a nested team without an output; one with an output ends itself", async () => {
    const inner = (name: string) =>
      new RoundRobinGroupChat({ name, participants: [agent("judge", [reply.toolCall("finish", verdict)]).agent] });
    const passing = new RoundRobinGroupChat({
      name: "outer",
      participants: [new RoundRobinGroupChat({ name: "middle", participants: [inner("inner")] }), talker("never")],
      output: Verdict,
    });
    const passed = await passing.run("go");
    expect(passed.stopReason.kind).toBe("finished");
    expect(passed.output.approved).toBe(true);
    expect(passed.messages.map(({ source }) => source)).toEqual(["user", "judge"]);
    const Score = z.object({ points: z.number() });
    const scorer = agent("scorer", [reply.toolCall("finish", { points: 3 })]).agent;
    const scoring = new RoundRobinGroupChat({ name: "scoring", participants: [scorer], output: Score });
    const judge = agent("judge", [reply.toolCall("finish", verdict)]).agent;
    const outer = new RoundRobinGroupChat({ name: "outer", participants: [scoring, judge], output: Verdict });
    const result = await outer.run("go");
    expect(result.messages.map(({ source, text }) => `${source} ${text}`)[1]).toBe('scorer {"points":3}');
    expect(result.output.approved).toBe(true);
  });

  it("offers it only where it means something: not without an output, not to models without tools, not over an own tool", async () => {
    const plain = agent("a", () => "x");
    await new RoundRobinGroupChat({ participants: [plain.agent], maxTurns: 1 }).run("go");
    expect(plain.model.requests[0]?.tools).toBeUndefined();
    const mute = new ScriptedModel(() => "x", { capabilities: { tools: false } });
    const participants = [new AssistantAgent({ name: "a", model: mute })];
    await new RoundRobinGroupChat({ participants, output: Verdict, maxTurns: 1 }).run("go");
    expect(mute.requests[0]?.tools).toBeUndefined();
    const own = new ScriptedModel([reply.toolCall("finish", verdict), "x"]);
    const finish = tool({
      name: "finish",
      description: "Mine",
      input: jsonSchema({ type: "object" }),
      execute: () => "mine",
    });
    const busy = new AssistantAgent({ name: "a", model: own, tools: [finish] });
    const result = await new RoundRobinGroupChat({ participants: [busy], output: Verdict, maxTurns: 1 }).run("go");
    expect(result.stopReason.kind).toBe("max-turns");
    expect(own.requests[0]?.tools?.filter(({ name }) => name === "finish")).toHaveLength(1);
  });

  it("lets the run go on when nobody finishes, and works in other teams", async () => {
    const open = await new RoundRobinGroupChat({
      participants: [talker("a")],
      output: Verdict,
      termination: new MaxMessageTermination(3),
    }).run("go");
    expect(open.stopReason.kind).toBe("condition");
    expect(open.output).toBeUndefined();
    const { agent: first } = agent("a", [reply.toolCall("finish", verdict)]);
    const swarm = new Swarm({ name: "swarm", participants: [first], output: Verdict });
    expect((await swarm.run("go")).output.approved).toBe(true);
  });
});
