import type { ModelMessage } from "../model/model-message.ts";

/** Complaints of a provider about a conversation, in the words of its API; none means accepted. */
export type HistoryValidator = (history: readonly ModelMessage[]) => readonly string[];

/** OpenAI chat completions: "messages with role 'tool' must be a response to a preceding message with 'tool_calls'", and the reverse. */
const validateOpenAiChat: HistoryValidator = (history) => [
  ...pairing(history),
  ...emptiness(history),
  ...spelling(history, /^.{1,40}$/s),
];

/** OpenAI responses: also "Item 'rs_...' of type 'reasoning' was provided without its required following item". */
const validateOpenAiResponses: HistoryValidator = (history) => [
  ...pairing(history),
  ...emptiness(history),
  ...spelling(history, /^.{1,64}$/s),
  ...history.flatMap((message, index) => (message.role === "assistant" ? reasoningItems(message.content, index) : [])),
  ...repeatedItems(history),
];

/** "Duplicate item found with id rs_...". */
function repeatedItems(history: readonly ModelMessage[]): string[] {
  const ids = history
    .flatMap((message) => (message.role === "assistant" ? message.content : []))
    .map((part) => /"openai":\{[^}]*"itemId":"([^"]+)"/.exec(JSON.stringify(part.providerMetadata ?? {}))?.[1])
    .filter((id, index, all) => id !== undefined && id !== all[index - 1]);
  return ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `item ${id} is there twice`);
}

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
const validateAnthropic: HistoryValidator = (history) => {
  const problems = [
    ...pairing(history),
    ...emptiness(history),
    ...systemFirst(history),
    ...spelling(history, /^[a-zA-Z0-9_-]+$/),
  ];
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
const validateGoogle: HistoryValidator = (history) => {
  const problems = [...pairing(history), ...systemFirst(history), ...spelling(history, /^[^]+$/)];
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

/**
 * Mistral chat: "Expected last role User or Tool", "Unexpected role 'user' after role 'tool'", "Tool call id ... must be a-z, A-Z, 0-9, with a
 * length of 9", system messages first.
 */
const validateMistral: HistoryValidator = (history) => {
  const problems = [
    ...pairing(history),
    ...emptiness(history),
    ...systemFirst(history),
    ...spelling(history, /^[a-zA-Z0-9]{9}$/),
  ];
  history.forEach((message, index) => {
    if (message.role === "user" && history[index - 1]?.role === "tool") problems.push(`${index}: user after tool`);
  });
  if (!["user", "tool"].includes(history.at(-1)?.role ?? "")) problems.push("expected last role User or Tool");
  return problems;
};

function pairing(history: readonly ModelMessage[]): string[] {
  const problems: string[] = [];
  const everUsed = new Set<string>();
  const names = new Map<string, string>();
  let open: string[] = [];
  history.forEach((message, index) => {
    if (message.role === "tool") {
      for (const part of message.content) {
        if (open[0] !== part.callId) problems.push(`${index}: result "${part.callId}" answers ${open[0] ?? "no call"}`);
        if (names.get(part.callId) !== part.toolName) problems.push(`${index}: result of another tool`);
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
      names.set(part.callId, part.toolName);
    }
  });
  if (open.length > 0) problems.push(`end: calls ${open.join(", ")} are not answered`);
  return problems;
}

/** Ids of calls, names of tools: the calls' and the results'. */
function spelling(history: readonly ModelMessage[], callId: RegExp): string[] {
  return history.flatMap((message, index) => {
    const parts = message.role === "assistant" || message.role === "tool" ? message.content : [];
    return parts.flatMap((part) => {
      if (part.kind !== "tool-call" && part.kind !== "tool-result") return [];
      const problems = callId.test(part.callId) ? [] : [`${index}: call id "${part.callId}"`];
      return /^[a-zA-Z0-9_-]{1,64}$/.test(part.toolName)
        ? problems
        : [...problems, `${index}: tool "${part.toolName}"`];
    });
  });
}

function emptiness(history: readonly ModelMessage[]): string[] {
  if (history.length === 0) return ["messages must not be empty"];
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

/**
 * What providers refuse, by their wire format: for tests of whatever makes, trims or hands over conversations.
 *
 * Written from documentation and error messages of the APIs, without a look at `historyRules` or `normalize`; stricter than each of them where
 * they leave room (results in the order of their calls, names of tools as every provider takes them).
 */
export const historyValidators: {
  readonly "openai-chat": HistoryValidator;
  readonly "openai-responses": HistoryValidator;
  readonly anthropic: HistoryValidator;
  readonly google: HistoryValidator;
  readonly mistral: HistoryValidator;
} = {
  "openai-chat": validateOpenAiChat,
  "openai-responses": validateOpenAiResponses,
  anthropic: validateAnthropic,
  google: validateGoogle,
  mistral: validateMistral,
};
