import {
  MaxMessageTermination,
  RoundRobinGroupChat,
  SocietyOfMindAgent,
  type SocietyOfMindAgentOptions,
} from "@troupe/agentchat";
import { type Script, ScriptedModel, type ScriptedModelOptions } from "@troupe/llm/testing";
import { expect } from "vitest";
import { verifies } from "../agentchat.ts";
import { Echo, eventsOf } from "./fixtures.ts";

interface Made {
  readonly agent: SocietyOfMindAgent;
  readonly model: ScriptedModel;
}

function make(
  script: Script,
  options: Partial<SocietyOfMindAgentOptions> = {},
  modelOptions: ScriptedModelOptions = {},
): Made {
  const model = new ScriptedModel(script, modelOptions);
  const team = new RoundRobinGroupChat({ name: "crew", participants: [new Echo("x"), new Echo("y")], maxTurns: 2 });
  return { agent: new SocietyOfMindAgent({ name: "mind", team, model, ...options }), model };
}

verifies("chat-67", "the result is the task and one answer under the agent's name", async () => {
  const { messages } = await make(["Both agree."]).agent.run("go");
  expect(messages.map(({ source, text }) => [source, text])).toEqual([
    ["user", "go"],
    ["mind", "Both agree."],
  ]);
});

verifies("chat-68", "the task is in the stream once, and the team heard it", async () => {
  const events = await eventsOf(make(["Both agree."]).agent.run("go"));
  const said = events.flatMap((event) => (event.kind === "message" ? [event.message.text] : []));
  expect(said).toEqual(["go", "x1(go)", "y1(go + x1(go))", "Both agree."]);
});

verifies("chat-69", "a team that says nothing gives a fixed answer", async () => {
  const team = new RoundRobinGroupChat({
    name: "crew",
    participants: [new Echo("x")],
    termination: new MaxMessageTermination(1),
  });
  const { agent, model } = make([], { team });
  expect((await agent.run("go")).text).toBe("No response.");
  expect(model.calls).toBe(0);
});

verifies("chat-70", "it works without a task, again and again", async () => {
  const { agent } = make(["one", "two", "three"]);
  await using _ = agent;
  const session = agent.session("s");
  const texts = [await session.run(), await session.run(), await session.run()].map(({ text }) => text);
  expect(texts).toEqual(["one", "two", "three"]);
});

verifies("chat-71", "its instructions are system messages only where the model takes several", async () => {
  for (const multipleSystemMessages of [true, false]) {
    const { agent, model } = make(
      ["ok"],
      { instruction: "They said", responsePrompt: "Answer" },
      { capabilities: { multipleSystemMessages } },
    );
    await agent.run("go");
    const roles = (model.requests[0]?.messages ?? [])
      .filter(
        ({ content }) => JSON.stringify(content).includes("They said") || JSON.stringify(content).includes("Answer"),
      )
      .map(({ role }) => role);
    expect(roles).toEqual(multipleSystemMessages ? ["system", "system"] : ["user", "user"]);
  }
});

verifies("chat-72", "its state and its team's survive save and restore", async () => {
  const first = make(["one"]).agent;
  await using _first = first;
  await first.session("s").run("go");
  const saved = await first.session("s").snapshot();
  const { agent, model } = make(["two"]);
  await using _second = agent;
  await agent.session("s").restore(structuredClone(saved));
  expect(await agent.session("s").snapshot()).toEqual(saved);
  await agent.session("s").run("on");
  const shown = JSON.stringify(model.requests[0]?.messages);
  expect(shown).toContain("one");
  expect(shown).toContain("x2(");
});

verifies(
  "chat-W52",
  "it remembers what it answered, its team goes on, and what the team costs is counted",
  async () => {
    const { agent, model } = make(["one", "two"]);
    await using _ = agent;
    await agent.session("s").run("first");
    const second = await agent.session("s").run("second");
    expect(second.text).toBe("two");
    const shown = model.requests[1]?.messages ?? [];
    expect(shown.slice(0, 3).map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(JSON.stringify(shown[1])).toContain("one");
    expect(second.usage.byAgent["mind"]?.calls).toBe(1);
  },
);
