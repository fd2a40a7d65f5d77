import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { PersonsWord } from "./clear-call.ts";
import type { AgentTurn } from "../../turn/agent-turn.ts";
import { endOf } from "../../turn/turn-end.ts";

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

/** Asks a person about one call. Also nobody's answer is an answer: the call is not made. */
export async function askApproval(
  turn: AgentTurn,
  question: { readonly prompt: string; readonly deadlineMs?: number | undefined },
): Promise<PersonsWord> {
  try {
    const answer = await turn.ask({ ...question, schema: answerSchema, jsonSchema: document });
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
