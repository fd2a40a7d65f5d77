import { AssistantAgent, RoundRobinGroupChat } from "@troupe/agentchat";
import type { Benchmark } from "../harness/benchmark.ts";
import { loadPeer } from "../harness/load-peer.ts";
import { leastCosts } from "../harness/measure.ts";
import { plainModel, textResult } from "./speakers.ts";

interface AdkPeer {
  createStreamingTeam(deltas: number): () => Promise<number>;
}

/** Streams words through a team of two agents; the characters that reach whoever watches. */
async function stream(deltas: number): Promise<number> {
  const words = Array.from({ length: deltas / 2 }, () => "word ");
  const speaker = (name: string): AssistantAgent =>
    new AssistantAgent({
      name,
      model: plainModel(
        () => textResult(words.join("")),
        () => words,
      ),
    });
  const team = new RoundRobinGroupChat({ participants: [speaker("left"), speaker("right")], maxTurns: 2 });
  let characters = 0;
  const run = team.run("Talk.");
  for await (const event of run) if (event.kind === "text-delta") characters += event.delta.length;
  await run;
  await team.close();
  return characters;
}

/** Live text on its way from the model through an agent and a team to the reader. */
export const textDeltas: Benchmark = {
  claim: "20,000 text deltas through a team cost at most 10 us of CPU each, or less than in ADK",
  run: async (scale) => {
    const deltas = scale.count(20_000, 200);
    const peer = await loadPeer<AdkPeer>("adk");
    const adkTeam = peer.createStreamingTeam(deltas);
    const costs = await leastCosts(scale.count(5, 1), {
      troupe: async () => {
        const characters = await stream(deltas);
        if (characters !== deltas * 5) throw new Error(`${characters} of ${deltas * 5} characters arrived`);
      },
      adk: async () => {
        const seen = await adkTeam();
        if (seen !== deltas) throw new Error(`ADK delivered ${seen} of ${deltas} deltas`);
      },
    });
    return [
      {
        label: `one of ${deltas.toLocaleString("en-US")} text deltas`,
        value: (costs.troupe.cpuMs * 1000) / deltas,
        unit: "us CPU",
        limit: 10,
        beside: [{ name: "ADK", value: (costs.adk.cpuMs * 1000) / deltas, role: "at-most" }],
      },
    ];
  },
};
