import type { Requirements } from "./requirement.ts";

/** What is wrong between rows and tests; empty when every row has a test and every test a row. */
export function findGaps(requirements: Requirements, sources: readonly string[]): readonly string[] {
  const verified = new Set(sources.flatMap(verifiedIds));
  const unverified = [...requirements.keys()].filter((id) => !verified.has(id)).map((id) => `nobody verifies "${id}"`);
  const unknown = [...verified]
    .filter((id) => !requirements.has(id))
    .map((id) => `"${id}" is verified but is no requirement`);
  return [...unverified, ...unknown];
}

/** The ids that a test file verifies, read from its text: calls commented out do not count. */
export function verifiedIds(source: string): readonly string[] {
  const code = source.replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
  return [...code.matchAll(/\bverifies\(\s*"([^"]+)"/g)].map(([, id]) => id ?? "");
}
