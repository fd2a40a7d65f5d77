import { encodeJson, type JsonObject } from "@troupe/core";
import { type ParsedArguments, parseArgumentsText, type Tool, type ToolCallPart } from "@troupe/llm";
import { type Clearance, clearCall, type PersonsWord } from "./clear-call.ts";
import type { PolicyDecision } from "./tool-policy.ts";
import type { AgentTurn } from "../../turn/agent-turn.ts";
import { askApproval } from "./ask-approval.ts";

/**
 * Whether a call may be made: policies and people decide. Arguments that do not fit are shown to nobody: such a call is cleared, runs nothing
 * and fails by itself.
 */
export async function clearToolCall(turn: AgentTurn, call: ToolCallPart, tool: Tool): Promise<Clearance> {
  const parsed = parse(tool, call.arguments);
  if (parsed.kind === "invalid") return { kind: "cleared", isApproved: false };
  const ask = (text: string, options: Omit<Ask, "kind"> = {}): Promise<PersonsWord> =>
    askApproval(turn, { prompt: promptOf(turn, { call, text }, options.prompt), deadlineMs: options.deadlineMs });
  if (turn.policies.length === 0) {
    if (!parsed.needsApproval) return { kind: "cleared", isApproved: false };
    const word = await ask(call.arguments === "" ? "{}" : call.arguments);
    return word.kind === "approved" ? { kind: "cleared", isApproved: true } : word;
  }
  const read = parseArgumentsText(call.arguments);
  if (read.kind === "invalid") return { kind: "denied", why: read.problem };
  return clearCall(turn, {
    call: { kind: "tool", name: tool.name, arguments: toObject(read.value), callId: call.callId },
    check: (args) => {
      const checked = parse(tool, encodeJson(args, "the arguments"));
      return checked.kind === "invalid" ? checked : { needsApproval: checked.needsApproval };
    },
    askPerson: (args, options) => ask(JSON.stringify(args), options),
  });
}

type Ask = Extract<PolicyDecision, { readonly kind: "ask" }>;

/** An approval rule and a schema's refinement are the author's code: one that throws is left to the call, which turns it into a result. */
function parse(tool: Tool, text: string): ParsedArguments {
  try {
    return tool.parseArguments(text);
  } catch (error) {
    return { kind: "invalid", problem: error instanceof Error ? error.message : String(error) };
  }
}

/** A policy's own words come before the call, never in its place. */
function promptOf(
  turn: AgentTurn,
  { call, text }: { readonly call: ToolCallPart; readonly text: string },
  words: string | undefined,
): string {
  const question = `May "${turn.agentName}" call ${call.toolName} with ${text}?`;
  return words === undefined ? question : `${words}\n${question}`;
}

/** Read from JSON text: nothing else can be in it. */
function toObject(value: Record<string, unknown>): JsonObject {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: see above
  return value as JsonObject;
}
