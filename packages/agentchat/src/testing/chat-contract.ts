import type { AgentRuntime } from "@troupe/core";
import type { ContractCase } from "@troupe/core/testing";
import { eventCases } from "./event-cases.ts";
import { runCases } from "./run-cases.ts";
import { steeringCases } from "./steering-cases.ts";

/** What the suite works on: a fresh runtime for each case. */
export interface ChatContractEnvironment {
  readonly runtime: AgentRuntime;
}

/**
 * What agents and teams promise on every runtime and in every JavaScript engine, as cases that need no test framework:
 *
 * - I1: every tool call has one result. I3: nothing hangs, errors say where. I5: numbers without gaps. I8: a definition is not a run.
 *   I9: nothing stays. I10: no bound, no start.
 * - C16: a question is answered once.
 *
 * Register them with `declareContract`, or run them with `runContract`, both in `@troupe/core/testing`.
 */
export const chatContract: readonly ContractCase<ChatContractEnvironment>[] = [
  ...runCases,
  ...eventCases,
  ...steeringCases,
];
