/**
 * The rounds of tool calls of one agent, as far back as a loop could begin.
 *
 * Owns: the keys of the rounds of one turn, behind those that the agent's history shows. Does not own: the history, which agents keep.
 * A round is all calls of one answer with their results; equal calls in one answer count once.
 * Invariants:
 * L1. The same tools with the same arguments (whatever the order of their keys) and results, `limit` times in a row, are a loop, and so is a
 *     repeated sequence of rounds; anything else is none.
 * L2. Computed from the history and the turn's outcomes alone: a replayed turn decides the same, in any process.
 * L3. What a person says breaks a row.
 * L4. At most `cycleWindow(limit)` rounds are looked at.
 */
import type { List } from "@troupe/core";
import {
  canonicalJson,
  type ModelMessage,
  parseArgumentsText,
  type ToolCallPart,
  type ToolResultPart,
} from "@troupe/llm";
import { cycleWindow, findCycle } from "./find-cycle.ts";
import { hashTexts } from "./hash-texts.ts";
import type { LoopGuard } from "./loop-guard.ts";

/** The calls of one answer, with their results. */
export interface ToolCallRound {
  readonly calls: readonly ToolCallPart[];
  readonly results: readonly ToolResultPart[];
}

/** What a round means for the run. */
export interface RoundVerdict {
  /** True for a round that the agent has not made lately. */
  readonly isNew: boolean;
  /** Set when it completes a loop: the rounds of one cycle. */
  readonly cycle?: readonly ToolCallRound[];
}

interface KnownRound extends ToolCallRound {
  readonly key: number;
}

export class CallTrail {
  readonly #history: List<ModelMessage>;
  readonly #guard: LoopGuard;
  #rounds: KnownRound[] | undefined;

  constructor(history: List<ModelMessage>, guard: LoopGuard) {
    this.#history = history;
    this.#guard = guard;
  }

  async add(round: ToolCallRound): Promise<RoundVerdict> {
    const rounds = (this.#rounds ??= await this.#readRounds());
    const key = roundKey(round);
    const isNew = !rounds.some((known) => known.key === key);
    rounds.push({ ...round, key });
    if (rounds.length > cycleWindow(this.#guard.limit)) rounds.shift();
    if (isNew) return { isNew };
    const cycle = findCycle(rounds, this.#guard.limit, { isSame: (left, right) => left.key === right.key });
    return cycle === undefined ? { isNew } : { isNew, cycle };
  }

  /** The rounds of earlier turns since a person spoke last, oldest first. */
  async #readRounds(): Promise<KnownRound[]> {
    const window = cycleWindow(this.#guard.limit);
    // A round is two messages; what others said comes in between.
    const messages = await this.#history.read({ from: Math.max(0, this.#history.length - 3 * window) });
    const rounds: KnownRound[] = [];
    for (let index = messages.length - 1; index >= 0 && rounds.length < window; index -= 1) {
      const message = messages[index];
      if (message === undefined || isFromPerson(message, this.#guard)) break;
      const asked = messages[index - 1];
      if (message.role !== "tool" || asked?.role !== "assistant") continue;
      const calls = asked.content.filter((part) => part.kind === "tool-call");
      const round = { calls, results: message.content };
      const key = this.#guard.roundKeys.get(message) ?? roundKey(round);
      this.#guard.roundKeys.set(message, key);
      rounds.push({ ...round, key });
    }
    return rounds.reverse();
  }
}

function isFromPerson(message: ModelMessage, { people }: LoopGuard): boolean {
  return message.role === "user" && message.name !== undefined && people.has(message.name);
}

/** Equal for rounds with equal calls and results, in whatever order. */
function roundKey({ calls, results }: ToolCallRound): number {
  const keys = calls.map((call, index) =>
    hashTexts([call.toolName, canonicalArguments(call.arguments), ...resultTexts(results[index])]),
  );
  if (keys.length === 1) return keys[0] ?? 0;
  return hashTexts([...new Set(keys)].sort((left, right) => left - right).map(String));
}

/** What cannot be read is compared as it is. */
function canonicalArguments(text: string): string {
  if (text === "" || text === "{}") return "{}";
  const parsed = parseArgumentsText(text);
  return parsed.kind === "valid" ? canonicalJson(parsed.value) : text;
}

function resultTexts(result: ToolResultPart | undefined): readonly string[] {
  if (result === undefined) return [];
  const content = result.content.map((part) => {
    switch (part.kind) {
      case "text":
        return part.text;
      case "json":
        return JSON.stringify(part.value);
      case "file":
        return `${part.mediaType};${String(part.data)}`;
    }
  });
  return [result.status, ...content];
}
