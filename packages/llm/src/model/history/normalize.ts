import type { ModelMessage } from "../model-message.ts";
import { arrangeRoles } from "./arrange-roles.ts";
import { cleanMessage } from "./clean-content.ts";
import type { HistoryRules } from "./history-rules.ts";
import { pairResults } from "./pair-results.ts";
import { withoutRepeatedItems } from "./provider-items.ts";

/**
 * The one gate before every model: whatever trimming, handing over, cancelling, resuming or switching providers did to a history, the
 * provider whose rules are given accepts the outcome.
 *
 * Pure; normalising twice changes nothing more, and messages that need no change come out as the same objects. It keeps these promises:
 *
 * 1. Every tool call has exactly one result, in the message right behind it, in the order of the calls (invariant I1 on the wire).
 * 2. A result without a call, a second result and a repeated call are gone; call ids are unique, and ids and names what the provider takes.
 * 3. No message and no text is blank, and reasoning is never left without the output it led to, nor an id of the provider without its thought.
 * 4. System messages, first turn, last turn and neighbours are as the provider wants them.
 * 5. What a model said is never invented: the only texts added are the names of speakers, the marks for missing results, omitted images, turns
 *    that ended without words, and `Continue.`.
 */
export function normalize(history: readonly ModelMessage[], rules: HistoryRules): readonly ModelMessage[] {
  const cleaned: ModelMessage[] = [];
  for (const message of history) {
    const kept = cleanMessage(message, rules);
    if (kept !== undefined) cleaned.push(kept);
  }
  const { missingResult: missing = "unknown", callIds } = rules;
  return arrangeRoles(pairResults(withoutRepeatedItems(cleaned, rules), { missing, callIds }), rules);
}
