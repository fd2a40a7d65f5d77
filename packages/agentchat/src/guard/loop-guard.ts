import { TeamError } from "@troupe/core";
import type { ToolCallPart } from "@troupe/llm";
import type { ToolCallRound } from "./call-trail.ts";

/** What the turns of a run need to see a loop. */
export interface LoopGuard {
  /** How often the same may happen in a row; Infinity when nobody looks. */
  readonly limit: number;
  /** Sources whose words come from people: they break a row. */
  readonly people: ReadonlySet<string>;
}

/** Calls are shown up to this length. */
const maxShown = 200;

/** The error that ends a turn whose calls go round in circles; the run ends with `loop`. */
export function callsInLoop(agent: string, cycle: readonly ToolCallRound[], limit: number): TeamError {
  const rounds = cycle.map(({ calls }) => calls.map(describeCall).join(" and "));
  const detail = `"${agent}" made the same calls ${limit} times in a row, with the same results: ${rounds.join(", then ")}`;
  return new TeamError("run.loop", detail, {
    remedy: 'Change what the model is told, raise loops.limit, or switch the check off: loops: "off".',
    details: { agent, limit },
  });
}

function describeCall({ toolName, arguments: text }: ToolCallPart): string {
  const shown = text.length > maxShown ? `${text.slice(0, maxShown)}...` : text;
  return `${toolName}(${shown})`;
}
