import type { ControlReason, JsonObject, StepContext, StepOutcome } from "@troupe/core";
import { canonicalJson, type RunValues } from "@troupe/llm";
import { asJson } from "../../message/as-json.ts";
import type { AgentEvent } from "../../message/agent-event.ts";
import type { OwnedPolicy, PolicyCall, PolicyContext, PolicyDecision } from "./tool-policy.ts";

/** What all policies together say about a call. */
export type Judgement = PolicyDecision | { readonly kind: "stopped"; readonly reason: ControlReason };

/** What judging needs of a turn. */
export interface JudgingTurn {
  readonly policies: readonly OwnedPolicy[];
  readonly runId: string;
  readonly run: RunValues;
  readonly path: readonly string[];
  stepOutcome<T>(
    name: string,
    run: (step: StepContext) => T | Promise<T>,
    options: { readonly idempotent: true; readonly timeoutMs: number },
  ): Promise<StepOutcome<T>>;
  report(event: AgentEvent): void;
}

/** Milliseconds for all policies of a call together. */
const policyMs = 60_000;

/**
 * Asks every policy about a call, outermost first, in one journaled step: a replay does not ask again.
 *
 * All of them see the same call. The strictest counts: a denial, then a rewriting, then a question, then leave. Each decision is an event.
 */
export async function judgeCall(turn: JudgingTurn, call: PolicyCall, isApproved: boolean): Promise<Judgement> {
  const outcome = await turn.stepOutcome(
    `policy:${call.name}`,
    async ({ signal }) => {
      const { runId, run, path } = turn;
      const context: PolicyContext = { runId, run, path, isApproved, signal };
      const decisions: PolicyDecision[] = [];
      for (const policy of turn.policies) decisions.push(await decide(policy, call, context));
      return decisions;
    },
    { idempotent: true, timeoutMs: policyMs },
  );
  if (outcome.status === "done") return settle(turn, call, outcome.value);
  if (outcome.status !== "failed" && outcome.reason !== undefined) return { kind: "stopped", reason: outcome.reason };
  const why = outcome.status === "failed" ? outcome.error.message : "nobody knows how it ended";
  return settle(turn, call, [failedDecision(why)]);
}

async function decide({ decide: ask }: OwnedPolicy, call: PolicyCall, context: PolicyContext): Promise<PolicyDecision> {
  try {
    const decision: unknown = await ask(call, context);
    return parseDecision(decision) ?? failedDecision("it answered with something that is no decision");
  } catch (error) {
    if (context.signal.aborted) throw error;
    return failedDecision(error instanceof Error ? error.message : String(error));
  }
}

function failedDecision(why: string): PolicyDecision {
  return { kind: "deny", reason: `The policy failed: ${why}` };
}

/** Programs without types write policies too: what is not a decision is none. Only what counts is kept. */
function parseDecision(value: unknown): PolicyDecision | undefined {
  if (!isRecord(value)) return undefined;
  switch (value["kind"]) {
    case "allow":
      return { kind: "allow" };
    case "deny":
      return typeof value["reason"] === "string" ? { kind: "deny", reason: value["reason"] } : undefined;
    case "ask": {
      const { prompt, deadlineMs } = value;
      return {
        kind: "ask",
        ...(typeof prompt === "string" && { prompt }),
        ...(typeof deadlineMs === "number" && { deadlineMs }),
      };
    }
    case "rewrite":
      return isRecord(value["arguments"]) ? { kind: "rewrite", arguments: toObject(value["arguments"]) } : undefined;
    default:
      return undefined;
  }
}

/** What is no JSON makes the recording of the step fail, which denies the call. */
function toObject(value: Readonly<Record<string, unknown>>): JsonObject {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: see above
  return asJson(value) as JsonObject;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const strictness = ["deny", "rewrite", "ask"] as const;

function settle(turn: JudgingTurn, call: PolicyCall, decisions: readonly PolicyDecision[]): PolicyDecision {
  const counting = decisions.filter((decision, index) => {
    const policy = turn.policies[index];
    turn.report(toEvent(call, decision, policy));
    return policy?.isShadow !== true && !isIdle(call, decision);
  });
  for (const kind of strictness) {
    const found = counting.find((decision) => decision.kind === kind);
    if (found !== undefined) return found;
  }
  return { kind: "allow" };
}

/** True for a rewriting that changes nothing: it must not hide another policy's question. */
function isIdle(call: PolicyCall, decision: PolicyDecision): boolean {
  return decision.kind === "rewrite" && canonicalJson(decision.arguments) === canonicalJson(call.arguments);
}

function toEvent(call: PolicyCall, decision: PolicyDecision, policy: OwnedPolicy | undefined): AgentEvent {
  const { kind: decided, ...rest } = decision;
  return {
    kind: "policy-decided",
    callId: call.callId,
    name: call.name,
    policy: policy?.owner ?? "",
    decision: decided,
    ...("reason" in rest && { reason: rest.reason }),
    ...("arguments" in rest && { arguments: rest.arguments }),
    ...(policy?.isShadow === true && { isShadow: true }),
  };
}
