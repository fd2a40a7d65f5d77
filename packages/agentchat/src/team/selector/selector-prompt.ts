import { ConfigError } from "@troupe/core";
import type { ModelMessage } from "@troupe/llm";

/** Asks the selector's model; `{roles}`, `{participants}` and `{history}` are filled in. */
export const defaultSelectorPrompt: string = `You lead a conversation. These are the roles in it:
{roles}

Read what was said. Then choose the one of {participants} that should speak next, and answer with that name alone.

What was said:

{history}

Who of {participants} speaks next? Answer with the name alone.`;

/** What goes into a selector's prompt. */
export interface SelectorPromptParts {
  readonly roles: string;
  readonly participants: string;
  readonly history: string;
}

const placeholder = /\{(\w+)\}/gu;
const known: ReadonlySet<string> = new Set([
  "roles",
  "participants",
  "history",
] satisfies (keyof SelectorPromptParts)[]);

/** @throws ConfigError `config.invalid_option` for a placeholder that nothing fills. */
export function checkSelectorPrompt(template: string): string {
  for (const [text, name = ""] of template.matchAll(placeholder)) {
    if (known.has(name)) continue;
    throw new ConfigError("config.invalid_option", `The selector prompt holds ${text}, which nothing fills`, {
      remedy: "Use {roles}, {participants} and {history}.",
      details: { option: "selectorPrompt" },
    });
  }
  return template;
}

/** Fills a template in one pass, so that braces in what was said stay what they are. */
export function fillSelectorPrompt(template: string, parts: SelectorPromptParts): string {
  const values = new Map<string, string>(Object.entries(parts));
  return template.replaceAll(placeholder, (text: string, name: string) => values.get(name) ?? text);
}

/** A conversation as text: `name: words`, with a blank line between. */
export function describeHistory(messages: readonly ModelMessage[]): string {
  return messages.flatMap((message) => describeMessage(message) ?? []).join("\n\n");
}

function describeMessage(message: ModelMessage): string | undefined {
  if (message.role === "system" || message.role === "tool") return undefined;
  const text = message.content
    .map((part) => (part.kind === "text" ? part.text : part.kind === "file" ? "[image]" : ""))
    .filter((part) => part !== "")
    .join(" ");
  const name = message.role === "user" ? (message.name ?? "user") : "assistant";
  return `${name}: ${text}`;
}
