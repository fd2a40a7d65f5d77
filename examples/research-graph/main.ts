// A research desk along a graph, offline: two searches at once, a join, a loop until nothing is missing, a way round a search that fails.
import assert from "node:assert/strict";
import { AssistantAgent, DiGraphBuilder, GraphFlow, graphToText } from "troupe";
import { reply, type Script, ScriptedModel } from "troupe/testing";

const agent = (name: string, systemMessage: string, script: Script): AssistantAgent =>
  new AssistantAgent({ name, systemMessage, model: new ScriptedModel(script) });

const planner = agent("planner", "Say what is to be found out.", ["Where cranes nest.", "How high they fly."]);
const web = agent("web", "Search the web.", [
  "Cranes nest on wet ground.",
  reply.failure(new Error("the web is down")),
]);
const archive = agent("archive", "Search the archive.", ["Nothing here.", "9,000 metres, in 1976."]);
const library = agent("library", "Ask the library, when the web is down.", ["Up to 10,000 metres."]);
const checker = agent("checker", "Say MISSING and what, or COMPLETE.", ["MISSING: how high they fly", "COMPLETE"]);
const writer = agent("writer", "Write it up.", ["Cranes nest on wet ground and fly up to 10,000 metres high."]);

const builder = new DiGraphBuilder();
for (const node of [planner, web, archive, library, checker, writer]) builder.addNode(node);
builder
  .addEdge(planner, web)
  .addEdge(planner, archive)
  // The checker starts when the archive and one of the two others have answered: each pair is a group of its own.
  .addEdge(web, checker)
  .addEdge(archive, checker)
  .addEdge(web, library, { on: "error" })
  .addEdge(library, checker, { activationGroup: "with the library" })
  .addEdge(archive, checker, { activationGroup: "with the library" })
  .addEdge(checker, planner, { condition: "MISSING" })
  .addEdge(checker, writer, { condition: "COMPLETE" })
  .setEntryPoint(planner);
const graph = builder.build();
console.log(`${graphToText(graph)}\n`);

await using desk = new GraphFlow({ name: "desk", participants: builder.getParticipants(), graph, onError: "skip" });
const result = await desk.run("Tell me about cranes.");
for (const { source, text } of result.messages) console.log(`${source}: ${text}`);
console.log(`${result.stopReason.kind}: ${result.stopReason.detail}`);

const order = result.messages.slice(1).map(({ source }) => source);
const twice = order.lastIndexOf("planner");
assert.deepEqual(order.slice(0, twice).toSorted(), ["archive", "checker", "planner", "web"]);
assert.deepEqual(order.slice(twice).toSorted(), ["archive", "checker", "library", "planner", "writer"]);
assert.equal(order.at(-1), "writer");
assert.equal(result.stopReason.kind, "graph-complete");
