import {
  AssistantAgent,
  CodeExecutorAgent,
  MaxMessageTermination,
  type Participant,
  RoundRobinGroupChat,
  UserProxyAgent,
} from "@troupe/agentchat";
import type { OutsideParts } from "../outside/outside-parts.ts";
import { agentScenarios } from "./agent-scenarios.ts";
import { choosingScenarios } from "./choosing-scenarios.ts";
import { graphLoop } from "./graph-loop.ts";
import { LedgerAgent } from "./ledger-agent.ts";
import { ParallelGroupChat } from "./parallel-group-chat.ts";
import { createTools, onceOnly, scriptOf, type TeamScenario } from "./team-scenario.ts";

function assistant(name: string, parts: OutsideParts): AssistantAgent {
  return new AssistantAgent({ name, model: parts.model(name), tools: createTools(parts), maxToolIterations: 6 });
}

function team(name: string, participants: readonly Participant[], messages: number): RoundRobinGroupChat {
  return new RoundRobinGroupChat({ name, participants, termination: new MaxMessageTermination(messages) });
}

const single: TeamScenario = {
  name: "assistant",
  task: "Do your rounds.",
  script: scriptOf({ clerk: { rounds: [["lookup"], ["lookup", "charge", "post"], ["charge"]] } }),
  createTeam: (parts) => assistant("clerk", parts),
};

const roundRobin: TeamScenario = {
  name: "round-robin",
  task: "Take turns.",
  script: scriptOf({ writer: {}, critic: { rounds: [["lookup", "weigh"]] }, payer: { rounds: [["charge"]] } }),
  createTeam: (parts) =>
    team("turns", [assistant("writer", parts), assistant("critic", parts), assistant("payer", parts)], 7),
};

/** Four teams, one in the other. */
const nested: TeamScenario = {
  name: "nested",
  task: "Pass it down.",
  script: scriptOf({
    chief: {},
    lead: { rounds: [["lookup"]] },
    foreman: {},
    worker: { rounds: [["charge", "post"]] },
    checker: { rounds: [["weigh"]] },
  }),
  createTeam: (parts) => {
    const crew = team("crew", [assistant("worker", parts), assistant("checker", parts)], 2);
    const shift = team("shift", [assistant("foreman", parts), crew], 3);
    const plant = team("plant", [assistant("lead", parts), shift], 4);
    return team("firm", [assistant("chief", parts), plant], 6);
  },
};

const question: TeamScenario = {
  name: "question",
  task: "Ask before you pay.",
  script: scriptOf({ asker: {}, payer: { rounds: [["charge"]] } }),
  createTeam: (parts) =>
    team("desk", [assistant("asker", parts), new UserProxyAgent({ name: "person" }), assistant("payer", parts)], 7),
};

/** Two calls of one answer wait for a person at the same time. */
const approval: TeamScenario = {
  name: "approval",
  task: "Pay twice.",
  script: scriptOf({ cashier: { rounds: [["charge", "lookup", "post"]] } }),
  createTeam: (parts) => {
    const tools = ["lookup", ...onceOnly].map((name) => {
      const isOnce = onceOnly.includes(name);
      return parts.tool(name, { idempotent: !isOnce, approval: isOnce });
    });
    return new AssistantAgent({ name: "cashier", model: parts.model("cashier"), tools, maxToolIterations: 3 });
  },
};

/** Two agents at once, each with something done before it asks whether it may go on. */
const parallel: TeamScenario = {
  name: "parallel",
  task: "Pay side by side.",
  isParallel: true,
  script: scriptOf({ left: { rounds: [["lookup"], ["charge"]] }, right: { rounds: [["lookup"], ["charge"]] } }),
  createTeam: (parts) => {
    const tools = [parts.tool("lookup", { idempotent: true }), parts.tool("charge", { approval: true })];
    const payer = (name: string): AssistantAgent =>
      new AssistantAgent({ name, model: parts.model(name), tools, maxToolIterations: 3 });
    return new ParallelGroupChat({
      name: "sides",
      participants: [payer("left"), payer("right")],
      termination: new MaxMessageTermination(3),
    });
  },
};

const code: TeamScenario = {
  name: "code",
  task: "Write programs.",
  script: scriptOf({ coder: { say: (turn) => `\n\`\`\`outside\ncoder.${turn}.0.0\n\`\`\`` } }),
  createTeam: (parts) =>
    new RoundRobinGroupChat({
      name: "lab",
      participants: [assistant("coder", parts), new CodeExecutorAgent({ name: "runner", executor: parts.executor() })],
      termination: new MaxMessageTermination(5),
      onError: "feed-back",
    }),
};

const custom: TeamScenario = {
  name: "custom",
  task: "Keep the books.",
  script: scriptOf({ talker: {} }),
  createTeam: (parts) => team("books", [new LedgerAgent("ledger", parts), assistant("talker", parts)], 7),
};

/** One team of each kind. */
export const teamScenarios: readonly TeamScenario[] = [
  single,
  roundRobin,
  nested,
  question,
  approval,
  parallel,
  code,
  custom,
  ...agentScenarios,
  ...choosingScenarios,
  graphLoop,
];

/** @throws when there is none of the name. */
export function teamScenario(name: string): TeamScenario {
  const found = teamScenarios.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario "${name}"`);
  return found;
}
