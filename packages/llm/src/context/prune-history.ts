import { historyUnits } from "../model/history/history-units.ts";
import type { ModelMessage } from "../model/model-message.ts";
import { rememberedTokens } from "../model/remember-sizes.ts";
import { markMessage, openHistory, type Pruning, showHistory } from "./history-mark.ts";

/** What a pruning did. */
export interface PrunedHistory {
  /** To be appended to the kept history. */
  readonly mark: ModelMessage;
  /** Messages that are left out now, in all. */
  readonly messages: number;
  /** Messages whose results of tools are replaced by a note. */
  readonly cleared: number;
  /** Estimated tokens of what is shown, before and after. */
  readonly tokensBefore: number;
  readonly tokensAfter: number;
}

/** How far to prune. */
export interface PruneOptions {
  /** Estimated tokens that the history may have afterwards. */
  readonly maxTokens: number;
  /** Whether a summary tells of the first messages; see `applyMarks`. */
  readonly summaries: boolean;
}

/** Units at the end whose results stay when others are cleared. */
const freshUnits = 4;

/** The task at the start stays when it takes at most this share of the room. */
const headShare = 0.25;

/**
 * Makes a history fit, in the gentlest way that is enough: old results of tools become notes; then the oldest units behind the task are left
 * out; then the task too; then what is left is cut in the middle of its texts. The newest unit is always shown.
 *
 * Undefined when it fits, and when nothing more can be done. Pure: nothing is taken out of the history, a mark says what is shown of it.
 */
export function pruneHistory(history: readonly ModelMessage[], options: PruneOptions): PrunedHistory | undefined {
  const opened = openHistory(history);
  const summary = options.summaries ? opened.summary : undefined;
  const sizeOf = (pruning: Pruning | undefined): number =>
    showHistory(opened.messages, { summary, pruning }).reduce((sum, message) => sum + rememberedTokens(message), 0);
  const tokensBefore = sizeOf(opened.pruning);
  if (tokensBefore <= options.maxTokens) return undefined;
  const next = choosePruning({ ...opened, summary }, { maxTokens: options.maxTokens, sizeOf });
  const tokensAfter = sizeOf(next);
  if (tokensAfter >= tokensBefore) return undefined;
  const messages = Math.max(0, next.upTo - Math.max(next.head, summary?.upTo ?? 0));
  return {
    mark: markMessage({ kind: "pruned", ...next }, `Skipped ${messages} messages.`),
    messages,
    cleared: opened.messages.slice(next.upTo, next.clearedUpTo).filter((message) => message.role === "tool").length,
    tokensBefore,
    tokensAfter,
  };
}

interface Room {
  readonly maxTokens: number;
  readonly sizeOf: (pruning: Pruning) => number;
}

type Shown = Pick<ReturnType<typeof openHistory>, "messages" | "pruning" | "summary">;

function choosePruning({ messages, pruning, summary }: Shown, { maxTokens, sizeOf }: Room): Pruning {
  const ends = unitEnds(messages);
  const before: Pruning = pruning ?? { head: 0, upTo: 0, clearedUpTo: 0, cutUpTo: 0, partTokens: 0 };
  const clearedUpTo = Math.max(before.clearedUpTo, ends.at(-1 - freshUnits) ?? 0);
  const cleared: Pruning = { ...before, clearedUpTo };
  if (sizeOf(cleared) <= maxTokens) return cleared;
  const head = summary === undefined ? headOf(messages, ends, maxTokens) : 0;
  const newest = ends.at(-2) ?? 0;
  const cuts = ends.filter((end) => end > Math.max(before.upTo, head, summary?.upTo ?? 0) && end <= newest);
  const dropped = firstFitting(cuts, (upTo) => sizeOf({ ...cleared, head, upTo }) <= maxTokens);
  if (dropped !== undefined) return { ...cleared, head, upTo: dropped };
  const bare: Pruning = { ...cleared, head: 0, upTo: Math.max(newest, before.upTo) };
  return sizeOf(bare) <= maxTokens ? bare : cutTexts(bare, messages.length, { maxTokens, sizeOf });
}

/** Halves the room of each text until all of it fits, or nothing is left to cut. */
function cutTexts(pruning: Pruning, cutUpTo: number, { maxTokens, sizeOf }: Room): Pruning {
  let next = pruning;
  for (let partTokens = maxTokens; partTokens >= 8; partTokens = Math.floor(partTokens / 2)) {
    next = { ...pruning, cutUpTo, partTokens };
    if (sizeOf(next) <= maxTokens) break;
  }
  return next;
}

/** The first of ascending values that fits: a larger one fits whenever a smaller one does. */
function firstFitting(values: readonly number[], fits: (value: number) => boolean): number | undefined {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(values[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return values[low];
}

/** The index behind each unit. */
function unitEnds(messages: readonly ModelMessage[]): readonly number[] {
  let end = 0;
  return historyUnits(messages).map((unit) => (end += unit.length));
}

function headOf(messages: readonly ModelMessage[], ends: readonly number[], maxTokens: number): number {
  const end = ends[0] ?? 0;
  if (ends.length < 3) return 0;
  const tokens = messages.slice(0, end).reduce((sum, message) => sum + rememberedTokens(message), 0);
  return tokens <= maxTokens * headShare ? end : 0;
}
