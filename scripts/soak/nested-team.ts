import {
  AssistantAgent,
  MaxMessageTermination,
  RoundRobinGroupChat,
  type Runner,
  toEventStream,
  type RunOptions,
} from "@troupe/agentchat";
import { jsonSchema, tool } from "@troupe/llm";
import { reply, ScriptedModel, type ScriptFunction } from "@troupe/llm/testing";

const weigh = tool({
  name: "weigh",
  description: "Weighs a thing",
  input: jsonSchema<{ thing: string }>({ type: "object", properties: { thing: { type: "string" } } }),
  idempotent: true,
  execute: ({ thing }) => ({ thing, grams: 12 }),
});

/** Two calls side by side, then words in several pieces. */
const script: ScriptFunction = ({ messages }) =>
  messages.at(-1)?.role === "tool"
    ? reply.text("It weighs twelve grams, as far as anybody can tell from here.", { chunkSize: 8 })
    : reply.toolCalls([
        { name: "weigh", arguments: { thing: "lamp" } },
        { name: "weigh", arguments: { thing: "desk" } },
      ]);

function agent(name: string): AssistantAgent {
  const model = new ScriptedModel(script, { keepRequests: 0 });
  return new AssistantAgent({ name, model, tools: [weigh], maxToolIterations: 2, stream: true });
}

/** A team in a team, with tools and streamed words: what a run of the soak is. */
export function createNestedTeam(): Runner<unknown> {
  const inner = new RoundRobinGroupChat({
    name: "pair",
    participants: [agent("first"), agent("second")],
    termination: new MaxMessageTermination(2),
  });
  return new RoundRobinGroupChat({
    name: "soak",
    participants: [agent("chief"), inner],
    termination: new MaxMessageTermination(4),
  });
}

/** Runs the team once and reads its events as server-sent events, deltas included. @throws Error when the run is not what it should be. */
export async function runOnce(team: Runner<unknown>, options: RunOptions): Promise<void> {
  const run = team.run("What does it weigh?", options);
  let bytes = 0;
  const reading = (async () => {
    for await (const chunk of toEventStream(run.handle)) bytes += chunk.byteLength;
  })();
  const { messages, stopReason } = await run;
  await reading;
  if (messages.length !== 4 || stopReason.kind !== "condition") throw new Error(`a run ended by ${stopReason.kind}`);
  if (bytes < 1_000) throw new Error(`only ${bytes} bytes of events were read`);
}
