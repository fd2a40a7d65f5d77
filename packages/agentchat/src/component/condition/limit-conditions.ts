import { type Component, defineComponent, defineForeignForm, fields } from "@troupe/core";
import { MaxMessageTermination } from "../../condition/max-message-termination.ts";
import { TimeoutTermination } from "../../condition/timeout-termination.ts";
import { type TokenLimits, TokenUsageTermination } from "../../condition/token-usage-termination.ts";
import { condition, isExactly } from "./condition.ts";

interface Count {
  readonly maxMessages: number;
  readonly includeEvents?: boolean | undefined;
}

interface AutoGenCount {
  readonly max_messages: number;
  readonly include_agent_event?: boolean | undefined;
}

interface AutoGenTokens {
  readonly max_total_token?: number | null | undefined;
  readonly max_prompt_token?: number | null | undefined;
  readonly max_completion_token?: number | null | undefined;
}

/** Conditions that count. */
export function limitConditions(): readonly Component[] {
  return [maxMessages(), timeout(), tokenUsage()];
}

function maxMessages(): Component {
  return defineComponent<Count>({
    ...condition("MaxMessageTermination", "Over when so many messages have been said."),
    fields: { maxMessages: fields.integer, includeEvents: fields.optional(fields.flag) },
    create: ({ maxMessages: count, ...options }) => new MaxMessageTermination(count, options),
    recognize: (value) =>
      isExactly(value, MaxMessageTermination)
        ? { maxMessages: value.maxMessages, includeEvents: value.wantsEvents || undefined }
        : undefined,
    foreign: [
      defineForeignForm<Count, AutoGenCount>({
        dialect: "autogen",
        provider: "autogen_agentchat.conditions.MaxMessageTermination",
        fields: { max_messages: fields.integer, include_agent_event: fields.optional(fields.flag) },
        toOptions: (config) => ({
          maxMessages: config.max_messages,
          ...(config.include_agent_event === true && { includeEvents: true }),
        }),
        covers: ["maxMessages", "includeEvents"],
        toConfig: (options) => ({
          max_messages: options.maxMessages,
          include_agent_event: options.includeEvents ?? false,
        }),
      }),
    ],
  });
}

interface Time {
  readonly timeoutMs: number;
}

function timeout(): Component {
  return defineComponent<Time>({
    ...condition("TimeoutTermination", "Over when the run has lasted so long."),
    fields: { timeoutMs: fields.number },
    create: ({ timeoutMs }) => new TimeoutTermination(timeoutMs),
    recognize: (value) => (isExactly(value, TimeoutTermination) ? { timeoutMs: value.timeoutMs } : undefined),
    foreign: [
      defineForeignForm<Time, { readonly timeout_seconds: number }>({
        dialect: "autogen",
        provider: "autogen_agentchat.conditions.TimeoutTermination",
        fields: { timeout_seconds: fields.number },
        toOptions: (config) => ({ timeoutMs: config.timeout_seconds * 1000 }),
        covers: ["timeoutMs"],
        toConfig: ({ timeoutMs }) => ({ timeout_seconds: timeoutMs / 1000 }),
      }),
    ],
  });
}

function tokenUsage(): Component {
  return defineComponent<TokenLimits>({
    ...condition("TokenUsageTermination", "Over when the run has used so many tokens."),
    fields: {
      total: fields.optional(fields.number),
      input: fields.optional(fields.number),
      output: fields.optional(fields.number),
    },
    create: (limits) => new TokenUsageTermination(limits),
    recognize: (value) => (isExactly(value, TokenUsageTermination) ? value.limits : undefined),
    foreign: [
      defineForeignForm<TokenLimits, AutoGenTokens>({
        dialect: "autogen",
        provider: "autogen_agentchat.conditions.TokenUsageTermination",
        fields: {
          max_total_token: fields.optional(fields.nullable(fields.integer)),
          max_prompt_token: fields.optional(fields.nullable(fields.integer)),
          max_completion_token: fields.optional(fields.nullable(fields.integer)),
        },
        toOptions: (config) => ({
          total: config.max_total_token ?? undefined,
          input: config.max_prompt_token ?? undefined,
          output: config.max_completion_token ?? undefined,
        }),
        covers: ["total", "input", "output"],
        // AutoGen leaves out what is null and then cannot read it: all three must be there.
        toConfig: ({ total, input, output }) => ({
          max_total_token: total ?? null,
          max_prompt_token: input ?? null,
          max_completion_token: output ?? null,
        }),
      }),
    ],
  });
}
