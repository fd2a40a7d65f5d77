import { tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  MaxMessageTermination,
  RoundRobinGroupChat,
  TextMentionTermination,
} from "@troupe/agentchat";

class Countdown extends BaseChatAgent<{ launches: number }> {
  async *onMessages(_messages: readonly ChatMessage[], context: ChatAgentContext<{ launches: number }>) {
    context.state.launches += 1;
    for (let n = 3; n > 0; n--) yield this.thought(`${n}...`);
    return this.reply(`Done, launch ${context.state.launches}!`);
  }
}

describe("a first team", () => {
  it("runs one agent that uses a tool", async () => {
    const add = tool({
      name: "add",
      description: "Adds",
      input: z.object({ a: z.number(), b: z.number() }),
      execute: ({ a, b }) => a + b,
    });
    const model = new ScriptedModel([reply.toolCall("add", { a: 1, b: 2 }), "The sum is 3."]);
    await using agent = new AssistantAgent({ name: "clerk", model, tools: [add] });
    const result = await agent.run("What is 1 + 2?");
    expect(result.text).toBe("The sum is 3.");
    expect(result.stopReason.kind).toBe("finished");
    expect(result.messages.map((message) => message.source)).toEqual(["user", "clerk"]);
    expect(result.usage.total.calls).toBe(2);
  });

  it("lets two agents take turns until a word is said", async () => {
    const writer = new AssistantAgent({ name: "writer", model: new ScriptedModel(["draft 1", "draft 2"]) });
    const critic = new AssistantAgent({ name: "critic", model: new ScriptedModel(["do it again", "APPROVE"]) });
    await using team = new RoundRobinGroupChat({
      participants: [writer, critic],
      termination: new TextMentionTermination("APPROVE", { sources: ["critic"] }).or(new MaxMessageTermination(12)),
    });
    const run = team.run("Write. Say APPROVE when right.");
    const kinds: string[] = [];
    for await (const event of run)
      if (!event.isLive) kinds.push(`${event.sequence} ${event.path.join("/")} ${event.kind}`);
    const result = await run;
    expect(result.messages.map((message) => message.text)).toEqual([
      "Write. Say APPROVE when right.",
      "draft 1",
      "do it again",
      "draft 2",
      "APPROVE",
    ]);
    expect(result.stopReason).toMatchObject({ kind: "condition" });
    expect(kinds).toEqual([
      "1  run-started",
      "2  message",
      "3 writer model-called",
      "4 writer message",
      "5 critic model-called",
      "6 critic message",
      "7 writer model-called",
      "8 writer message",
      "9 critic model-called",
      "10 critic message",
      "11  run-finished",
    ]);
  });

  it("keeps the state of a custom agent in its session", async () => {
    await using countdown = new Countdown({ name: "countdown", state: () => ({ launches: 0 }) });
    const chat = countdown.session("ada");
    expect((await chat.run("go")).text).toBe("Done, launch 1!");
    expect((await chat.run("go")).text).toBe("Done, launch 2!");
    expect((await countdown.run("go")).text).toBe("Done, launch 1!");
  });
});
