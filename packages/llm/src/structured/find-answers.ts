import type { JsonValue } from "../model/json.ts";
import { findFences } from "../code/fences.ts";
import { JsonReader } from "./json-reader.ts";

/** Values that a text may mean as its answer, the likelier readings first; within a reading all are equally likely. */
export interface FoundAnswers {
  readonly readings: readonly (readonly JsonValue[])[];
  /** What is wrong with the text, in words for the model; undefined when the text as a whole is JSON. */
  readonly problem: string | undefined;
}

/**
 * Finds JSON in the words of a model: the text as a whole, its fenced blocks, or objects and lists between its words.
 *
 * Nothing is ever completed or taken from within something that is cut off: half of an answer is not an answer. Code in a language other
 * than JSON is not looked into, and what a local model thinks aloud in front (`<think>`) is not its answer.
 *
 * @param isCut The provider says that the text ended early: then only a value that is the whole text counts.
 */
export function findAnswers(answer: string, isCut = false): FoundAnswers {
  const text = withoutThoughts(answer);
  if (text.trim() === "") return { readings: [], problem: "Your answer is empty." };
  const whole = readWhole(text);
  if (whole.kind === "value") return { readings: readingsOfWhole(whole.value), problem: undefined };
  if (isCut) return { readings: [], problem: "Your answer was cut off before its end: give a shorter one." };
  const { values, problem } = findInside(text);
  const found = problem ?? (looksLikeJson(text) ? whole.problem : "There is no JSON in it.");
  return { readings: values.length > 0 ? [values] : [], problem: `Your answer is not JSON. ${found}` };
}

type WholeText =
  | { readonly kind: "value"; readonly value: JsonValue }
  | { readonly kind: "none"; readonly problem: string };

function readWhole(text: string): WholeText {
  const reader = new JsonReader();
  reader.write(text);
  reader.end();
  if (reader.problem !== undefined) return { kind: "none", problem: `In it, ${reader.problem}.` };
  const { value } = reader;
  if (reader.state !== "complete" || value === undefined) return { kind: "none", problem: "It ends too early." };
  if (text.slice(reader.length).trim() !== "") return { kind: "none", problem: "There is more behind its end." };
  return { kind: "value", value };
}

/** A value, and what it holds when it is JSON written as a string. */
function readingsOfWhole(value: JsonValue): readonly (readonly JsonValue[])[] {
  if (typeof value !== "string" || !looksLikeJson(value)) return [[value]];
  const inner = readWhole(value);
  return inner.kind === "value" ? [[value], [inner.value]] : [[value]];
}

interface FoundValues {
  readonly values: readonly JsonValue[];
  readonly problem: string | undefined;
}

function findInside(text: string): FoundValues {
  const fences = findFences(text);
  const blocks = fences.filter(({ language }) => language === "" || /^json/i.test(language));
  if (blocks.length === 0) return findBetweenWords(fences.length === 0 ? text : withoutFences(text));
  const read = blocks.map((block) => readWhole(block.body));
  const flaw = read.find((outcome) => outcome.kind === "none");
  return {
    values: read.flatMap((outcome) => (outcome.kind === "value" ? [outcome.value] : [])),
    problem: flaw?.kind === "none" ? flaw.problem : undefined,
  };
}

/** Objects and lists at the top level of a text. A bracket that is never closed ends the search: what follows is inside of it. */
function findBetweenWords(text: string): FoundValues {
  const values: JsonValue[] = [];
  let problem: string | undefined;
  for (let start = nextBracket(text, 0); start >= 0; ) {
    const reader = new JsonReader();
    reader.write(text.slice(start));
    if (reader.state === "open") return { values: [], problem: "It ends too early." };
    if (reader.problem !== undefined) problem ??= `In it, ${reader.problem}.`;
    else if (reader.value !== undefined && !isEmpty(reader.value)) values.push(reader.value);
    const end = reader.state === "complete" ? start + reader.length : closingBracket(text, start);
    start = end < 0 ? -1 : nextBracket(text, end);
  }
  return { values, problem };
}

function nextBracket(text: string, from: number): number {
  const offset = text.slice(from).search(/[{[]/);
  return offset < 0 ? -1 : from + offset;
}

/** Behind the bracket that closes the one at `start`, by counting: for something that is no JSON, as in `[see below]`. */
function closingBracket(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if (character === "{" || character === "[") depth += 1;
    if (character === "}" || character === "]") depth -= 1;
    if (depth === 0) return index + 1;
  }
  return -1;
}

/** `{}` and `[]` between words are ways to speak of objects and lists. */
function isEmpty(value: JsonValue): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function withoutFences(text: string): string {
  return text.replaceAll(/^[ \t]*(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^[ \t]*\1[^\n]*$|$(?![\s\S]))/gm, "\n");
}

function withoutThoughts(text: string): string {
  if (!/^\s*<think>/.test(text)) return text;
  const end = text.indexOf("</think>");
  return end < 0 ? "" : text.slice(end + "</think>".length);
}

function looksLikeJson(text: string): boolean {
  return /^\s*[{["]/.test(text);
}
