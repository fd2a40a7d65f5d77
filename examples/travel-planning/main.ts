import assert from "node:assert/strict";
import { AssistantAgent, printRun, RoundRobinGroupChat, TextMentionTermination } from "troupe";
import { ScriptedModel } from "troupe/testing";

// Each agent sees all that was said and adds what it knows. With a real model: `model: model("openai:gpt-5-mini")`.
const planner = new AssistantAgent({
  name: "planner",
  description: "Plans trips",
  systemMessage: "Suggest a travel plan for the request.",
  model: new ScriptedModel(["Day 1: Kathmandu. Day 2: Nagarkot. Day 3: Patan."]),
});
const local = new AssistantAgent({
  name: "local",
  description: "Knows the place",
  systemMessage: "Suggest authentic places and activities.",
  model: new ScriptedModel(["See the sunrise in Nagarkot, and eat momos in Patan."]),
});
const language = new AssistantAgent({
  name: "language",
  description: "Knows the language",
  systemMessage: "Check the plan for tips about language and communication.",
  model: new ScriptedModel(["Learn `namaste` and `dhanyabad`; in Patan people speak English."]),
});
const summary = new AssistantAgent({
  name: "summary",
  description: "Makes one plan of all",
  systemMessage: "Integrate everything into one complete plan. End with TERMINATE.",
  model: new ScriptedModel(({ messages }) => {
    const heard = JSON.stringify(messages);
    const parts = ["Kathmandu", "momos", "namaste"].filter((part) => heard.includes(part));
    return `Three days: ${parts.join(", ")}. TERMINATE`;
  }),
});

const team = new RoundRobinGroupChat({
  name: "travel",
  participants: [planner, local, language, summary],
  termination: new TextMentionTermination("TERMINATE", { sources: ["summary"] }),
});

const result = await printRun(team.run("Plan three days in Nepal."));
assert.equal(result.text, "Three days: Kathmandu, momos, namaste. TERMINATE");
assert.equal(result.stopReason.kind, "condition");
await team.close();
