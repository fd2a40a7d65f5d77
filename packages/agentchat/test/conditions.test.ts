import {
  AssistantAgent,
  BaseChatAgent,
  type ChatMessage,
  type ConditionDelta,
  FunctionalTermination,
  FunctionCallTermination,
  HandoffTermination,
  MaxMessageTermination,
  RoundRobinGroupChat,
  SourceMatchTermination,
  StopMessageTermination,
  type TerminationCondition,
  TextMentionTermination,
  TextMessageTermination,
  TimeoutTermination,
} from "@troupe/agentchat";
import { ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";

const usage = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0, estimated: false };

function deltaOf(news: Partial<ConditionDelta>): ConditionDelta {
  return { isTask: false, messages: [], events: [], usage, elapsedMs: 0, ...news };
}

const text = (source: string): ChatMessage => ({ kind: "text", id: source, source, text: "some words" });
const stop: ChatMessage = { kind: "stop", id: "1", source: "a", text: "enough" };
const handoff: ChatMessage = { kind: "handoff", id: "2", source: "a", text: "over to you", target: "user" };
const finished = (status: "ok" | "error"): ConditionDelta["events"][number] => ({
  kind: "tool-call-finished",
  source: "a",
  durationMs: 1,
  result: { kind: "tool-result", callId: "c", toolName: "approve", status, content: [] },
});
const requested: ConditionDelta["events"][number] = {
  kind: "tool-call-requested",
  source: "a",
  calls: [{ kind: "tool-call", callId: "c", toolName: "approve", arguments: "{}" }],
};

/** A condition, news that it waits for, and news that look like it. */
const matrix: readonly [condition: TerminationCondition, trigger: ConditionDelta, others: readonly ConditionDelta[]][] =
  [
    [new StopMessageTermination(), deltaOf({ messages: [text("b"), stop] }), [deltaOf({ messages: [text("stop")] })]],
    [
      new HandoffTermination("user"),
      deltaOf({ messages: [text("b"), handoff, text("b")] }),
      [deltaOf({ messages: [handoff], isTask: true }), deltaOf({ messages: [{ ...handoff, target: "b" }] })],
    ],
    [
      new SourceMatchTermination(["b", "c"]),
      deltaOf({ messages: [text("a"), text("c")] }),
      [deltaOf({ messages: [text("a")] })],
    ],
    [
      new TextMessageTermination(),
      deltaOf({ messages: [handoff, text("a")] }),
      [deltaOf({ messages: [handoff, stop] }), deltaOf({ messages: [text("user")], isTask: true })],
    ],
    [
      new TextMessageTermination("b"),
      deltaOf({ messages: [text("a"), text("b")] }),
      [deltaOf({ messages: [text("a")] })],
    ],
    [
      new FunctionCallTermination("approve"),
      deltaOf({ events: [requested, finished("ok")] }),
      [
        deltaOf({ events: [requested] }),
        deltaOf({ events: [finished("error")] }),
        deltaOf({ messages: [text("approve")] }),
      ],
    ],
    [
      new FunctionCallTermination("approve", { includeFailures: true }),
      deltaOf({ events: [finished("error")] }),
      [deltaOf({ events: [requested] })],
    ],
    [
      new FunctionalTermination(({ messages }) => messages.length > 1),
      deltaOf({ messages: [stop, stop] }),
      [deltaOf({ messages: [stop] })],
    ],
  ];

describe("a condition", () => {
  it.each(matrix.map((row) => [row[0].name, ...row] as const))("%s fires on its trigger alone", (...row) => {
    const [, condition, trigger, others] = row;
    for (const other of [deltaOf({}), ...others])
      expect(condition.check(condition.initial, other).reason, JSON.stringify(other)).toBeNull();
    // Twice: nothing is kept in the object.
    for (let turn = 0; turn < 2; turn += 1)
      expect(condition.check(condition.initial, trigger).reason).toEqual(expect.any(String));
  });

  it("refuses names that are empty, and a list without any", () => {
    const makers = [
      () => new HandoffTermination(""),
      () => new SourceMatchTermination([]),
      () => new SourceMatchTermination(["a", ""]),
      () => new TextMessageTermination(""),
      () => new FunctionCallTermination(""),
      () => new FunctionalTermination("yes" as never),
    ];
    for (const make of makers) expect(make).toThrow(expect.objectContaining({ code: "config.invalid_option" }));
  });

  it("is over by itself at its deadline, alone and combined", () => {
    const soon = new TimeoutTermination(10);
    const late = new TimeoutTermination(20);
    const word = new TextMentionTermination("x");
    expect(soon.deadlineMs).toBe(10);
    expect(word.deadlineMs).toBeUndefined();
    expect(soon.or(word).or(late).deadlineMs).toBe(10);
    expect(soon.and(late).deadlineMs).toBe(20);
    expect(soon.and(word).deadlineMs).toBeUndefined();
    expect(soon.not().deadlineMs).toBeUndefined();
  });
});

class Ender extends BaseChatAgent {
  // oxlint-disable-next-line require-yield
  async *onMessages() {
    return this.reply({ kind: "stop", text: "enough" });
  }
}

describe("a function that ends runs", () => {
  const speaker = (): AssistantAgent =>
    new AssistantAgent({ name: "a", model: new ScriptedModel((_request, { turn }) => `word ${turn}`) });

  it("is named in the stop reason and counts with others", async () => {
    function said2(delta: ConditionDelta): boolean {
      return delta.messages.some((message) => message.text === "word 2");
    }
    const termination = new FunctionalTermination(said2).and(new MaxMessageTermination(2));
    await using team = new RoundRobinGroupChat({ participants: [speaker()], termination });
    const { stopReason, text: last } = await team.run("go");
    expect(last).toBe("word 2");
    expect(stopReason.detail).toContain("FunctionalTermination(said2)");
  });

  it("fails the run when it answers anything but true or false", async () => {
    const answers: (() => unknown)[] = [
      () => 1,
      () => "yes",
      () => undefined,
      () => Promise.resolve(true),
      () => Promise.reject(new Error("later")),
    ];
    for (const answer of answers) {
      const termination = new FunctionalTermination(answer as () => never);
      await using team = new RoundRobinGroupChat({ participants: [speaker()], termination });
      await expect(team.run("go")).rejects.toMatchObject({ code: "team.invalid_condition" });
    }
  });

  it("ends a run at a stop message", async () => {
    await using team = new RoundRobinGroupChat({
      participants: [speaker(), new Ender({ name: "e" })],
      termination: new StopMessageTermination(),
    });
    expect((await team.run("go")).stopReason).toMatchObject({
      kind: "condition",
      condition: "StopMessageTermination",
      detail: '"e" said stop: enough',
    });
  });
});
