/** What a request body looks like from here: nothing is taken for granted. */
type Body = Readonly<Record<string, unknown>>;

/**
 * Complaints about a request body, in the terms of the provider's API reference. They look at what is sent, not at our types, so they judge
 * the history gate, the adapter and the provider package together.
 */
export type WireValidator = (body: Body) => readonly string[];

/** Chat completions of OpenAI, Mistral and compatible servers. */
export const validateChatBody: WireValidator = (body) => {
  const problems: string[] = [];
  const used = new Set<string>();
  let open: string[] = [];
  list(body["messages"]).forEach((message, index) => {
    const role = message["role"];
    if (role === "tool") {
      const id = String(message["tool_call_id"]);
      if (!open.includes(id)) problems.push(`${index}: tool message "${id}" without a preceding tool call`);
      open = open.filter((callId) => callId !== id);
      return;
    }
    if (open.length > 0) problems.push(`${index}: tool calls ${open.join(", ")} have no tool messages`);
    open = list(message["tool_calls"]).map((call) => String(call["id"]));
    for (const id of open) {
      if (used.has(id)) problems.push(`${index}: tool call id "${id}" twice`);
      used.add(id);
    }
    for (const call of list(message["tool_calls"]))
      checkJson(record(call["function"])["arguments"], `${index}: arguments`, problems);
    if (open.length === 0 && isBlank(message["content"])) problems.push(`${index}: empty ${String(role)} message`);
  });
  if (open.length > 0) problems.push(`end: tool calls ${open.join(", ")} have no tool messages`);
  return problems;
};

/** Responses of OpenAI and Azure. */
export const validateResponsesBody: WireValidator = (body) => {
  const problems: string[] = [];
  const items = list(body["input"]);
  const calls = items.filter((item) => item["type"] === "function_call").map((item) => String(item["call_id"]));
  const outputs = items
    .filter((item) => item["type"] === "function_call_output")
    .map((item) => String(item["call_id"]));
  for (const id of calls) if (!outputs.includes(id)) problems.push(`no tool output found for function call ${id}`);
  for (const id of outputs) if (!calls.includes(id)) problems.push(`no tool call found for function call output ${id}`);
  if (new Set(calls).size !== calls.length || new Set(outputs).size !== outputs.length)
    problems.push("a call id is used twice");
  items.forEach((item, index) => {
    const next = items[index + 1];
    const isFollowed =
      next !== undefined &&
      (next["role"] === "assistant" || next["type"] === "function_call" || next["type"] === "reasoning");
    if (item["type"] === "reasoning" && !isFollowed)
      problems.push(`${index}: reasoning without its required following item`);
  });
  return problems;
};

/** Messages of Anthropic and, in Bedrock's spelling, Converse. */
export const validateAnthropicBody: WireValidator = (body) => {
  const problems: string[] = [];
  const messages = list(body["messages"]);
  const used = new Set<string>();
  if (messages[0]?.["role"] !== "user") problems.push("first message must use the user role");
  if (messages.at(-1)?.["role"] === "assistant") problems.push("the conversation must end with a user message");
  messages.forEach((message, index) => {
    const blocks = list(message["content"]);
    if (blocks.length === 0) problems.push(`${index}: content must not be empty`);
    if (message["role"] === messages[index - 1]?.["role"]) problems.push(`${index}: roles must alternate`);
    const asked = message["role"] === "user" ? idsOf(list(messages[index - 1]?.["content"]), "toolUse") : [];
    const answered = idsOf(blocks, "toolResult");
    if (message["role"] === "user" && asked.toSorted().join() !== answered.toSorted().join())
      problems.push(`${index}: results ${answered.join()} for calls ${asked.join()}`);
    const firstOther = blocks.findIndex((block) => idsOf([block], "toolResult").length === 0);
    if (firstOther >= 0 && idsOf(blocks.slice(firstOther), "toolResult").length > 0)
      problems.push(`${index}: tool results must come first`);
    for (const id of idsOf(blocks, "toolUse")) {
      if (used.has(id)) problems.push(`${index}: tool_use ids must be unique`);
      used.add(id);
    }
    for (const block of blocks) if ("text" in block && isBlank(block["text"])) problems.push(`${index}: blank text`);
  });
  return problems;
};

/** The ids of tool blocks, in Anthropic's spelling (`tool_use`) or Bedrock's (`toolUse`). */
function idsOf(blocks: readonly Body[], kind: "toolUse" | "toolResult"): string[] {
  const type = kind === "toolUse" ? "tool_use" : "tool_result";
  return blocks.flatMap((block) => {
    if (block["type"] === type) return [String(block[kind === "toolUse" ? "id" : "tool_use_id"])];
    return kind in block ? [String(record(block[kind])["toolUseId"])] : [];
  });
}

/** generateContent of Gemini. */
export const validateGoogleBody: WireValidator = (body) => {
  const problems: string[] = [];
  const contents = list(body["contents"]);
  if (contents[0]?.["role"] !== "user") problems.push("contents must start with a user turn");
  if (contents.at(-1)?.["role"] === "model") problems.push("contents must end with a user turn");
  contents.forEach((content, index) => {
    const parts = list(content["parts"]);
    if (parts.length === 0) problems.push(`${index}: contents.parts must not be empty`);
    const calls = parts.filter((part) => "functionCall" in part).length;
    const next = list(contents[index + 1]?.["parts"]).filter((part) => "functionResponse" in part).length;
    if (content["role"] === "model" && contents[index - 1]?.["role"] === "model")
      problems.push(`${index}: model turn after a model turn`);
    if (calls !== next) problems.push(`${index}: ${calls} function calls and ${next} function responses`);
  });
  return problems;
};

function list(value: unknown): readonly Body[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function record(value: unknown): Body {
  return typeof value === "object" && value !== null ? (value as Body) : {};
}

function isBlank(content: unknown): boolean {
  return (
    content === null ||
    content === undefined ||
    (typeof content === "string" && content.trim() === "") ||
    (Array.isArray(content) && content.length === 0)
  );
}

function checkJson(text: unknown, where: string, problems: string[]): void {
  try {
    if (typeof JSON.parse(String(text)) !== "object") problems.push(`${where} are no JSON object`);
  } catch {
    problems.push(`${where} are no JSON`);
  }
}
