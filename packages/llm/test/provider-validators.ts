import type { ModelMessage } from "@troupe/llm";

/**
 * What each provider's API refuses, written from its documentation and error messages, without a look at our rules or `normalize`.
 * Each returns the complaints; none means accepted.
 */
export type Validator = (history: readonly ModelMessage[]) => readonly string[];

/** OpenAI chat completions: "messages with role 'tool' must be a response to a preceding message with 'tool_calls'", and the reverse. */
export const validateOpenAiChat: Validator = (history) => [...pairing(history), ...emptiness(history)];

/** OpenAI responses: also "Item 'rs_...' of type 'reasoning' was provided without its required following item". */
export const validateOpenAiResponses: Validator = (history) => [
  ...validateOpenAiChat(history),
  ...history.flatMap((message, index) => (message.role === "assistant" ? reasoningItems(message.content, index) : [])),
];

function reasoningItems(content: Extract<ModelMessage, { role: "assistant" }>["content"], index: number): string[] {
  const problems: string[] = [];
  content.forEach((part, position) => {
    if (part.kind !== "reasoning") return;
    if (!content.slice(position + 1).some((later) => later.kind !== "reasoning"))
      problems.push(`${index}: reasoning without its required following item`);
    if (!("openai" in (part.providerMetadata ?? {}) || "azure" in (part.providerMetadata ?? {})))
      problems.push(`${index}: reasoning of another provider`);
  });
  return problems;
}

/** Anthropic messages: roles alternate (tool results count as the user's and come first in their turn), ids are unique, no blank text. */
export const validateAnthropic: Validator = (history) => {
  const problems = [...pairing(history), ...emptiness(history), ...systemFirst(history)];
  const turns = history
    .filter((message) => message.role !== "system")
    .map((message) => (message.role === "assistant" ? "assistant" : "user"));
  if (turns[0] !== "user") problems.push("first message must use the user role");
  if (turns.at(-1) === "assistant") problems.push("the conversation must end with a user message");
  history.forEach((message, index) => {
    const previous = history[index - 1];
    if (previous?.role === "assistant" && message.role === "assistant") problems.push(`${index}: roles must alternate`);
    if (previous?.role === "user" && message.role === "user") problems.push(`${index}: roles must alternate`);
    if (previous?.role === "user" && message.role === "tool")
      problems.push(`${index}: tool results must come first in their turn`);
    if (message.role !== "assistant") return;
    for (const part of message.content) {
      if (part.kind === "reasoning" && !("anthropic" in (part.providerMetadata ?? {})))
        problems.push(`${index}: thinking without a signature`);
    }
  });
  return problems;
};

/** Gemini generateContent: "function call turn comes immediately after a user turn or after a function response turn". */
export const validateGoogle: Validator = (history) => {
  const problems = [...pairing(history), ...systemFirst(history)];
  const turns = history.filter((message) => message.role !== "system");
  if (turns[0]?.role !== "user") problems.push("contents must start with a user turn");
  if (turns.at(-1)?.role === "assistant") problems.push("contents must end with a user turn or a function response");
  turns.forEach((message, index) => {
    if (message.role === "assistant" && turns[index - 1]?.role === "assistant")
      problems.push(`${index}: model turn after a model turn`);
    if (message.content.length === 0) problems.push(`${index}: contents.parts must not be empty`);
  });
  return problems;
};

/** Mistral chat: "Expected last role User or Tool", system messages first. */
export const validateMistral: Validator = (history) => {
  const problems = [...pairing(history), ...emptiness(history), ...systemFirst(history)];
  if (history.at(-1)?.role === "assistant") problems.push("expected last role User or Tool");
  return problems;
};

function pairing(history: readonly ModelMessage[]): string[] {
  const problems: string[] = [];
  const everUsed = new Set<string>();
  let open: string[] = [];
  history.forEach((message, index) => {
    if (message.role === "tool") {
      for (const part of message.content) {
        if (!open.includes(part.callId)) problems.push(`${index}: result "${part.callId}" answers no open call`);
        open = open.filter((callId) => callId !== part.callId);
      }
      return;
    }
    if (open.length > 0) problems.push(`${index}: calls ${open.join(", ")} are not answered`);
    open = [];
    if (message.role !== "assistant") return;
    for (const part of message.content) {
      if (part.kind !== "tool-call") continue;
      if (everUsed.has(part.callId)) problems.push(`${index}: call id "${part.callId}" is not unique`);
      everUsed.add(part.callId);
      open.push(part.callId);
    }
  });
  if (open.length > 0) problems.push(`end: calls ${open.join(", ")} are not answered`);
  return problems;
}

function emptiness(history: readonly ModelMessage[]): string[] {
  return history.flatMap((message, index) => {
    if (message.content.length === 0) return [`${index}: content must not be empty`];
    if (message.role === "system") return message.content.trim() === "" ? [`${index}: blank system message`] : [];
    if (message.role === "tool")
      return message.content.flatMap((part) => (part.content.length === 0 ? [`${index}: empty result`] : []));
    const blanks = message.content.filter((part) => part.kind === "text" && part.text.trim() === "");
    return blanks.length > 0 ? [`${index}: text content blocks must contain non-whitespace text`] : [];
  });
}

function systemFirst(history: readonly ModelMessage[]): string[] {
  const lastSystem = history.findLastIndex((message) => message.role === "system");
  const firstOther = history.findIndex((message) => message.role !== "system");
  return firstOther >= 0 && lastSystem > firstOther ? ["system messages must come first"] : [];
}
