// Runs orders.ts as it stands, offline: a foreign server that speaks OpenAI's protocol answers in place of OpenAI.
// The environment is set before orders.ts loads, because OpenAI's own client reads its address once.
import { type ChatCompletionRequest, LLMock } from "@copilotkit/aimock";

const months = /May|June|July/g;
const textOf = (content: unknown): string => (typeof content === "string" ? content : JSON.stringify(content ?? ""));

/** What the clerk says when it has seen the orders: those of the month that was asked for last. */
function answerFrom(request: ChatCompletionRequest): string {
  const asked = request.messages.filter((message) => message.role === "user").map((message) => textOf(message.content));
  const month = asked.join(" ").match(months)?.at(-1) ?? "May";
  const orders = textOf(request.messages.at(-1)?.content);
  const items = [...orders.matchAll(/"month\\?":\\?"(\w+)\\?",\\?"item\\?":\\?"(\w+)/g)].flatMap(([, when, item]) =>
    when === month && item !== undefined ? [item] : [],
  );
  return `In ${month}: ${items.join(", ") || "nothing"}.`;
}

const server = new LLMock({ port: 0, host: "127.0.0.1" });
server.on({ model: "gpt-5" }, { content: "The orders say so. APPROVE" });
server.on({ model: "gpt-5-mini", hasToolResult: true }, (request) => ({ content: answerFrom(request) }));
server.on({ model: "gpt-5-mini" }, { toolCalls: [{ name: "search_orders", arguments: '{"customer":"Ada"}' }] });
await server.start();
process.env["OPENAI_BASE_URL"] = `${server.url}/v1`;
process.env["OPENAI_API_KEY"] = "no-key-is-needed-here";
try {
  await import("./orders.ts");
} finally {
  await server.stop();
}
