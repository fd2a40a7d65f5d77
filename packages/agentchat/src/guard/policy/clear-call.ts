import type { ControlReason, JsonObject } from "@troupe/core";
import { canonicalJson } from "@troupe/llm";
import { type JudgingTurn, judgeCall } from "./judge-call.ts";
import type { PolicyCall, PolicyDecision } from "./tool-policy.ts";

/** Whether a call may be made, and with which arguments. */
export type Clearance =
  | {
      readonly kind: "cleared";
      /** Undefined when nobody changed them. */
      readonly arguments?: JsonObject;
      /** True when a person has said yes to exactly this call. */
      readonly isApproved: boolean;
    }
  | { readonly kind: "denied"; readonly why: string }
  | { readonly kind: "stopped"; readonly reason: ControlReason };

/** What a person said about a call. */
export type PersonsWord = { readonly kind: "approved" } | Exclude<Clearance, { readonly kind: "cleared" }>;

/** A call that wants to be made. */
export interface CallToClear {
  readonly call: PolicyCall;
  /** Checks arguments that a policy has written: what is wrong with them, or whether they need a person's yes whatever policies say. */
  readonly check: (args: JsonObject) => { readonly problem: string } | { readonly needsApproval: boolean };
  readonly askPerson: (
    args: JsonObject,
    options: Omit<Extract<PolicyDecision, { kind: "ask" }>, "kind">,
  ) => Promise<PersonsWord>;
}

/** Policies that keep changing a call, or a person's word that never fits it, do not go on for ever. */
const maxRounds = 5;

/**
 * Clears one call at the boundary: its schema, the policies, a person, the policies again, in this order.
 *
 * Invariants:
 * P1. A person is never shown a call that does not fit its schema or that a policy denies.
 * P2. A yes is for exactly the arguments that were shown: when they change, it is asked for again.
 * P3. What is cleared fits its schema, and every policy that counts has seen it as it is made.
 */
export async function clearCall(turn: JudgingTurn, { call, check, askPerson }: CallToClear): Promise<Clearance> {
  let { arguments: args } = call;
  let approved: string | undefined;
  for (let round = 0; round < maxRounds; round += 1) {
    const checked = check(args);
    if ("problem" in checked) return denied(`A policy changed the arguments, and they do not fit: ${checked.problem}`);
    const isApproved = approved === canonicalJson(args);
    const judgement = await judgeCall(turn, { ...call, arguments: args }, isApproved);
    if (judgement.kind === "stopped") return judgement;
    if (judgement.kind === "deny") return denied(judgement.reason);
    if (judgement.kind === "rewrite") {
      args = judgement.arguments;
      continue;
    }
    const mustAsk = judgement.kind === "ask" || checked.needsApproval;
    if (!mustAsk || isApproved)
      return { kind: "cleared", isApproved, ...(args !== call.arguments && { arguments: args }) };
    const word = await askPerson(args, judgement.kind === "ask" ? judgement : {});
    if (word.kind !== "approved") return word;
    approved = canonicalJson(args);
  }
  return denied("The policies do not agree on what to do with it.");
}

function denied(why: string): Clearance {
  return { kind: "denied", why: `This was not allowed: ${why}` };
}
