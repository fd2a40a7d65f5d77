import { AssistantAgent, DiGraphBuilder, GraphFlow } from "@troupe/agentchat";
import { createTools, scriptOf, type TeamScenario } from "./team-scenario.ts";

/** Two branches, the first of which starts a third node; a join of all three, and twice round. */
export const graphLoop: TeamScenario = {
  name: "graph-loop",
  task: "Follow the arrows.",
  isParallel: true,
  script: scriptOf({
    planner: {},
    left: { rounds: [["lookup", "charge"]] },
    right: { rounds: [["charge"]] },
    first: { rounds: [["weigh"]] },
    closer: { rounds: [["post"]], say: (turn) => (turn === 0 ? "REPEAT" : "FINISH") },
    end: {},
  }),
  createTeam: (parts) => {
    const builder = new DiGraphBuilder();
    for (const name of ["planner", "left", "right", "first", "closer", "end"])
      builder.addNode(new AssistantAgent({ name, model: parts.model(name), tools: createTools(parts) }), {
        activation: name === "first" ? "any" : "all",
      });
    for (const branch of ["left", "right"])
      builder.addEdge("planner", branch).addEdge(branch, "first").addEdge(branch, "closer");
    builder
      .addEdge("first", "closer")
      .addEdge("closer", "planner", { condition: "REPEAT" })
      .addEdge("closer", "end", { condition: "FINISH" })
      .setEntryPoint("planner");
    return new GraphFlow({ name: "arrows", participants: builder.getParticipants(), graph: builder.build() });
  },
};
