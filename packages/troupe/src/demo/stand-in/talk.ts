import type { ModelMessage, ModelRequest } from "@troupe/llm";
import type { Part } from "./programs.ts";

/** Rows and means of the measure at both ends of the axis. */
export type Change = Readonly<Record<"rows" | "before" | "after", number>>;

/** A group of rows: its change, the standard error of the change, and how many matched pairs fall and rise. */
export type Group = Change & Readonly<Record<"column" | "level", string> & Record<"error" | "down" | "up", number>>;

/** What a program printed behind the word RESULT; `without` and `only` speak of a part of the table. */
export type Finding = Readonly<{ kind: string; ends: readonly string[]; skipped: number; others: readonly number[] }> &
  Readonly<{ all: Change; without?: Change; only?: Change; groups: readonly Group[] }>;

/** A request as a rule reads it: the task, the speaker's own words, what came since, the last finding, what was objected. */
export type Talk = Readonly<{ task: string; mine: readonly string[]; heard: string; toolText: string | undefined }> &
  Readonly<{ finding: Finding | undefined; part: Part | undefined; pairs: string | undefined }>;

/** Reads the conversation in a request. */
export function readTalk({ messages }: ModelRequest): Talk {
  const said = messages.filter(({ role }) => role !== "system").map((one) => ({ role: one.role, text: textOf(one) }));
  const textsOf = (role: string, list = said): string[] =>
    list.filter((one) => one.role === role && one.text !== "").map(({ text }) => text);
  const since = said.findLastIndex(({ role, text }) => role === "assistant" && text !== "") + 1;
  const everything = said.map(({ text }) => text).join("\n");
  return {
    task: textsOf("user")[0] ?? "",
    mine: textsOf("assistant"),
    heard: textsOf("user", said.slice(since)).join("\n"),
    toolText: textsOf("tool", said.slice(-1))[0],
    finding: findingIn(textsOf("user").join("\n")),
    part: objectionIn(everything),
    pairs: /^REVISE: .*?(Matched pairs [^.]*\.)/m.exec(everything)?.[1],
  };
}

/** The last finding that a text holds. */
export function findingIn(text: string): Finding | undefined {
  const lines = text.match(/^RESULT \{.*\}$/gm) ?? [];
  const value: unknown = JSON.parse(lines.at(-1)?.slice("RESULT ".length) ?? "null");
  return isFinding(value) ? value : undefined;
}

const isFinding = (value: unknown): value is Finding => typeof value === "object" && value !== null && "all" in value;

function objectionIn(text: string): Part | undefined {
  const [, column, list = "[]"] = /^REVISE: in (".*?") the part (\[.*\]) goes the other way/m.exec(text) ?? [];
  const levels: unknown = JSON.parse(list);
  if (column === undefined || !Array.isArray(levels)) return undefined;
  return { column: String(JSON.parse(column)), levels: levels.map(String) };
}

function textOf(message: ModelMessage): string {
  if (message.role === "system") return message.content;
  const parts = message.role === "tool" ? message.content.flatMap(({ content }) => content) : message.content;
  return parts
    .map((one) => (one.kind === "text" ? one.text : one.kind === "json" ? JSON.stringify(one.value) : ""))
    .join("");
}
