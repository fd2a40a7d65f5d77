import { arrangeRoles } from "./arrange-roles.ts";
import { CallIds } from "./call-ids.ts";
import { isFixedMessage } from "./fixed-message.ts";
import type { HistoryRules } from "./history-rules.ts";
import type { ModelMessage } from "../model-message.ts";
import { PairCheck, pairResults } from "./pair-results.ts";
import { withoutRepeatedItems } from "./provider-items.ts";

/** Histories that are remembered for one model at most. */
const maxHistories = 32;

/** A history ends where one did that was seen before, but for a few new messages. */
const maxNew = 8;

/** The start of a history, as far as nobody can change it. */
class CheckedStart {
  readonly messages: ModelMessage[] = [];
  readonly cleaned: ModelMessage[] = [];
  readonly pairs: PairCheck;

  constructor(ids: CallIds) {
    this.pairs = new PairCheck(ids);
  }

  get last(): ModelMessage | undefined {
    return this.messages.at(-1);
  }

  add(message: ModelMessage, cleaned: ModelMessage | undefined): void {
    this.messages.push(message);
    if (cleaned === undefined) return;
    this.cleaned.push(cleaned);
    this.pairs.add(cleaned);
  }

  isStartOf(history: readonly ModelMessage[]): boolean {
    const { messages } = this;
    // From the end: what differs is more often there.
    for (let index = messages.length - 1; index >= 0; index -= 1) if (messages[index] !== history[index]) return false;
    return true;
  }
}

/**
 * Brings the histories of one model into its provider's form, as `normalize` does. A conversation is sent again with every call, a little
 * longer: of messages that cannot change only the new ones are cleaned and paired.
 *
 * Owns: what was worked out about the last `maxHistories` conversations; an entry goes with the last message it was seen with.
 * Invariant: 1. What comes out is what `normalize` makes of the history, whatever was asked before.
 */
export class GrowingHistories {
  readonly #rules: HistoryRules;
  readonly #clean: (message: ModelMessage) => ModelMessage | undefined;
  readonly #starts = new WeakMap<ModelMessage, CheckedStart>();
  #recent: WeakRef<CheckedStart>[] = [];

  /** @param clean `cleanMessage` for these rules. */
  constructor(rules: HistoryRules, clean: (message: ModelMessage) => ModelMessage | undefined) {
    this.#rules = rules;
    this.#clean = clean;
  }

  /** The history as the provider accepts it. The list is good until the next question. */
  normalize(history: readonly ModelMessage[]): readonly ModelMessage[] {
    const rules = this.#rules;
    const start = this.#readStart(history);
    const rest = history.slice(start.messages.length).flatMap((message) => this.#clean(message) ?? []);
    const cleaned = rest.length === 0 ? start.cleaned : start.cleaned.concat(rest);
    const whole = withoutRepeatedItems(cleaned, rules);
    const isPaired = whole === cleaned && start.pairs.isPaired && rest.every(makesNoPair);
    const { missingResult: missing = "unknown", callIds } = rules;
    return arrangeRoles(isPaired ? whole : pairResults(whole, { missing, callIds }), rules);
  }

  /** Whether a message of the history calls a tool under this id. */
  hasCall(history: readonly ModelMessage[], callId: string): boolean {
    const start = this.#find(history);
    if (start?.pairs.isPaired !== true) return history.some((message) => makesCall(message, callId));
    if (start.pairs.hasCall(callId)) return true;
    return history.slice(start.messages.length).some((message) => makesCall(message, callId));
  }

  /** Takes in what came to the history since it was seen last. */
  #readStart(history: readonly ModelMessage[]): CheckedStart {
    const start = this.#find(history) ?? this.#create();
    if (start.last !== undefined) this.#starts.delete(start.last);
    for (let index = start.messages.length; index < history.length; index += 1) {
      const message = history[index];
      if (message === undefined || !isFixedMessage(message)) break;
      start.add(message, this.#clean(message));
    }
    if (start.last !== undefined) this.#starts.set(start.last, start);
    return start;
  }

  #find(history: readonly ModelMessage[]): CheckedStart | undefined {
    const end = Math.max(0, history.length - maxNew);
    for (let index = history.length - 1; index >= end; index -= 1) {
      const message = history[index];
      const start = message && this.#starts.get(message);
      if (start?.messages.length === index + 1 && start.isStartOf(history)) return start;
    }
    return undefined;
  }

  #create(): CheckedStart {
    const start = new CheckedStart(new CallIds(this.#rules.callIds));
    this.#recent.push(new WeakRef(start));
    if (this.#recent.length > maxHistories) {
      const last = this.#recent.shift()?.deref()?.last;
      if (last !== undefined) this.#starts.delete(last);
    }
    return start;
  }
}

function makesCall(message: ModelMessage, callId: string): boolean {
  if (message.role !== "assistant") return false;
  return message.content.some((part) => part.kind === "tool-call" && part.callId === callId);
}

function makesNoPair({ role }: ModelMessage): boolean {
  return role === "user" || role === "system";
}
