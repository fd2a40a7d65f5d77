import type { JsonValue } from "@troupe/core";
import { ScriptedModel } from "@troupe/llm/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  MagenticOneGroupChat,
  type MagenticOneGroupChatOptions,
  type RunEvent,
  TextMentionTermination,
} from "../src/index.ts";

interface LedgerParts {
  readonly done?: boolean;
  readonly loops?: boolean;
  readonly moves?: boolean;
  readonly next?: string;
  readonly say?: string;
}

function ledger({
  done = false,
  loops = false,
  moves = true,
  next = "coder",
  say = "Go on",
}: LedgerParts = {}): string {
  return JSON.stringify({
    is_request_satisfied: { reason: done ? "All is answered" : "Not yet", answer: done },
    is_in_loop: { reason: "loop?", answer: loops },
    is_progress_being_made: { reason: moves ? "It moves" : "Stuck", answer: moves },
    next_speaker: { reason: "fits", answer: next },
    instruction_or_question: { reason: "needed", answer: say },
  });
}

/** Says how many turns it has taken since it last forgot, and what it has heard in this one. */
class Counter extends BaseChatAgent<{ turns: number }> {
  constructor(name: string) {
    super({ name, description: `The  ${name}`, state: () => ({ turns: 0 }) });
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext<{ turns: number }>) {
    context.state.turns += 1;
    return this.reply(`${this.name} ${context.state.turns} heard ${messages.map((message) => message.source).join()}`);
  }
}

type Answers = ConstructorParameters<typeof ScriptedModel>[0];

function createTeam(answers: Answers, options: Partial<MagenticOneGroupChatOptions> = {}) {
  const model = new ScriptedModel(answers);
  const participants = [new Counter("coder"), new Counter("surfer")];
  return { model, team: new MagenticOneGroupChat({ name: "m1", model, participants, ...options }) };
}

const said = (messages: readonly ChatMessage[]): readonly string[] =>
  messages.map(({ source, text }) => `${source}: ${text}`);

/** Answers each prompt of the orchestrator by what it asks; the n-th ledger from a function. */
function byPrompt(ledgerAt: (index: number) => string): (request: { readonly messages: readonly unknown[] }) => string {
  let ledgers = 0;
  return ({ messages }) => {
    const last = JSON.stringify(messages.at(-1));
    if (last.includes("fact sheet") || last.includes("four headings")) return "the facts";
    if (last.includes("list of steps")) return "the plan";
    if (last.includes("The work is over")) return "the final answer";
    ledgers += 1;
    return ledgerAt(ledgers - 1);
  };
}

describe("a Magentic-One team", () => {
  test("writes facts and a plan, asks, judges and answers", async () => {
    const { team, model } = createTeam([
      "facts",
      "plan",
      ledger({ next: "surfer", say: "Search" }),
      ledger({ done: true }),
      "Paris",
    ]);
    const result = await team.run("Capital of France?");
    expect(said(result.messages).map((line) => line.split("\n")[0])).toEqual([
      "user: Capital of France?",
      "MagenticOneOrchestrator: We are working on this request:",
      "MagenticOneOrchestrator: Search",
      "surfer: surfer 1 heard MagenticOneOrchestrator,MagenticOneOrchestrator",
      "MagenticOneOrchestrator: Paris",
    ]);
    expect(result.messages[1]?.text).toContain("coder: The coder");
    expect(result.text).toBe("Paris");
    expect(result.stopReason).toMatchObject({ kind: "finished", detail: "All is answered" });
    expect(model.requests).toHaveLength(5);
    expect(result.usage.total.calls).toBe(5);
  });

  test("plans anew when the work stalls, and everybody starts anew; the stall count starts again", async () => {
    const stuck = ledger({ moves: false });
    const answers = byPrompt((index) => [ledger(), stuck, stuck, ledger(), stuck, ledger({ done: true })][index] ?? "");
    const { team } = createTeam(answers, { maxStalls: 2 });
    const events: RunEvent[] = [];
    const run = team.run("Go");
    for await (const event of run) events.push(event);
    const plans = events.filter((event) => event.kind === "plan-made").map((event) => event.isReplan);
    expect(plans).toEqual([false, true]);
    expect(events.filter((event) => event.kind === "progress-judged").map((event) => event.stalls)).toEqual([
      0, 1, 2, 0, 1, 0,
    ]);
    const coder = said((await run).messages).filter((line) => line.startsWith("coder"));
    expect(coder.map((line) => line.slice(7, 14))).toEqual(["coder 1", "coder 2", "coder 1", "coder 2"]);
  });

  test("MA1: ends with an answer when plans are used up", async () => {
    const { team } = createTeam(
      byPrompt(() => ledger({ moves: false })),
      { maxStalls: 1, maxReplans: 2 },
    );
    const result = await team.run("Go");
    expect(result.stopReason).toMatchObject({ kind: "stalled", detail: "The work stalled after 2 new plans: Stuck" });
    expect(result.text).toBe("the final answer");
    expect(said(result.messages).filter((line) => line.includes("We are working"))).toHaveLength(3);
  });

  test("MA1, MA2: a run has at most its turns, and the next one has as many again and knows the facts", async () => {
    const { team, model } = createTeam(
      byPrompt(() => ledger()),
      { maxTurns: 3 },
    );
    const session = team.session("s");
    for (const task of ["One", "Two"]) {
      const result = await session.run(task);
      expect(result.stopReason.kind).toBe("max-turns");
      expect(result.messages.filter((message) => message.source === "coder")).toHaveLength(3);
      expect(result.text).toBe("the final answer");
    }
    const planning = model.requests.filter(({ messages }) =>
      JSON.stringify(messages.at(-1)).includes("fact sheet so far"),
    );
    expect(planning).toHaveLength(1);
    expect(JSON.stringify(planning)).toContain("the facts");
    await team.close();
  });

  test("lets a condition see everything that is said", async () => {
    const { team } = createTeam(
      byPrompt(() => ledger({ say: "STOP here" })),
      {
        termination: new TextMentionTermination("STOP", { sources: ["MagenticOneOrchestrator"] }),
      },
    );
    const result = await team.run("Go");
    expect(result.stopReason.kind).toBe("condition");
    expect(result.messages.some((message) => message.source === "coder")).toBe(false);
  });

  test("takes a custom prompt for the final answer as it is", async () => {
    const { team, model } = createTeam(["f", "p", ledger({ done: true }), "bye"], { finalAnswerPrompt: "Say {bye}" });
    expect((await team.run("Go")).text).toBe("bye");
    expect(JSON.stringify(model.requests.at(-1)?.messages.at(-1))).toContain("Say {bye}");
  });

  test("a budget, a cancel while it plans and a run without a task end as they should", async () => {
    const limited = createTeam(byPrompt(() => ledger())).team;
    expect((await limited.run("Go", { budget: { modelCalls: 4 } })).stopReason.kind).toBe("budget");
    const hanging = createTeam([{ kind: "hang" }]).team;
    const run = hanging.run("Go");
    for await (const event of run.handle.events()) if (event.kind === "model-started") break;
    await run.cancel("enough");
    expect((await run).stopReason.kind).toBe("cancelled");
    const idle = createTeam([]).team;
    await expect(idle.run()).rejects.toMatchObject({ cause: { code: "run.invalid_task" } });
  });

  test("definitions that cannot work are refused", () => {
    expect(() => createTeam([], { maxStalls: 0 })).toThrow(/maxStalls/);
    expect(() => createTeam([], { maxReplans: -1 })).toThrow(/maxReplans/);
    expect(() => createTeam([], { participants: [] })).toThrow(/no participants/);
  });
});

describe("ledgers that are not what was asked for", () => {
  const whole: { readonly [name: string]: { readonly reason: string; readonly answer: JsonValue } } = JSON.parse(
    ledger(),
  );
  const names = Object.keys(whole);
  const value = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.string(), fc.constant([]), fc.constant({}));
  const mutated: fc.Arbitrary<string> = fc.oneof(
    fc.constantFrom(...names).map((name) => JSON.stringify({ ...whole, [name]: undefined })),
    fc.tuple(fc.constantFrom(...names), value).map(([name, answer]) => JSON.stringify({ ...whole, [name]: answer })),
    fc
      .tuple(fc.constantFrom(...names), value)
      .map(([name, answer]) => JSON.stringify({ ...whole, [name]: { reason: "r", answer } })),
    fc.integer({ min: 0, max: 300 }).map((length) => ledger().slice(0, length)),
    fc.constant(`\`\`\`json\n${ledger()}\n\`\`\``),
    fc.constant(`Here you are: ${ledger()} Good luck!`),
    fc.constant(`${ledger()}\n${ledger({ done: true })}`),
    fc.constant(ledger().replace(/\}$/u, ",}")),
    fc.constant(ledger({ next: "nobody" })),
    fc.constant(JSON.stringify({ ...whole, more: 1 })),
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "null", "[]", "I cannot do that."),
  );

  test("MO1: 300 of them never break a run and take two repairs each at most", async () => {
    const samples = fc.sample(mutated, { numRuns: 300, seed: 11 });
    let defaults = 0;
    for (const sample of samples) {
      let ledgers = 0;
      const { team } = createTeam(
        byPrompt(() => {
          ledgers += 1;
          return ledgers <= 3 ? sample : ledger({ done: true });
        }),
        { maxTurns: 1 },
      );
      const events: RunEvent[] = [];
      const run = team.run("Go");
      for await (const event of run) events.push(event);
      const result = await run;
      expect(result.text).toBe("the final answer");
      const judged = events.filter((event) => event.kind === "progress-judged");
      if (judged[0]?.isDefault === true) defaults += 1;
      expect(ledgers).toBeLessThanOrEqual(judged.length + 2);
      await team.close();
    }
    expect(defaults).toBeGreaterThan(100);
  });

  test("a model that never gives one ends in a final answer", async () => {
    const { team } = createTeam(
      byPrompt(() => "no"),
      { maxStalls: 2, maxReplans: 1 },
    );
    const result = await team.run("Go");
    expect(result.stopReason.kind).toBe("stalled");
    expect(result.text).toBe("the final answer");
    expect(said(result.messages).filter((line) => /^(coder|surfer)/u.test(line))).toHaveLength(2);
  });
});

test("teams and assistants take part, and images of the task reach the planner", async () => {
  const { team, model } = createTeam(
    ["f", "p", ledger({ next: "writer" }), ledger({ done: true, next: "writer" }), "end"],
    {
      participants: [new AssistantAgent({ name: "writer", model: new ScriptedModel(["text"]) })],
    },
  );
  const image = { kind: "file", mediaType: "image/png", data: "aGk=" } as const;
  await team.run([
    { kind: "multi-modal", text: "What is this?", content: [{ kind: "text", text: "What is this?" }, image] },
  ]);
  expect(JSON.stringify(model.requests[0]?.messages)).toContain("aGk=");
});
