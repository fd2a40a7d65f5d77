import {
  CodeExecutorAgent,
  type CodeExecutorAgentOptions,
  DiGraphBuilder,
  GraphFlow,
  MessageFilterAgent,
  printRun,
  RoundRobinGroupChat,
  type RunHandle,
  type SourceFilter,
  UserProxyAgent,
} from "@troupe/agentchat";
import { type Script, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { verifies } from "../agentchat.ts";
import { assistant, Echo, eventsOf, FakeExecutor, thrownCode } from "./fixtures.ts";

verifies(
  "chat-57",
  "a handoff to somebody else does not end the team: the person is asked like after any words",
  async () => {
    const person = new UserProxyAgent({ name: "ada" });
    const prompts: string[] = [];
    const onQuestion = ({ prompt }: { readonly prompt: string }): string => {
      prompts.push(prompt);
      return "fine";
    };
    const task = { kind: "handoff" as const, text: "Bob, please.", target: "bob", source: "eve" };
    const result = await new RoundRobinGroupChat({ participants: [person], maxTurns: 1 }).run(task, { onQuestion });
    expect(result.messages.at(-1)).toMatchObject({ kind: "text", text: "fine", source: "ada" });
    expect(prompts).toEqual(["Your answer to eve?"]);
  },
);

const program = "```js\nconsole.log(1)\n```";

interface Made {
  readonly agent: CodeExecutorAgent;
  readonly executor: FakeExecutor;
}

function coder(script: Script, executor: FakeExecutor, options: Partial<CodeExecutorAgentOptions> = {}): Made {
  const agent = new CodeExecutorAgent({ name: "coder", model: new ScriptedModel(script), executor, ...options });
  return { agent, executor };
}

async function story(run: RunHandle<unknown>): Promise<readonly string[]> {
  return (await eventsOf(run)).flatMap((event): string[] => {
    if (event.kind === "code-started" || event.kind === "code-finished") return [`${event.kind} ${event.attempt}`];
    if (event.kind === "note") return [event.name];
    return event.kind === "message" && event.path.length > 0 ? [`says ${event.message.text}`] : [];
  });
}

verifies("chat-62", "with a model: the program, what it printed, the answer", async () => {
  const { agent } = coder([program, "One."], new FakeExecutor([{ output: "1" }]));
  expect(await story(agent.run("go"))).toEqual(["code-started 0", "code-finished 0", "says One."]);
});

verifies("chat-63", "with a model and no program: a plain answer", async () => {
  expect(await story(coder(["Words."], new FakeExecutor([])).agent.run("go"))).toEqual(["says Words."]);
});

verifies("chat-64", "one retry: program, plan, program, answer", async () => {
  const script = [program, '{"reason":"typo","retry":true}', program, "Done."];
  const { agent } = coder(script, new FakeExecutor([{ exitCode: 1 }, {}]), { maxRetriesOnError: 1 });
  expect(await story(agent.run("go"))).toEqual([
    "code-started 0",
    "code-finished 0",
    "code-retry",
    "code-started 1",
    "code-finished 1",
    "says Done.",
  ]);
});

verifies("chat-65", "approval at once or later: allowed runs, denied has exit code 1 and the reason", async () => {
  for (const isLate of [false, true]) {
    const seen: unknown[] = [];
    const approval: CodeExecutorAgentOptions["approval"] = ({ code, conversation }) => {
      seen.push([code, conversation.length]);
      const decision = { approved: seen.length === 1, reason: "Too risky." };
      return isLate ? Promise.resolve(decision) : decision;
    };
    const executor = new FakeExecutor([{ output: "1" }]);
    const { agent } = coder([program, "One.", program, "Denied."], executor, { approval });
    await agent.run("go");
    const denied = (await eventsOf(agent.run("go"))).find((event) => event.kind === "code-finished");
    expect(denied).toMatchObject({ exitCode: 1, output: expect.stringContaining("Too risky."), executions: 0 });
    expect(executor.requests).toHaveLength(1);
    expect(seen).toEqual([
      [program, 2],
      [program, 2],
    ]);
  }
});

const five = ["user", "system", "user", "system", "user"].map((source, index) => ({
  kind: "text" as const,
  source,
  text: `${source}${index}`,
}));

async function heard(filter: readonly SourceFilter[]): Promise<string> {
  return (await new MessageFilterAgent({ agent: new Echo("e"), filter }).run(five)).text;
}

verifies("chat-73", "no rule blocks everything; a rule without a position passes all of its source", async () => {
  expect(await heard([])).toBe("e1()");
  expect(await heard([{ source: "system" }])).toBe("e1(system1 + system3)");
});

verifies("chat-74", "the last 2 of user and the first of system are exactly those three, in order", async () => {
  const filter: SourceFilter[] = [
    { source: "user", position: "last", count: 2 },
    { source: "system", position: "first", count: 1 },
  ];
  expect(await heard(filter)).toBe("e1(system1 + user2 + user4)");
  expect(
    thrownCode(
      () => new MessageFilterAgent({ agent: new Echo("e"), filter: [{ source: "user", position: "last", count: 0 }] }),
    ),
  ).toBe("config.invalid_option");
});

verifies("chat-75", "in a loop a filtered node hears the user once, and its source once in each round", async () => {
  const listener = new MessageFilterAgent({
    agent: new Echo("b"),
    filter: [
      { source: "user", position: "first", count: 1 },
      { source: "c", position: "last", count: 1 },
    ],
  });
  const [first, judge, end] = [new Echo("a"), assistant("c", ["AGAIN", "AGAIN", "DONE"]), new Echo("end")];
  const builder = new DiGraphBuilder().addNode(first).addNode(listener).addNode(judge).addNode(end);
  builder.addEdge(first, listener).addEdge(listener, judge);
  builder
    .addEdge(judge, listener, { condition: "AGAIN", activationGroup: "again" })
    .addEdge(judge, end, { condition: "DONE" });
  const team = new GraphFlow({ participants: builder.getParticipants(), graph: builder.setEntryPoint(first).build() });
  const { messages } = await team.run("go");
  expect(messages.filter(({ source }) => source === "b").map(({ text }) => text)).toEqual([
    "b1(go)",
    "b2(AGAIN)",
    "b3(AGAIN)",
  ]);
});

verifies("chat-155", "printing a run of a person shows the question and finishes", async () => {
  const person = new UserProxyAgent({ name: "ada", prompt: "Coffee or tea?" });
  let printed = "";
  const writer = { isTerminal: false, write: (text: string) => void (printed += text) };
  const result = await printRun(person.run("hi", { onQuestion: () => "tea" }), { writer });
  expect(result.text).toBe("tea");
  expect(printed).toContain("Coffee or tea?");
  expect(printed.indexOf("Coffee")).toBeLessThan(printed.lastIndexOf("tea"));
});
