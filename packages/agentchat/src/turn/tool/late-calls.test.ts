import { type Tool, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AssistantAgent } from "../../agent/assistant-agent.ts";
import { RoundRobinGroupChat } from "../../team/round-robin-group-chat.ts";
import { makesCalls } from "../role.ts";

const echo: Tool = tool({
  name: "echo",
  description: "Says it again",
  input: z.object({ text: z.string() }),
  execute: ({ text }) => text,
});

function talker(name = "talker", model = new ScriptedModel([reply.text("hello")])): AssistantAgent {
  return new AssistantAgent({ name, model });
}

describe("what calls need is loaded before the first turn", () => {
  it("for agents with tools or handoffs, also inside teams, and for teams that ask for a result", () => {
    const worker = new AssistantAgent({ name: "worker", model: new ScriptedModel([]), tools: [echo] });
    const greeter = new AssistantAgent({ name: "greeter", model: new ScriptedModel([]), handoffs: ["talker"] });
    const output = z.object({ answer: z.string() });
    const roles = [
      worker,
      greeter,
      new RoundRobinGroupChat({ participants: [talker(), worker], maxTurns: 2 }),
      new RoundRobinGroupChat({ participants: [talker()], output, maxTurns: 2 }),
    ].map((runner) => runner.toRole());
    expect(roles.map(makesCalls)).toEqual([true, true, true, true]);
  });

  it("not for agents that only talk", () => {
    const team = new RoundRobinGroupChat({ participants: [talker("one"), talker("two")], maxTurns: 2 });
    expect([talker().toRole(), team.toRole()].map(makesCalls)).toEqual([false, false]);
  });

  it("or with the call itself, where a model calls what it does not have", async () => {
    const agent = talker("guesser", new ScriptedModel([reply.toolCall("echo"), reply.text("then not")]));
    const run = agent.run("Say it.");
    const results: string[] = [];
    for await (const event of run.events())
      if (event.kind === "tool-call-finished") results.push(JSON.stringify(event.result.content));
    expect(results).toEqual([expect.stringContaining("You have no tools.")]);
    expect((await run).text).toBe("then not");
  });
});
