/**
 * The rounds of tool calls of one agent, as far back as a loop could begin.
 *
 * Owns: the rounds of one turn, behind those that the agent's history shows. Does not own: the history, which agents keep.
 * A round is all calls of one answer with their results.
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
  type ToolResultContent,
  type ToolResultPart,
} from "@troupe/llm";
import { cycleWindow, findCycle } from "./find-cycle.ts";
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
  /** The arguments in one order: made when two rounds differ in nothing else. */
  canonical?: readonly string[];
  /** What the results say, piece by piece: made when another round has called the same tools. */
  pieces?: readonly string[];
}

export class CallTrail {
  readonly #history: List<ModelMessage>;
  readonly #guard: LoopGuard;
  #rounds: KnownRound[] | undefined;

  constructor(history: List<ModelMessage>, guard: LoopGuard) {
    this.#history = history;
    this.#guard = guard;
  }

  async add({ calls, results }: ToolCallRound): Promise<RoundVerdict> {
    const rounds = (this.#rounds ??= await this.#readRounds());
    const round: KnownRound = { calls, results };
    const isNew = !rounds.some((known) => isSame(known, round));
    rounds.push(round);
    if (rounds.length > cycleWindow(this.#guard.limit)) rounds.shift();
    if (isNew) return { isNew };
    const cycle = findCycle(rounds, this.#guard.limit, { isSame });
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
      rounds.push({ calls, results: message.content });
    }
    return rounds.reverse();
  }
}

function isFromPerson(message: ModelMessage, { people }: LoopGuard): boolean {
  return message.role === "user" && message.name !== undefined && people.has(message.name);
}

/** The cheap differences first: nearly all rounds differ in what they called or got. */
function isSame(left: KnownRound, right: KnownRound): boolean {
  if (left.calls.length !== right.calls.length) return false;
  if (!left.calls.every(({ toolName }, index) => toolName === right.calls[index]?.toolName)) return false;
  left.pieces ??= left.results.flatMap(piecesOf);
  right.pieces ??= right.results.flatMap(piecesOf);
  if (!areEqual(left.pieces, right.pieces)) return false;
  if (left.calls.every((call, index) => call.arguments === right.calls[index]?.arguments)) return true;
  left.canonical ??= left.calls.map(canonicalArguments);
  right.canonical ??= right.calls.map(canonicalArguments);
  return areEqual(left.canonical, right.canonical);
}

function areEqual(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index]);
}

function piecesOf({ status, content }: ToolResultPart): readonly string[] {
  return [status, ...content.flatMap((part) => [part.kind, textOf(part)])];
}

function textOf(part: ToolResultContent): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "json":
      return JSON.stringify(part.value);
    case "file":
      return part.data;
  }
}

/** What cannot be read is compared as it is. */
function canonicalArguments({ arguments: text }: ToolCallPart): string {
  const parsed = parseArgumentsText(text);
  return parsed.kind === "valid" ? canonicalJson(parsed.value) : text;
}
