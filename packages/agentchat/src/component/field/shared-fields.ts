import { type Field, type Fields, fields } from "@troupe/core";
import {
  type AiSdkModel,
  type ChatModel,
  isAiSdkModel,
  isChatModel,
  type ModelPrice,
  type PriceTable,
} from "@troupe/llm";
import type { ModelSettings } from "../../agent/assistant-options.ts";
import type { BudgetOption } from "../../budget/budget.ts";
import type { GuardOptions } from "../../guard/guard-options.ts";
import type { LoopOption } from "../../guard/loop-limit.ts";
import type { PolicyFunction, PolicyOption } from "../../guard/policy/tool-policy.ts";
import type { StallOption } from "../../guard/watch/stall-limit.ts";
import type { ContextKey } from "../../run/context/define-context.ts";
import { either, isText, namedFunction } from "./combine-fields.ts";

/** A model, whoever made it. */
export const modelField: Field<ChatModel | AiSdkModel> = /* @__PURE__ */ fields.child(
  "model",
  (value): value is ChatModel | AiSdkModel => isChatModel(value) || isAiSdkModel(value),
);

const limit = /* @__PURE__ */ fields.optional(fields.number);

/** What a run may spend. */
export const budgetField: Field<BudgetOption> = /* @__PURE__ */ either(
  isText,
  fields.oneOf("unbounded"),
  fields.object<Exclude<BudgetOption, "unbounded">>({
    modelCalls: limit,
    toolCalls: limit,
    turns: limit,
    wallTimeMs: limit,
    tokens: limit,
    usd: limit,
    depth: limit,
    unpriced: fields.optional(fields.oneOf("allow", "refuse")),
  }),
);

/** What models cost. */
export const pricesField: Field<PriceTable> = /* @__PURE__ */ fields.object<PriceTable>({
  checked: fields.text,
  source: fields.text,
  prices: fields.list(
    fields.object<ModelPrice>({
      model: fields.text,
      since: fields.text,
      usdPerMillionInput: fields.number,
      usdPerMillionCachedInput: fields.number,
      usdPerMillionOutput: fields.number,
    }),
  ),
});

const loopsField: Field<LoopOption> = /* @__PURE__ */ either(
  isText,
  fields.oneOf("off"),
  fields.object<Exclude<LoopOption, "off">>({ limit: fields.optional(fields.integer) }),
);

const stallField: Field<StallOption> = /* @__PURE__ */ either(
  isText,
  fields.oneOf("off"),
  fields.object<Exclude<StallOption, "off">>({
    afterMs: fields.optional(fields.number),
    ends: fields.optional(fields.flag),
  }),
);

const decide = /* @__PURE__ */ namedFunction<PolicyFunction>();

/** A policy is the program's: a document names it, and may let it only watch. */
const policyField: Field<PolicyOption> = /* @__PURE__ */ either(
  (value) => typeof value === "function" || (typeof value === "object" && value !== null && "$named" in value),
  decide,
  fields.object<Exclude<PolicyOption, PolicyFunction>>({
    decide,
    mode: fields.optional(fields.oneOf("enforce", "shadow")),
  }),
);

const needs: Field<readonly ContextKey[]> = /* @__PURE__ */ fields.list(fields.named(isContextKey, "context key"));

function isContextKey(value: unknown): value is ContextKey {
  return typeof value === "object" && value !== null && "persists" in value && "of" in value && "read" in value;
}

/** The guards of agents and teams. */
export const guardFields: Fields<GuardOptions> = {
  loops: /* @__PURE__ */ fields.optional(loopsField),
  stall: /* @__PURE__ */ fields.optional(stallField),
  policy: /* @__PURE__ */ fields.optional(policyField),
  needs: /* @__PURE__ */ fields.optional(needs),
};

/** Settings of every call of an agent's model. */
export const settingsField: Field<ModelSettings> = /* @__PURE__ */ fields.object<ModelSettings>({
  temperature: fields.optional(fields.number),
  topP: fields.optional(fields.number),
  maxOutputTokens: fields.optional(fields.integer),
  stopSequences: fields.optional(fields.list(fields.text)),
  seed: fields.optional(fields.integer),
  providerOptions: fields.optional(fields.openJson),
  headers: fields.optional(fields.openTexts),
  toolChoice: fields.optional(
    either(
      isText,
      fields.oneOf("auto", "required", "none"),
      fields.object<{ readonly toolName: string }>({ toolName: fields.text }),
    ),
  ),
});
