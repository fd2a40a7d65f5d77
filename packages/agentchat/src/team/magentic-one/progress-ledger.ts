import { type JsonObject, jsonSchema, type ToolSchema } from "@troupe/llm";

/** One judgement of the orchestrator, with its reason. */
export interface LedgerEntry<Answer> {
  readonly reason: string;
  readonly answer: Answer;
}

/** What the orchestrator thinks of the work after each turn: the names are AutoGen's. */
export interface ProgressLedger {
  readonly is_request_satisfied: LedgerEntry<boolean>;
  readonly is_in_loop: LedgerEntry<boolean>;
  readonly is_progress_being_made: LedgerEntry<boolean>;
  readonly next_speaker: LedgerEntry<string>;
  readonly instruction_or_question: LedgerEntry<string>;
}

/** The schema of a ledger for a team with these speakers: it can name nobody else. */
export function ledgerSchema(speakers: readonly string[]): ToolSchema<ProgressLedger, ProgressLedger> {
  const entry = (answer: JsonObject): JsonObject => ({
    type: "object",
    properties: { reason: { type: "string" }, answer },
    required: ["reason", "answer"],
  });
  const properties = {
    is_request_satisfied: entry({ type: "boolean" }),
    is_in_loop: entry({ type: "boolean" }),
    is_progress_being_made: entry({ type: "boolean" }),
    next_speaker: entry({ type: "string", enum: [...speakers] }),
    instruction_or_question: entry({ type: "string" }),
  };
  return jsonSchema<ProgressLedger>({ type: "object", properties, required: Object.keys(properties) });
}

/**
 * The ledger to go on with when the model gives none: the work is neither done nor known to move, and the next in the order of participants
 * is asked to go on. It counts as a stall, so that a model that never gives one ends in a new plan and then in a final answer.
 */
export function defaultLedger(speakers: readonly string[], last: string | null): ProgressLedger {
  const reason = "The model gave no ledger";
  const next = speakers[(last === null ? 0 : speakers.indexOf(last) + 1) % speakers.length] ?? "";
  return {
    is_request_satisfied: { reason, answer: false },
    is_in_loop: { reason, answer: false },
    is_progress_being_made: { reason, answer: false },
    next_speaker: { reason, answer: next },
    instruction_or_question: { reason, answer: "Please take the next step of the plan that you can take." },
  };
}
