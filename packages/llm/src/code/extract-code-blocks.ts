import type { CodeBlock } from "./code-executor.ts";
import { findFences } from "./fences.ts";

/**
 * The programs in a model's answer: fenced blocks of the given languages, in order.
 *
 * Blocks without a language, of another one, or cut off before their closing fence are left out: half a program is never run. Languages
 * compare without case and come back in lower case. Unlike AutoGen's rule, a fence counts only on a line of its own, so backticks inside
 * a program do not end it, and words after the language (`js title="x"`) do not hide a block.
 */
export function extractCodeBlocks(markdown: string, languages: readonly string[]): readonly CodeBlock[] {
  const wanted = new Set(languages.map((language) => language.toLowerCase()));
  return findFences(markdown).flatMap(({ language, body, isClosed }) => {
    const known = language.toLowerCase();
    return isClosed && wanted.has(known) ? [{ code: body, language: known }] : [];
  });
}
