/** What a selector's answer comes to. */
export type ParsedSpeaker =
  | { readonly kind: "chosen"; readonly name: string }
  /** The problem in words that the model can act on. */
  | { readonly kind: "unclear"; readonly problem: string };

/** Who may be named, and who may be chosen. */
export interface SpeakerNames {
  readonly all: readonly string[];
  readonly candidates: readonly string[];
}

/**
 * The speaker that a model means: the `speaker` field of JSON, else the whole answer, else the one name that occurs in it.
 *
 * Forgiven: Markdown around the name, spaces or `\_` for `_`, another case, thoughts in tags. Never guessed: an answer that names several, or
 * somebody who must not speak now.
 */
export function parseSpeaker(answer: string, names: SpeakerNames): ParsedSpeaker {
  const text = answer.replaceAll(/<(think|thinking|reasoning)>[\s\S]*?(<\/\1>|$)/giu, " ").trim();
  const found = namedInJson(text, names.all) ?? named(text, names.all);
  const list = names.candidates.map((name) => `"${name}"`).join(", ");
  const [only] = found;
  if (only === undefined)
    return { kind: "unclear", problem: `Your answer names nobody. Answer with one of ${list}, alone.` };
  if (found.length > 1) return { kind: "unclear", problem: `Your answer names more than one. Choose one of ${list}.` };
  if (names.candidates.includes(only)) return { kind: "chosen", name: only };
  return { kind: "unclear", problem: `"${only}" cannot speak now. Choose one of ${list}.` };
}

/** What the answer of a constrained choice says, also when its JSON is cut off or has words around it. */
function namedInJson(text: string, all: readonly string[]): readonly string[] | undefined {
  const values = new Set([...text.matchAll(/"speaker"\s*:\s*"([^"]*)"/gu)].map(([, value = ""]) => value));
  return values.size === 0 ? undefined : [...new Set([...values].flatMap((value) => named(value, all)))];
}

/** The names that occur in a text, each once; a name within a longer one does not count. */
function named(text: string, all: readonly string[]): readonly string[] {
  const whole = text.replaceAll(/^[\s"'`*_.:]+|[\s"'`*.:]+$/gu, "");
  const exact = all.filter((name) => name === whole);
  if (exact.length > 0) return exact;
  const sameCase = all.filter((name) => occurs(text, name, "u"));
  return sameCase.length > 0 ? sameCase : all.filter((name) => occurs(text, name, "iu"));
}

function occurs(text: string, name: string, flags: string): boolean {
  const pattern = name
    .split("_")
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/-]/gu, String.raw`\$&`))
    .join(String.raw`(?:_|\\_| )`);
  return new RegExp(String.raw`(?<![\p{L}\p{N}_])${pattern}(?![\p{L}\p{N}_])`, flags).test(text);
}
