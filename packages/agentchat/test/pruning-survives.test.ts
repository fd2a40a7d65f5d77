import { AssistantAgent } from "@troupe/agentchat";
import { estimateTokens, rollingSummaryContext, tool } from "@troupe/llm";
import { reply, type ScriptFunction, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Machine } from "./support/processes.ts";

const contextWindow = 1_100;
const long = "a word or two ".repeat(60);
const look = tool({
  name: "look",
  description: "looks",
  input: z.object({ n: z.int() }),
  idempotent: true,
  execute: () => long,
});

/** Looks five times, whatever it is shown of what it has done, and is done. */
const answer: ScriptFunction = ({ messages, tools }) => {
  if (tools === undefined) return "They looked around.";
  const last = JSON.stringify(messages.at(-1));
  const looked = Number(/"callId":"look-(\d)/.exec(last)?.[1] ?? -1) + 1;
  if (looked === 5) return "done";
  return reply.toolCalls([{ name: "look", callId: `look-${looked}`, arguments: { n: looked } }]);
};

/** Runs the task, in a process that dies after so many writes and in one that does not. */
async function live(writes: number, makeAgent: (model: ScriptedModel) => AssistantAgent) {
  await using machine = new Machine();
  const models = [0, 1].map(() => new ScriptedModel(answer, { capabilities: { contextWindow } }));
  const [first, second] = models.map((model) => ({ agent: makeAgent(model), process: machine.start() }));
  if (first === undefined || second === undefined) throw new Error("no processes");
  first.process.kill(writes);
  const options = { runId: "r" } as const;
  const dying = first.agent.session("s", { runtime: first.process.runtime }).run("Look around", options);
  dying.then(
    () => undefined,
    () => undefined,
  );
  const hasDied = await first.process.settled();
  const run = second.agent.session("s", { runtime: second.process.runtime }).run("Look around", options);
  const events: string[] = [];
  for await (const event of run.events()) {
    // A call whose answer died with its process is booked, and made again.
    const isLost = event.kind === "model-called" && event.isEstimated === true;
    if (!event.isLive && !isLost) events.push(event.kind);
  }
  const result = await run;
  return { hasDied, result, events, requests: models.flatMap((model) => model.requests) };
}

describe.each([
  ["pruning", (model: ScriptedModel) => new AssistantAgent({ name: "a", model, tools: [look] })],
  [
    "a summary",
    (model: ScriptedModel) =>
      new AssistantAgent({ name: "a", model, tools: [look], modelContext: rollingSummaryContext({ maxTokens: 600 }) }),
  ],
])("%s in a run that dies", (_name, makeAgent) => {
  it("is made and recorded once, whenever the process dies", async () => {
    const whole = await live(1_000, makeAgent);
    expect(whole.hasDied).toBe(false);
    expect(whole.events.filter((kind) => kind === "history-pruned").length).toBeGreaterThan(0);
    let deaths = 0;
    for (let writes = 1; ; writes += 1) {
      const lived = await live(writes, makeAgent);
      if (!lived.hasDied) break;
      deaths += 1;
      expect(lived.result.text).toBe("done");
      expect(lived.events, `after ${writes} writes`).toEqual(whole.events);
      // What was answered before the death is not asked again: at most the call in flight.
      expect(lived.requests.length).toBeLessThanOrEqual(whole.requests.length + 1);
      for (const { messages } of lived.requests) expect(estimateTokens(messages)).toBeLessThanOrEqual(contextWindow);
    }
    expect(deaths).toBeGreaterThan(8);
  });
});
