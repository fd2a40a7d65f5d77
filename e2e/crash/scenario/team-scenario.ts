import type { Runner } from "@troupe/agentchat";
import type { ToolResultPart } from "@troupe/llm";
import type { Heard, Said } from "../outside/outside-call.ts";
import type { OutsideParts } from "../outside/outside-parts.ts";
import type { ModelScript } from "../outside/outside-server.ts";

/** A team, what it is asked, and what its models say. */
export interface TeamScenario {
  readonly name: string;
  readonly task: string;
  readonly script: ModelScript;
  /** Several speak at once, so messages come in any order. */
  readonly isParallel?: boolean;
  /** Makes the team anew: every worker has its own. */
  createTeam(parts: OutsideParts): Runner<unknown>;
}

/** What one agent does in each of its turns. */
export interface AgentPlan {
  /** Tools called in each round before the answer, side by side within a round. */
  readonly rounds?: readonly (readonly string[])[];
  /** What the answer ends with. */
  readonly say?: (turn: number) => string;
}

/** Tools that must not run twice, by name; every other one is idempotent. */
export const onceOnly: readonly string[] = ["charge", "post"];

/** The tools of all scenarios. */
export function createTools(parts: OutsideParts): ReturnType<OutsideParts["tool"]>[] {
  return ["lookup", "weigh", ...onceOnly].map((name) => parts.tool(name, { idempotent: !onceOnly.includes(name) }));
}

/** A script by plans. Answers name every result of their turn, so that a transcript shows each of them. */
export function scriptOf(plans: Readonly<Record<string, AgentPlan>>): ModelScript {
  return (heard: Heard): Said => {
    const plan = plans[heard.agent];
    if (plan === undefined) throw new Error(`the script does not know "${heard.agent}"`);
    const round = plan.rounds?.[heard.round];
    if (round !== undefined) {
      return {
        calls: round.map((tool, index) => ({ callId: `${heard.agent}.${heard.turn}.${heard.round}.${index}`, tool })),
      };
    }
    const results = heard.results.map(describeResult).join(" ");
    return { text: [`${heard.agent} ${heard.turn}`, results, plan.say?.(heard.turn) ?? ""].filter(Boolean).join(" ") };
  };
}

/** One result as an answer names it. */
export function describeResult({ callId, status, content }: ToolResultPart): string {
  if (status !== "ok") return `[${callId}=${status}]`;
  const text = content.map((part) => (part.kind === "text" ? part.text : JSON.stringify(part))).join("");
  return `[${callId}=ok ${text}]`;
}
