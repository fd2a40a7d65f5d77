import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { ControlReason } from "@troupe/core";
import type { Tool, ToolCallPart } from "@troupe/llm";
import type { AgentTurn } from "./agent-turn.ts";
import { endOf } from "./turn-end.ts";

/** What a person said about a call. */
export type Approval =
  | { readonly kind: "not-needed" | "approved" }
  | { readonly kind: "denied"; readonly why: string }
  | { readonly kind: "stopped"; readonly reason: ControlReason };

const document = {
  type: "object",
  properties: {
    approved: { type: "boolean", description: "Whether the call may be made" },
    reason: { type: "string", description: "Told to the model when the call is denied" },
  },
  required: ["approved"],
} as const;

interface Answer {
  readonly approved: boolean;
  readonly reason?: string;
}

/** Written by hand: a JSON Schema validator for one fixed form would be a tenth of a small bundle. */
const answerSchema: StandardSchemaV1<unknown, Answer> = {
  "~standard": {
    version: 1,
    vendor: "troupe",
    validate: (value) =>
      isAnswer(value) ? { value } : { issues: [{ message: "expected { approved: boolean, reason?: string }" }] },
  },
};

function isAnswer(value: unknown): value is Answer {
  if (typeof value !== "object" || value === null || !("approved" in value)) return false;
  return typeof value.approved === "boolean" && (!("reason" in value) || typeof value.reason === "string");
}

/** Asks a person about a call when its tool wants that. Arguments that do not fit are not shown to anybody: the call fails by itself. */
export async function askApproval(turn: AgentTurn, call: ToolCallPart, tool: Tool): Promise<Approval> {
  if (!needsApproval(tool, call.arguments)) return { kind: "not-needed" };
  try {
    const prompt = `May "${turn.agentName}" call ${tool.name} with ${call.arguments === "" ? "{}" : call.arguments}?`;
    const answer = await turn.ask({ prompt, schema: answerSchema, jsonSchema: document });
    return answer.approved
      ? { kind: "approved" }
      : { kind: "denied", why: `A person denied this call. ${answer.reason ?? ""}`.trim() };
  } catch (error) {
    const end = endOf(error);
    if (end?.status === "cancelled" || end?.status === "interrupted") {
      return {
        kind: "stopped",
        reason: { kind: end.status === "cancelled" ? "cancel" : "interrupt", detail: end.detail },
      };
    }
    return { kind: "denied", why: "Nobody answered whether this call may be made." };
  }
}

/** An approval rule is the author's code: one that throws is left to the call, which turns it into a result. */
function needsApproval(tool: Tool, text: string): boolean {
  try {
    const parsed = tool.parseArguments(text);
    return parsed.kind === "valid" && parsed.needsApproval;
  } catch {
    return false;
  }
}
