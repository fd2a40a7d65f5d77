import type { JsonValue } from "@troupe/core";

/** Takes what must stay secret out of texts and JSON. */
export interface SecretFilter {
  text(value: string): string;
  json(value: JsonValue): JsonValue;
}

/** What a filter knows besides the usual forms of keys. */
export interface SecretSources {
  /** Variables whose names say that they hold a secret give their values. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Has the last word on every text. */
  readonly redact?: ((text: string) => string) | undefined;
}

const mark = "[redacted]";

/** Forms in which keys are known by sight; the first group, where there is one, stays. */
const secretForms: readonly RegExp[] = [
  /\b(?:sk|pk|rk|gsk|xai|hf|r8|ghp|gho|github_pat|xox[abp])[-_][\w*.-]{6,}/g,
  /\bAIza[\w*-]{10,}/g,
  /\bAKIA[A-Z0-9]{12,}/g,
  /\b[Bb]earer\s+[\w.~+/=*-]{6,}/g,
  /([?&](?:key|api[-_]?key|token|signature)=)[^&\s"']+/gi,
  /((?:api[-_ ]?key|token|secret|passw(?:or)?d)(?: provided)?\\?["']?\s*[:=]\s*\\?["']?)[^\s"'\\,;}\]]{6,}/gi,
  /(\w:\/\/[^\s:/@"']*:)[^\s@/"']+(?=@)/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];

/** Names of fields, headers and variables whose text is a secret whatever it looks like. */
const secretName =
  /^(?:token|authorization|proxy-authorization|cookie|set-cookie)$|api[-_]?key|secret|passw(?:or)?d|private[-_]?key|credentials?$|(?:access|auth|bearer|refresh|session)[-_]?token|_(?:key|token)$/i;

/** Shorter values of the environment are words that a text may hold by chance. */
const minValueLength = 8;

/** Makes the filter of one log; what the environment holds is read now and never shown. */
export function createSecretFilter({ environment, redact }: SecretSources): SecretFilter {
  const values = Object.entries(environment).flatMap(([name, value = ""]) =>
    secretName.test(name) && value.length >= minValueLength ? [value] : [],
  );
  const literals = literalPattern(values);
  const text = (value: string): string => {
    const known = literals === undefined ? value : value.replace(literals, mark);
    const filtered = secretForms.reduce((current, form) => current.replace(form, hide), known);
    return redact === undefined ? filtered : redact(filtered);
  };
  const json = (value: JsonValue): JsonValue => {
    if (typeof value === "string") return text(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item: JsonValue) => json(item));
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, field(name, item)]));
  };
  const field = (name: string, value: JsonValue): JsonValue =>
    typeof value === "string" && value !== "" && secretName.test(name) ? mark : json(value);
  return { text, json };
}

/** Matches any of the texts, the longest first, so that no tail of one is left behind a shorter one. */
function literalPattern(values: readonly string[]): RegExp | undefined {
  if (values.length === 0) return undefined;
  const longestFirst = values.toSorted((left, right) => right.length - left.length);
  return new RegExp(longestFirst.map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
}

function hide(_match: string, prefix: unknown): string {
  return `${typeof prefix === "string" ? prefix : ""}${mark}`;
}
