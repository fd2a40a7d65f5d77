import type { CodeBlock, CodeResult } from "@troupe/llm";

/** The result in words for a model: it must see that a program failed, and that one printed nothing. */
export function describeRun({ exitCode, output }: CodeResult): string {
  if (output.trim() === "") return `The program ended with exit code ${exitCode} and printed nothing.`;
  return exitCode === 0 ? output : `The program failed with exit code ${exitCode}:\n${output}`;
}

/** Blocks as Markdown. The fence is longer than any in the code, so that no program can end it. */
export function toMarkdown(blocks: readonly CodeBlock[]): string {
  return blocks
    .map(({ code, language }) => {
      const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([ticks]) => ticks.length));
      const fence = "`".repeat(longest + 1);
      return `${fence}${language}\n${code}\n${fence}`;
    })
    .join("\n\n");
}
