import { keepOptions } from "@troupe/core";
import type { ChatModel, ModelRequest } from "../model/chat-model.ts";
import { historyUnits } from "../model/history/history-units.ts";
import { transcriptOf } from "../model/history/transcript.ts";
import type { ModelMessage } from "../model/model-message.ts";
import { rememberedTokens } from "../model/remember-sizes.ts";
import { checkSize } from "./check-size.ts";
import { applyMarks, markMessage, openHistory } from "./history-mark.ts";
import type { Condensation, ModelContext } from "./model-context.ts";
import { shortenText } from "./shorten-messages.ts";

/** When to summarise, and how. */
export interface RollingSummaryOptions {
  /** Estimated tokens of messages that are not summarised, from which on the older ones are. */
  readonly maxTokens: number;
  /** Estimated tokens of the newest messages that stay as they are; default half of `maxTokens`. */
  readonly keepTokens?: number | undefined;
  /** Who writes the summary; default the agent's own model. */
  readonly model?: ChatModel | undefined;
  /** How long a summary should be in tokens; default 1,000. One that is more than twice as long is cut. */
  readonly maxSummaryTokens?: number | undefined;
  /** What to write; default: decisions, facts, names, numbers and what is still open. */
  readonly instructions?: string | undefined;
}

/** Tokens of conversation that a model of unknown window is given to summarise at once. */
const assumedChunk = 12_000;

/** The share of a known window that is used for the conversation to summarise. */
const chunkShare = 0.5;

/**
 * Shows the model a summary of what was said long ago, and the newest messages as they are.
 *
 * The agent makes the summary in a journaled call of a model and keeps it with its history: it is made again only when `maxTokens` of new
 * messages have come, and then tells on from the last one. A call and its results are summarised together. When the summary fails, the
 * conversation goes on as if it were not due.
 *
 * @throws ConfigError `config.invalid_option` unless the numbers are positive integers and `keepTokens` is below `maxTokens`.
 */
export function rollingSummaryContext(options: RollingSummaryOptions): ModelContext {
  const maxTokens = checkSize("maxTokens", options.maxTokens);
  const keepTokens = checkSize("keepTokens", options.keepTokens ?? Math.max(1, Math.floor(maxTokens / 2)));
  const plan: SummaryPlan = {
    maxTokens,
    keepTokens: Math.min(keepTokens, maxTokens - 1),
    maxSummaryTokens: checkSize("maxSummaryTokens", options.maxSummaryTokens ?? 1_000),
    instructions: options.instructions ?? defaultInstructions,
    model: options.model,
  };
  const context: ModelContext = {
    kind: "model-context",
    name: `rolling-summary(${maxTokens}, ${plan.keepTokens})`,
    ...(options.model !== undefined && { models: [options.model] }),
    select: (history) => applyMarks(history, { summaries: true }),
    condense: (history, model) => condense(history, plan, model),
  };
  return keepOptions(context, "@troupe/llm/rollingSummaryContext", options);
}

interface SummaryPlan {
  readonly maxTokens: number;
  readonly keepTokens: number;
  readonly maxSummaryTokens: number;
  readonly instructions: string;
  readonly model: ChatModel | undefined;
}

const defaultInstructions =
  "Summarise the conversation for somebody who goes on with it and cannot read it. Keep decisions, facts, names, numbers, results of tools " +
  "that still matter, and what is still open. Do not answer questions from it. Write the summary and nothing else.";

function condense(
  history: readonly ModelMessage[],
  plan: SummaryPlan,
  agentModel: ChatModel,
): Condensation | undefined {
  const { messages, summary } = openHistory(history);
  const from = summary?.upTo ?? 0;
  const fresh = messages.slice(from);
  if (tokensOf(fresh) <= plan.maxTokens) return undefined;
  const model = plan.model ?? agentModel;
  const { contextWindow } = model.capabilities;
  const chunk = contextWindow === null ? assumedChunk : Math.floor(contextWindow * chunkShare);
  const count = countToSummarise(fresh, plan.keepTokens, chunk);
  if (count === 0) return undefined;
  return {
    model,
    request: summaryRequest(fresh.slice(0, count), { plan, chunk, earlier: summary?.text }),
    messages: count,
    toMark: (text) => {
      const kept = shortenText(text, plan.maxSummaryTokens * 2);
      return markMessage({ kind: "summary", upTo: from + count }, `Summary of the conversation so far:\n${kept}`);
    },
  };
}

/** Messages at the start: whole units, all but the newest that fit into `keepTokens`, and no more than a chunk at once. */
function countToSummarise(fresh: readonly ModelMessage[], keepTokens: number, chunk: number): number {
  const units = historyUnits(fresh).map((unit) => ({ length: unit.length, tokens: tokensOf(unit) }));
  let kept = units.pop()?.tokens ?? 0;
  for (let unit = units.at(-1); unit !== undefined && kept + unit.tokens <= keepTokens; unit = units.at(-1)) {
    kept += unit.tokens;
    units.pop();
  }
  let count = 0;
  let tokens = 0;
  for (const unit of units) {
    if (count > 0 && tokens + unit.tokens > chunk) break;
    count += unit.length;
    tokens += unit.tokens;
  }
  return count;
}

interface SummaryInput {
  readonly plan: SummaryPlan;
  readonly chunk: number;
  readonly earlier: string | undefined;
}

function summaryRequest(
  messages: readonly ModelMessage[],
  { plan, chunk, earlier }: SummaryInput,
): Omit<ModelRequest, "signal"> {
  const told = earlier === undefined ? "" : `${earlier}\n\nIt went on:\n\n`;
  const text = `${told}${shortenText(transcriptOf(messages), chunk)}`;
  return {
    messages: [
      // No output limit: a model that thinks first would have used it up before it wrote a word.
      { role: "system", content: `${plan.instructions} Use at most ${plan.maxSummaryTokens} tokens.` },
      { role: "user", content: [{ kind: "text", text }] },
    ],
  };
}

function tokensOf(messages: readonly ModelMessage[]): number {
  return messages.reduce((sum, message) => sum + rememberedTokens(message), 0);
}
