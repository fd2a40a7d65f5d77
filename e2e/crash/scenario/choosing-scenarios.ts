import {
  AssistantAgent,
  DiGraphBuilder,
  GraphFlow,
  MagenticOneGroupChat,
  RoundRobinGroupChat,
  SelectorGroupChat,
  Swarm,
} from "@troupe/agentchat";
import type { Heard, Said } from "../outside/outside-call.ts";
import type { OutsideParts } from "../outside/outside-parts.ts";
import type { ModelScript } from "../outside/outside-server.ts";
import { createTools, scriptOf, type TeamScenario } from "./team-scenario.ts";

function assistant(name: string, parts: OutsideParts, handoffs: readonly string[] = []): AssistantAgent {
  return new AssistantAgent({
    name,
    model: parts.model(name),
    tools: createTools(parts),
    handoffs,
    maxToolIterations: 6,
  });
}

/** Names who follows the one that spoke last, as a selector's prompt tells it. */
function chooses(followers: Readonly<Record<string, string>>): ModelScript {
  return ({ lastText }: Heard): Said => {
    const spoken = [...lastText.matchAll(/^(\w+): /gmu)].map(([, name = ""]) => name);
    return { text: followers[spoken.findLast((name) => name in followers) ?? "user"] ?? "nobody" };
  };
}

/** One script for those who choose and those who speak. */
function scriptWith(choosing: Readonly<Record<string, ModelScript>>, speaking: ModelScript): ModelScript {
  return (heard) => (choosing[heard.agent] ?? speaking)(heard);
}

const selector: TeamScenario = {
  name: "selector",
  task: "Choose.",
  script: scriptWith(
    { chooser: chooses({ user: "writer", writer: "payer", payer: "critic", critic: "payer" }) },
    scriptOf({ writer: {}, payer: { rounds: [["charge", "lookup"]] }, critic: { rounds: [["weigh"]] } }),
  ),
  createTeam: (parts) =>
    new SelectorGroupChat({
      name: "panel",
      model: parts.model("chooser"),
      participants: ["writer", "payer", "critic"].map((name) => assistant(name, parts)),
      maxTurns: 4,
    }),
};

const swarm: TeamScenario = {
  name: "swarm",
  task: "Pass it on.",
  script: scriptOf({
    triage: { rounds: [["lookup"], ["transfer_to_payer"]] },
    payer: { rounds: [["charge", "post"], ["transfer_to_closer"]] },
    closer: {},
  }),
  createTeam: (parts) =>
    new Swarm({
      name: "desk",
      participants: [
        assistant("triage", parts, ["payer"]),
        assistant("payer", parts, ["closer"]),
        assistant("closer", parts),
      ],
    }),
};

/** Facts and plan, then one ledger for each of those who are to speak, then the answer. */
function orchestrates(speakers: readonly string[]): ModelScript {
  return ({ lastText, turn }: Heard): Said => {
    if (!lastText.includes("Judge the work")) return { text: `words ${turn}` };
    const next = speakers[turn - 1];
    const entry = (answer: unknown) => ({ reason: "so", answer });
    return {
      text: JSON.stringify({
        is_request_satisfied: entry(next === undefined),
        is_in_loop: entry(false),
        is_progress_being_made: entry(true),
        next_speaker: entry(next ?? speakers[0]),
        instruction_or_question: entry(`Go on, ${next ?? "all"}`),
      }),
    };
  };
}

const magentic: TeamScenario = {
  name: "magentic",
  task: "Plan and pay.",
  script: scriptWith(
    { orchestrator: orchestrates(["searcher", "payer", "searcher"]) },
    scriptOf({ searcher: { rounds: [["lookup"]] }, payer: { rounds: [["charge", "post"]] } }),
  ),
  createTeam: (parts) =>
    new MagenticOneGroupChat({
      name: "one",
      model: parts.model("orchestrator"),
      participants: ["searcher", "payer"].map((name) => assistant(name, parts)),
    }),
};

/** Two branches at once, each with something that must not happen twice, and a join. */
const graph: TeamScenario = {
  name: "graph",
  task: "Follow the edges.",
  isParallel: true,
  script: scriptOf({
    start: { rounds: [["lookup"]] },
    left: { rounds: [["charge"]] },
    right: { rounds: [["post", "weigh"]] },
    join: { rounds: [["charge"]] },
  }),
  createTeam: (parts) => {
    const [start, left, right, join] = ["start", "left", "right", "join"].map((name) => assistant(name, parts));
    if (start === undefined || left === undefined || right === undefined || join === undefined) throw new Error("four");
    const builder = new DiGraphBuilder()
      .addNode(start)
      .addNode(left)
      .addNode(right)
      .addNode(join)
      .addEdge(start, left)
      .addEdge(start, right)
      .addEdge(left, join)
      .addEdge(right, join);
    return new GraphFlow({ name: "flow", participants: builder.getParticipants(), graph: builder.build() });
  },
};

/** Selector > graph > swarm > round robin. */
const deep: TeamScenario = {
  name: "deep",
  task: "All the way down.",
  script: scriptWith(
    { chooser: chooses({ user: "chief", chief: "plant", checker: "clerk", clerk: "chief" }) },
    scriptOf({
      chief: {},
      clerk: { rounds: [["weigh"]] },
      lead: { rounds: [["lookup"]] },
      foreman: { rounds: [["transfer_to_crew"]] },
      worker: { rounds: [["charge", "post"]] },
      helper: { rounds: [["charge"]] },
      checker: {},
    }),
  ),
  createTeam: (parts) => {
    const crew = new RoundRobinGroupChat({
      name: "crew",
      participants: [assistant("worker", parts), assistant("helper", parts)],
      maxTurns: 2,
    });
    const shift = new Swarm({ name: "shift", participants: [assistant("foreman", parts, ["crew"]), crew] });
    const lead = assistant("lead", parts);
    const checker = assistant("checker", parts);
    const builder = new DiGraphBuilder()
      .addNode(lead)
      .addNode(shift)
      .addNode(checker)
      .addEdge(lead, shift)
      .addEdge(shift, checker);
    const plant = new GraphFlow({ name: "plant", participants: builder.getParticipants(), graph: builder.build() });
    return new SelectorGroupChat({
      name: "firm",
      model: parts.model("chooser"),
      participants: [assistant("chief", parts), plant, assistant("clerk", parts)],
      maxTurns: 3,
    });
  },
};

/** A team as a tool, in the turn of an agent that does things of its own as well. */
const runnerTool: TeamScenario = {
  name: "runner-tool",
  task: "Let others do it.",
  script: scriptOf({
    boss: { rounds: [["charge"], ["crew", "lookup"], ["post"]] },
    worker: { rounds: [["charge", "weigh"]] },
    helper: { rounds: [["post"]] },
  }),
  createTeam: (parts) => {
    const crew = new RoundRobinGroupChat({
      name: "crew",
      participants: [assistant("worker", parts), assistant("helper", parts)],
      maxTurns: 2,
    });
    const description = "Does the work";
    const tools = [...createTools(parts), crew.asTool({ description })];
    return new AssistantAgent({ name: "boss", model: parts.model("boss"), tools, maxToolIterations: 6 });
  },
};

/** Teams that choose who speaks, alone and four deep, and a team as a tool. */
export const choosingScenarios: readonly TeamScenario[] = [selector, swarm, magentic, graph, deep, runnerTool];
