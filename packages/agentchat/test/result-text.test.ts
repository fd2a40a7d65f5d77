import {
  AssistantAgent,
  MaxMessageTermination,
  RoundRobinGroupChat,
  RunError,
  UserProxyAgent,
} from "@troupe/agentchat";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";

const speaker = (name: string): AssistantAgent =>
  new AssistantAgent({ name, model: new ScriptedModel(() => `${name} has spoken`) });

describe("the text of a result", () => {
  it("is empty, and not the task, when nobody spoke", async () => {
    const idle = new RoundRobinGroupChat({
      name: "idle",
      participants: [speaker("a")],
      termination: new MaxMessageTermination(1),
    });
    const silent = await idle.run("Say something.");
    expect({ text: silent.text, count: silent.messages.length }).toEqual({ text: "", count: 1 });

    const broken = new AssistantAgent({ name: "b", model: new ScriptedModel([reply.failure(new Error("no"))]) });
    const failed: unknown = await broken.run("Say something.").catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(RunError);
    expect(failed instanceof RunError && failed.partial.text).toBe("");
  });

  it("is what a participant said last, also a nested one, a person, or one called user", async () => {
    const inner = new RoundRobinGroupChat({ name: "inner", participants: [speaker("deep")], maxTurns: 1 });
    const outer = new RoundRobinGroupChat({ name: "outer", participants: [inner], maxTurns: 1 });
    expect((await outer.run("Go.")).text).toBe("deep has spoken");

    const asking = new RoundRobinGroupChat({
      name: "asking",
      participants: [speaker("a"), new UserProxyAgent({ name: "user" })],
      maxTurns: 2,
    });
    expect((await asking.run("Go.", { onQuestion: () => "my answer" })).text).toBe("my answer");
  });
});
