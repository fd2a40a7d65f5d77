import type { JsonObject } from "@troupe/core";

/** Something a run needs to know from outside before it can go on. Answered once, with `run.respond(id, answer)`. */
export interface Question {
  readonly id: string;
  /** Path of the agent that asks, outermost first. */
  readonly asker: readonly string[];
  readonly prompt: string;
  /** JSON Schema of the answer. */
  readonly schema: JsonObject;
  /** ISO 8601 time after which the question ends unanswered; null without one. */
  readonly deadline: string | null;
}
