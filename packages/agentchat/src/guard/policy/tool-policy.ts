import type { JsonObject, JsonValue } from "@troupe/core";
import type { RunValues } from "@troupe/llm";

/** What is about to happen at the boundary of a run: a call of a tool, or a program. */
export interface PolicyCall {
  /** `tool`: a function, a tool of a workbench, a handoff, an agent as a tool. `code`: a program, whose name is `code`. */
  readonly kind: "tool" | "code";
  readonly name: string;
  /** As they fit the tool's schema, before its transforms; of a program `{ blocks: [{ language, code }] }`. */
  readonly arguments: JsonObject;
  /** The model's id for the call; empty for a program. */
  readonly callId: string;
}

/** What a policy may know besides the call. */
export interface PolicyContext {
  readonly runId: string;
  /** What the program gave the run: read it with the key of `defineContext`. */
  readonly run: RunValues;
  /** Path of the agent that makes the call, outermost first. */
  readonly path: readonly string[];
  /** True when a person has said yes to exactly these arguments: the policy is asked once more before they run. */
  readonly isApproved: boolean;
  /** Aborts when the call is stopped, or the policy has taken too long. */
  readonly signal: AbortSignal;
}

/** What a policy decides about a call. */
export type PolicyDecision =
  | { readonly kind: "allow" }
  /** The model reads the reason as the result of the call. */
  | { readonly kind: "deny"; readonly reason: string }
  /** A person decides. The prompt is shown before the call and its arguments; `deadlineMs`: default 7 days. */
  | { readonly kind: "ask"; readonly prompt?: string | undefined; readonly deadlineMs?: number | undefined }
  /** The call is made with these arguments instead, when they fit the tool's schema and all policies agree. */
  | { readonly kind: "rewrite"; readonly arguments: { readonly [name: string]: JsonValue } };

/** Decides about one call. May look things up; one that throws, or takes longer than a minute, denies. */
export type PolicyFunction = (call: PolicyCall, context: PolicyContext) => PolicyDecision | Promise<PolicyDecision>;

/** A policy, and whether it counts. */
export type PolicyOption =
  | PolicyFunction
  | {
      readonly decide: PolicyFunction;
      /** `shadow`: what it decides is recorded in `policy-decided` events and does not count. Default `enforce`. */
      readonly mode?: "enforce" | "shadow" | undefined;
    };

/** The policy of one definition, as the turns below it hold it. */
export interface OwnedPolicy {
  /** Name of the agent or team that declares it. */
  readonly owner: string;
  readonly decide: PolicyFunction;
  readonly isShadow: boolean;
}

/** Fills in the defaults. */
export function ownPolicy(owner: string, option: PolicyOption): OwnedPolicy {
  if (typeof option === "function") return { owner, decide: option, isShadow: false };
  return { owner, decide: option.decide, isShadow: option.mode === "shadow" };
}

/** A policy that allows the calls of these names, and denies all others. Programs have the name `code`. */
export function allowOnly(names: readonly string[]): PolicyFunction {
  const known = new Set(names);
  return ({ name }) =>
    known.has(name) ? { kind: "allow" } : { kind: "deny", reason: `${name} is not one of the tools that may be used.` };
}
