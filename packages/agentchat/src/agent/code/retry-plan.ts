import { TroupeError } from "@troupe/core";
import { extractJson } from "@troupe/llm";

/** What a model wants to do about a program of its own that failed. */
export interface RetryPlan {
  readonly retry: boolean;
  /** What was wrong, and what it will do about it. */
  readonly reason: string;
}

/** JSON Schema of a plan. */
export const retryPlanDocument = {
  type: "object",
  properties: {
    reason: { type: "string", description: "What went wrong, and how the program will be corrected" },
    retry: { type: "boolean", description: "Whether a corrected program is worth trying" },
  },
  required: ["reason", "retry"],
  additionalProperties: false,
} as const;

/** Asked of a model whose program failed. */
export const planQuestion =
  'The program failed. Can you correct it? Answer with JSON only: {"reason": "what went wrong, and how you will correct it", "retry": true or false}.';

function isPlan(value: unknown): value is RetryPlan {
  if (typeof value !== "object" || value === null || !("retry" in value) || !("reason" in value)) return false;
  return typeof value.retry === "boolean" && typeof value.reason === "string";
}

/** A model's plan as it can be used, or what is wrong with it in words the model can act on. */
export type ParsedPlan =
  | { readonly kind: "valid"; readonly plan: RetryPlan }
  | { readonly kind: "invalid"; readonly problem: string };

/** Reads a model's plan: JSON, alone or in a fenced block among words. */
export function parsePlan(text: string): ParsedPlan {
  try {
    const values: readonly unknown[] = extractJson(text);
    const plan = values.find(isPlan);
    if (plan !== undefined) return { kind: "valid", plan };
    return {
      kind: "invalid",
      problem: 'Your last answer had no "reason" in words, or no "retry" that is true or false.',
    };
  } catch (error) {
    if (!TroupeError.isTroupeError(error)) throw error;
    return { kind: "invalid", problem: `Your last answer could not be read: ${error.message}.` };
  }
}

/** Words of a plan that are kept when it is not a plan. */
const maxReason = 500;

/** The plan of a model that could not say it, twice: it tries again, within its limit, with its words as the reason. */
export function defaultPlan(text: string): RetryPlan {
  return { retry: true, reason: text.slice(0, maxReason) };
}
