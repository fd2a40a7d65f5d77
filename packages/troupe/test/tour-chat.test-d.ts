// The target program of the design, held by the compiler against the real package: these lines must compile as they are.
import { openai } from "@ai-sdk/openai";
import {
  type AgentEvent,
  type AgentReply,
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  InProcessRuntime,
  jsonSchema,
  MaxMessageTermination,
  model,
  printRun,
  RoundRobinGroupChat,
  type RunEvent,
  type Store,
  TextMentionTermination,
  tool,
} from "troupe";
import { z } from "zod";

declare function sqliteStore(path: string): Store;
declare function render(event: RunEvent): void;
declare function confirm(text: string): Promise<boolean>;

const orders = [
  { customer: "ada", month: "May", item: "lamp" },
  { customer: "ada", month: "June", item: "desk" },
];
const search = tool({
  name: "search_orders",
  description: "Find the orders of a customer",
  input: z.object({ customer: z.string() }),
  execute: ({ customer }) => orders.filter((order) => order.customer === customer.toLowerCase()),
});

const clerk = new AssistantAgent({ name: "clerk", model: model("openai:gpt-5-mini"), tools: [search] });
const auditor = new AssistantAgent({
  name: "auditor",
  model: openai("gpt-5"),
  systemMessage: "Check the answer. Say APPROVE when right.",
});
const team = new RoundRobinGroupChat({
  name: "orders",
  participants: [clerk, auditor],
  termination: new TextMentionTermination("APPROVE", { sources: ["auditor"] }).or(new MaxMessageTermination(12)),
});
// A name is only required with a store.
new RoundRobinGroupChat({ participants: [clerk, auditor] }) satisfies RoundRobinGroupChat;

export async function tour(): Promise<void> {
  const result = await team.run("What did Ada order in May?");
  console.log(result.text, result.stopReason.kind, result.usage.total);

  const chat = team.session("ada");
  await chat.run("What did Ada order in May?");
  await printRun(chat.run("And in June?"));
  for await (const event of chat.run("And in July?")) render(event);

  const runtime = new InProcessRuntime({ store: sqliteStore("orders.db") });
  const refund = await team.run("Refund order 1042", {
    runtime,
    runId: "refund-1042",
    budget: { usd: 0.5, wallTimeMs: 120_000 },
    onQuestion: async (question) => ({ approved: await confirm(question.prompt) }),
  });
  console.log(refund.stopReason.kind);
}

class Countdown extends BaseChatAgent<{ launches: number }> {
  async *onMessages(
    _messages: readonly ChatMessage[],
    context: ChatAgentContext<{ launches: number }>,
  ): AsyncGenerator<AgentEvent, AgentReply> {
    context.state.launches += 1;
    for (let n = 3; n > 0; n--) yield this.thought(`${n}...`);
    return this.reply(`Done, launch ${context.state.launches}!`);
  }
}

export async function more(): Promise<void> {
  const countdown = new Countdown({ name: "countdown", state: () => ({ launches: 0 }) });
  await countdown.run("go");
  const raw = tool({
    name: "r",
    description: "r",
    input: jsonSchema<{ n: number }>({ type: "object" }),
    execute: ({ n }) => n + 1,
  });
  // A typed answer is typed.
  const judge = new AssistantAgent({
    name: "judge",
    model: openai("gpt-5"),
    output: z.object({ verdict: z.string() }),
    tools: [raw],
  });
  const verdict: string = (await judge.run("Well?")).output.verdict;
  console.log(verdict);
}

const withoutJsonSchema = {
  "~standard": { version: 1, vendor: "x", validate: (value: unknown) => ({ value }) },
} as const;
const about = { name: "t", description: "t" };

export function mustNotCompile(): void {
  // @ts-expect-error no such provider
  model("acme:best");
  // @ts-expect-error a schema library without JSON Schema cannot describe a tool to a model
  tool({ ...about, input: withoutJsonSchema, execute: () => 1 });
  // @ts-expect-error the arguments follow from the schema
  tool({ ...about, input: z.object({ a: z.string() }), execute: ({ b: _b }) => 1 });
  // @ts-expect-error an agent needs a model
  new AssistantAgent({ name: "thoughtless" });
  // @ts-expect-error state is of the declared shape
  new Countdown({ name: "countdown", state: () => ({ launches: "none" }) });
  // @ts-expect-error results are read-only
  void team.run("x").then((result) => (result.text = "y"));
}
