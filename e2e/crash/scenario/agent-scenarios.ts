import {
  AssistantAgent,
  CodeExecutorAgent,
  MessageFilterAgent,
  RoundRobinGroupChat,
  SocietyOfMindAgent,
  Swarm,
} from "@troupe/agentchat";
import { type Memory, staticWorkbench } from "@troupe/llm";
import type { OutsideParts } from "../outside/outside-parts.ts";
import { createTools, scriptOf, type TeamScenario } from "./team-scenario.ts";

/** A memory that is asked outside. */
function outsideMemory(name: string, parts: OutsideParts): Memory {
  let asked = 0;
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    kind: "memory",
    name,
    add: nothing,
    clear: nothing,
    close: nothing,
    query: async (query, { signal = new AbortController().signal } = {}) => {
      asked += 1;
      const callId = `${name}.${query.length}.${asked}`;
      const text = await parts.effect({ tool: "recall", callId, idempotencyKey: callId, isIdempotent: true, signal });
      return [{ content: { kind: "text", text } }];
    },
  };
}

/** Memories, a workbench beside tools, handoffs, and an agent that hears only some of it. */
const equipped: TeamScenario = {
  name: "equipped",
  task: "Remember, work and hand over.",
  script: scriptOf({
    keeper: {
      rounds: [
        ["lookup", "charge"],
        ["post", "transfer_to_closer"],
      ],
    },
    closer: { rounds: [["charge"]] },
  }),
  createTeam: (parts) => {
    const tools = createTools(parts);
    const keeper = new AssistantAgent({
      name: "keeper",
      model: parts.model("keeper"),
      tools: tools.slice(0, 2),
      workbench: staticWorkbench(tools.slice(2)),
      memory: [outsideMemory("facts", parts), outsideMemory("notes", parts)],
      handoffs: ["closer"],
    });
    const closer = new AssistantAgent({ name: "closer", model: parts.model("closer"), tools });
    return new Swarm({
      name: "desk",
      participants: [keeper, new MessageFilterAgent({ agent: closer, filter: [{ source: "keeper" }] })],
    });
  },
};

/** A team inside an agent inside a team. */
const society: TeamScenario = {
  name: "society",
  task: "Agree.",
  script: scriptOf({
    asker: {},
    mind: {},
    worker: { rounds: [["charge", "lookup"]] },
    helper: { rounds: [["post"]] },
  }),
  createTeam: (parts) => {
    const assistant = (name: string): AssistantAgent =>
      new AssistantAgent({ name, model: parts.model(name), tools: createTools(parts) });
    const crew = new RoundRobinGroupChat({
      name: "crew",
      participants: [assistant("worker"), assistant("helper")],
      maxTurns: 2,
    });
    const mind = new SocietyOfMindAgent({ name: "mind", model: parts.model("mind"), team: crew });
    return new RoundRobinGroupChat({ name: "firm", participants: [assistant("asker"), mind], maxTurns: 4 });
  },
};

/** An agent that writes programs and runs them. */
const programs: TeamScenario = {
  name: "programs",
  task: "Write and run.",
  script: ({ agent, turn }) =>
    turn % 2 === 1 ? { text: `\`\`\`outside\n${agent}.${turn}.0.0\n\`\`\`` } : { text: `${agent} ${turn}` },
  createTeam: (parts) => {
    const coder = new CodeExecutorAgent({
      name: "coder",
      model: parts.model("coder"),
      executor: parts.executor(),
      approval: () => ({ approved: true }),
    });
    return new RoundRobinGroupChat({ name: "lab", participants: [coder], maxTurns: 2, onError: "feed-back" });
  },
};

/** Agents of every kind that do more than call tools. */
export const agentScenarios: readonly TeamScenario[] = [equipped, society, programs];
