/** What a request body looks like from here: nothing is taken for granted. */
type Body = Readonly<Record<string, unknown>>;

/**
 * Complaints about a request body, in the terms of the provider's API reference. They look at what is sent, not at our types, so they judge
 * the history gate, the adapter and the provider package together.
 */
export type WireValidator = (body: Body) => readonly string[];

/** Names of functions: "string does not match pattern", in one spelling or another. */
const functionName = /^[a-zA-Z0-9_-]{1,64}$/;

/** Mistral chat: as chat completions, with ids of its own form, and "Unexpected role 'user' after role 'tool'". */
export const validateMistralBody: WireValidator = (body) => {
  const problems = [...validateChatBody(body)];
  const messages = list(body["messages"]);
  messages.forEach((message, index) => {
    for (const call of list(message["tool_calls"])) {
      if (!/^[a-zA-Z0-9]{9}$/.test(String(call["id"])))
        problems.push(`${index}: tool call id was ${String(call["id"])}`);
    }
    if (message["role"] === "user" && messages[index - 1]?.["role"] === "tool")
      problems.push(`${index}: unexpected role 'user' after role 'tool'`);
  });
  if (!["user", "tool"].includes(String(messages.at(-1)?.["role"]))) problems.push("expected last role user or tool");
  return problems;
};

/** Chat completions of OpenAI and compatible servers. */
export const validateChatBody: WireValidator = (body) => {
  const problems: string[] = [];
  if (list(body["messages"]).length === 0) problems.push("messages is too short");
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
      if (id === "" || id.length > 40) problems.push(`${index}: tool call id of ${id.length} characters`);
    }
    for (const call of list(message["tool_calls"])) {
      const name = String(record(call["function"])["name"]);
      if (!functionName.test(name)) problems.push(`${index}: function name "${name}"`);
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
  if (items.length === 0) problems.push("input must not be empty");
  for (const item of items.filter(({ type }) => type === "function_call")) {
    if (!functionName.test(String(item["name"]))) problems.push(`function name "${String(item["name"])}"`);
    if (String(item["call_id"]).length > 64) problems.push("call_id is too long");
  }
  const ids = items.flatMap((item) => (typeof item["id"] === "string" ? [item["id"]] : []));
  for (const id of ids)
    if (ids.indexOf(id) !== ids.lastIndexOf(id)) problems.push(`duplicate item found with id ${id}`);
  items.forEach((item, index) => {
    const next = items[index + 1];
    // Our histories give the calls that came with the thought rs_n the id fc_n.
    const thought = /^fc_(\d+)/.exec(String(item["id"]))?.[1];
    if (thought !== undefined && !ids.includes(`rs_${thought}`))
      problems.push(`${index}: ${String(item["id"])} was provided without its required reasoning item`);
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
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(id)) problems.push(`${index}: tool_use.id "${id}"`);
    }
    for (const block of blocks) {
      const call = block["type"] === "tool_use" ? block : record(block["toolUse"]);
      if ("input" in call && !functionName.test(String(call["name"]))) problems.push(`${index}: tool_use.name`);
      if ("input" in call && (typeof call["input"] !== "object" || Array.isArray(call["input"])))
        problems.push(`${index}: tool_use.input: input should be a valid dictionary`);
      if (block["type"] === "thinking" && isBlank(block["signature"]))
        problems.push(`${index}: thinking.signature: field required`);
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
    const calls = namesIn(parts, "functionCall");
    const next = namesIn(list(contents[index + 1]?.["parts"]), "functionResponse");
    for (const name of calls) if (!functionName.test(name)) problems.push(`${index}: function name "${name}"`);
    if (content["role"] === "model" && contents[index - 1]?.["role"] === "model")
      problems.push(`${index}: model turn after a model turn`);
    if (calls.join() !== next.join())
      problems.push(`${index}: calls of ${calls.join()} and responses of ${next.join()}`);
  });
  return problems;
};

function namesIn(parts: readonly Body[], kind: "functionCall" | "functionResponse"): readonly string[] {
  return parts.flatMap((part) => (kind in part ? [String(record(part[kind])["name"])] : []));
}

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
