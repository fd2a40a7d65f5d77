/** Forms in which keys appear in the words of providers and in URLs. */
const secretForms: readonly RegExp[] = [
  /\b(?:sk|pk|rk|gsk|xai|hf|r8)[-_][\w*.-]{6,}/g,
  /\bAIza[\w*-]{10,}/g,
  /\bAKIA[A-Z0-9]{12,}/g,
  /\b[Bb]earer\s+[\w.~+/=*-]{6,}/g,
  /([?&](?:key|api[-_]?key|token)=)[^&\s"']+/gi,
  /((?:api[-_ ]?key|token|secret)(?: provided)?["']?\s*[:=]\s*["']?)[\w.*-]{8,}/gi,
];

/** A text without the keys that providers like to repeat ("Incorrect API key provided: ..."). */
export function redactSecrets(text: string): string {
  return secretForms.reduce(
    (current, form) =>
      current.replace(form, (_match, prefix: unknown) => `${typeof prefix === "string" ? prefix : ""}[redacted]`),
    text,
  );
}
