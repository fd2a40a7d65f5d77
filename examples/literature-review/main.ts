// A planner splits the question, readers work on different sources at the same time, and a writer makes one report of it: typed data.
import assert from "node:assert/strict";
import { AssistantAgent, DiGraphBuilder, GraphFlow, graphToText, tool } from "troupe";
import { reply, ScriptedModel } from "troupe/testing";
import { z } from "zod";

const library: Readonly<Record<string, string>> = {
  arxiv: "Agents that keep a log of their steps lose nothing in a crash (2025).",
  web: "A team reports 40 % fewer lost runs since its agents are durable.",
  archive: "Actors were proposed in 1973.",
};

let atWork = 0;
let mostAtWork = 0;
const search = (source: string) =>
  tool({
    name: "search",
    description: `Search ${source}`,
    input: z.object({ query: z.string() }),
    execute: async () => {
      atWork += 1;
      mostAtWork = Math.max(mostAtWork, atWork);
      await new Promise((resolve) => setTimeout(resolve, 50));
      atWork -= 1;
      return library[source] ?? "nothing";
    },
  });

const reader = (source: string): AssistantAgent =>
  new AssistantAgent({
    name: source,
    description: `Reads ${source}`,
    model: new ScriptedModel([
      reply.toolCall("search", { query: "durable agents" }),
      `From ${source}: ${library[source]}`,
    ]),
    tools: [search(source)],
  });

const report = z.object({ title: z.string(), findings: z.array(z.object({ source: z.string(), text: z.string() })) });
const planner = new AssistantAgent({ name: "planner", model: new ScriptedModel(["Search for durable agents."]) });
const readers = ["arxiv", "web", "archive"].map(reader);
const writer = new AssistantAgent({
  name: "writer",
  output: report,
  model: new ScriptedModel(({ messages }) => {
    const heard = JSON.stringify(messages);
    const findings = Object.entries(library).flatMap(([source, text]) =>
      heard.includes(text) ? [{ source, text }] : [],
    );
    return JSON.stringify({ title: "Durable agents", findings });
  }),
});

const builder = new DiGraphBuilder().addNode(planner);
for (const one of readers) builder.addNode(one).addEdge(planner, one);
builder.addNode(writer);
for (const one of readers) builder.addEdge(one, writer);
const graph = builder.build();
const review = new GraphFlow({ name: "review", participants: builder.getParticipants(), graph, output: report });

console.log(graphToText(graph));
const { output, stopReason } = await review.run("What is known about durable agents?");
await review.close();
assert.equal(stopReason.kind, "graph-complete");
assert.equal(output.findings.length, 3);
assert.equal(mostAtWork, 3); // they did read at the same time
console.log(`${output.title}: ${output.findings.map(({ source }) => source).join(", ")}`);
