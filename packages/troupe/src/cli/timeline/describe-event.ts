import type { DurableRunEvent } from "@troupe/agentchat";
import type { CellEvent, JsonValue } from "@troupe/core";
import { formatDuration } from "../../terminal/human-units.ts";
import type { Style } from "../../terminal/terminal.ts";
import { itemsAt, numberAt, textAt, valueAt } from "./json-view.ts";

/** An event in words. */
export interface EventWords {
  /** Whose doing it was; empty for the run itself. */
  readonly who: string;
  readonly words: string;
  readonly style?: Style;
  /** True for what was said: it may take several lines. */
  readonly isSpeech?: true;
}

/**
 * Says in words what a durable event tells. It takes what a store holds as it comes: events of programs of your own, and of versions to come,
 * are shown by kind and payload.
 */
export function describeEvent({ kind, path, payload }: CellEvent): EventWords {
  const who = path.at(-1) ?? "";
  const describe = descriptions[kind];
  return { who, ...(describe?.(payload) ?? { words: `${kind} ${JSON.stringify(payload)}`, style: "dim" }) };
}

type Describe = (payload: JsonValue) => Omit<EventWords, "who"> & { readonly who?: string };

/** Every kind that agents and teams record has words here. */
const known: Readonly<Record<DurableRunEvent["kind"], Describe>> = {
  "run-started": (payload) => ({ words: `started ${textAt(payload, "runner")}`, style: "dim" }),
  message: (payload) => ({
    who: textAt(payload, "message", "source"),
    words: `${textAt(payload, "message", "text")}${valueAt(payload, ["message", "isPartial"]) === true ? " [cut off]" : ""}`,
    isSpeech: true,
  }),
  thought: (payload) => ({ words: `thinks: ${textAt(payload, "text")}`, style: "dim" }),
  "model-called": (payload) =>
    valueAt(payload, ["isEstimated"]) === true
      ? { words: `a call of ${textAt(payload, "model")} was lost: at most ${describeCost(payload)}`, style: "yellow" }
      : { words: `asked ${textAt(payload, "model")}: ${describeCost(payload)}${tookTime(payload)}`, style: "dim" },
  "model-failed": (payload) => ({
    words: `${textAt(payload, "model")} did not answer: ${textAt(payload, "message")}`,
    style: "red",
  }),
  "memory-queried": (payload) => ({
    words: `remembers ${itemsAt(payload, "items").length} items of ${textAt(payload, "memory")}`,
    style: "dim",
  }),
  "memory-failed": (payload) => ({
    words: `${textAt(payload, "memory")} did not answer: ${textAt(payload, "message")}`,
    style: "yellow",
  }),
  "history-pruned": (payload) => ({
    words: `shows its model ${numberAt(payload, "tokensAfter") ?? 0} of ${numberAt(payload, "tokensBefore") ?? 0} tokens (${textAt(payload, "reason")})`,
    style: "dim",
  }),
  "tool-call-requested": (payload) => ({
    words: `calls ${itemsAt(payload, "calls").map(describeToolCall).join("; ")}`,
  }),
  "tool-call-finished": describeToolResult,
  "code-started": (payload) => ({
    words: `runs ${itemsAt(payload, "blocks")
      .map((block) => `${textAt(block, "language")}: ${textAt(block, "code")}`)
      .join("; ")}`,
  }),
  "code-finished": (payload) => {
    const exitCode = numberAt(payload, "exitCode") ?? 0;
    const words = `exit code ${exitCode}${tookTime(payload)}${ranOften(payload)}: ${textAt(payload, "output")}`;
    return { words, style: exitCode === 0 ? "green" : "red" };
  },
  note: (payload) => ({
    words: `notes ${textAt(payload, "name")}: ${JSON.stringify(valueAt(payload, ["data"]) ?? null)}`,
    style: "dim",
  }),
  "question-asked": (payload) => ({ words: `asks: ${textAt(payload, "question", "prompt")}`, style: "yellow" }),
  "question-answered": () => ({ words: "has an answer", style: "yellow" }),
  "speaker-selected": (payload) => ({
    words: `${wordsAt(payload, "speakers")} next (by ${textAt(payload, "by")})`,
    style: "dim",
  }),
  "policy-decided": (payload) => ({
    words: `the policy of ${textAt(payload, "policy")} says ${textAt(payload, "decision")} to ${textAt(payload, "name")} ${textAt(payload, "reason")}`,
    style: textAt(payload, "decision") === "deny" ? "yellow" : "dim",
  }),
  "selection-failed": (payload) => ({
    words: `chose none of ${wordsAt(payload, "candidates")}: ${JSON.stringify(valueAt(payload, ["answers"]) ?? [])}`,
    style: "yellow",
  }),
  "plan-made": (payload) => ({ words: `plans: ${textAt(payload, "plan")}`, isSpeech: true }),
  "progress-judged": (payload) => ({
    words: `judges: ${textAt(payload, "ledger", "is_progress_being_made", "reason")}, ${numberAt(payload, "stalls") ?? 0} stalls`,
    style: "dim",
  }),
  "members-changed": (payload) => ({
    words: `${textAt(payload, "name")} ${valueAt(payload, ["isMember"]) === true ? "joins" : "leaves"}`,
    style: "yellow",
  }),
  "speaker-failed": (payload) => ({
    who: textAt(payload, "speaker"),
    words: `failed: ${describeError(payload)} (policy: ${textAt(payload, "policy")})`,
    style: "red",
  }),
  "run-finished": (payload) => ({
    words: `ended by ${textAt(payload, "stopReason", "kind")}: ${textAt(payload, "stopReason", "detail")}`,
    style: "bold",
  }),
  "run-failed": (payload) => ({ words: `failed: ${describeError(payload)}`, style: "red" }),
};

const descriptions: Readonly<Record<string, Describe>> = known;

/** A list of names, as words. */
function wordsAt(payload: JsonValue, field: string): string {
  return itemsAt(payload, field)
    .filter((item) => typeof item === "string")
    .join(", ");
}

/** Tokens and money of one call of a model; an unknown price is not shown as 0. */
function describeCost(payload: JsonValue): string {
  const tokens = `${numberAt(payload, "usage", "inputTokens") ?? 0} + ${numberAt(payload, "usage", "outputTokens") ?? 0} tokens`;
  return `${tokens}, ${describePrice(numberAt(payload, "usd") ?? null)}`;
}

/** US dollars, or that nobody knows them. */
export function describePrice(usd: number | null): string {
  return usd === null ? "price unknown" : `$${usd.toFixed(4)}`;
}

function describeToolCall(call: JsonValue): string {
  return `${textAt(call, "toolName")} ${textAt(call, "arguments")}`;
}

function describeToolResult(payload: JsonValue): ReturnType<Describe> {
  const status = textAt(payload, "result", "status");
  const content = itemsAt(payload, "result", "content").map(describePart).join(" ");
  return {
    words: `${textAt(payload, "result", "toolName")}: ${status}${tookTime(payload)}${ranOften(payload)}: ${content}`,
    style: status === "ok" ? "green" : status === "unknown" ? "yellow" : "red",
  };
}

function describePart(part: JsonValue): string {
  const kind = textAt(part, "kind");
  if (kind === "text") return textAt(part, "text");
  return kind === "json" ? JSON.stringify(valueAt(part, ["value"]) ?? null) : `[${textAt(part, "mediaType")}]`;
}

function describeError(payload: JsonValue): string {
  const code = textAt(payload, "error", "code");
  return `${textAt(payload, "error", "message")}${code === "" ? "" : ` (${code})`}`;
}

function tookTime(payload: JsonValue): string {
  const durationMs = numberAt(payload, "durationMs");
  return durationMs === undefined ? "" : `, ${formatDuration(durationMs)}`;
}

/** What ran more than once did so because its process died. */
function ranOften(payload: JsonValue): string {
  const executions = numberAt(payload, "executions") ?? 1;
  return executions > 1 ? `, run ${executions} times` : "";
}
