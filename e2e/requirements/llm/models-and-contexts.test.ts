import { ConfigError } from "@troupe/core";
import {
  bufferedContext,
  headAndTailContext,
  knownCapabilities,
  type ModelMessage,
  normalize,
  historyRules,
  tokenLimitedContext,
  unboundedContext,
} from "@troupe/llm";
import { ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { verifies } from "../llm.ts";

const user = (text: string): ModelMessage => ({ role: "user", content: [{ kind: "text", text }] });
const says = (text: string): ModelMessage => ({ role: "assistant", content: [{ kind: "text", text }] });
const calls = (callId: string): ModelMessage => ({
  role: "assistant",
  content: [{ kind: "tool-call", callId, toolName: "look", arguments: '{"a":1}' }],
});
const answers = (callId: string): ModelMessage => ({
  role: "tool",
  content: [{ kind: "tool-result", callId, toolName: "look", status: "ok", content: [{ kind: "text", text: "3" }] }],
});
const skipped = (count: number): ModelMessage => ({
  role: "user",
  name: "System",
  content: [{ kind: "text", text: `Skipped ${count} messages.` }],
});

/** One message of every kind, with every kind of part and result. */
const everyKind: readonly ModelMessage[] = [
  { role: "system", content: "Be brief.", providerMetadata: { lab: { cache: true } } },
  {
    role: "user",
    name: "ada",
    content: [
      { kind: "text", text: "Look" },
      { kind: "file", mediaType: "image/png", data: "iVBORw0KGgo=", fileName: "a.png" },
    ],
  },
  {
    role: "assistant",
    name: "clerk",
    content: [
      { kind: "reasoning", text: "hm", providerMetadata: { lab: { signature: "s" } } },
      { kind: "text", text: "Looking." },
      { kind: "tool-call", callId: "c1", toolName: "look", arguments: '{"a":1' },
    ],
  },
  {
    role: "tool",
    content: [
      {
        kind: "tool-result",
        callId: "c1",
        toolName: "look",
        status: "error",
        content: [
          { kind: "text", text: "bad" },
          { kind: "json", value: { a: [1, null] } },
          { kind: "file", mediaType: "image/png", data: "iVBORw0KGgo=" },
        ],
      },
    ],
  },
];

verifies("llm-74", "every kind of message is the same after JSON, and reaches a model as it was", async () => {
  const restored = JSON.parse(JSON.stringify(everyKind)) as readonly ModelMessage[];
  expect(restored).toEqual(everyKind);
  const model = new ScriptedModel(["ok"]);
  await model.generate({ messages: restored });
  expect(model.requests[0]?.messages).toEqual(everyKind);
});

verifies("llm-74-type", "roles and kinds tell messages and parts apart", () => {
  const roles = everyKind.map((message) => {
    switch (message.role) {
      case "system":
        return message.content;
      case "user":
      case "assistant":
        return message.content.map((part) => part.kind).join(" ");
      case "tool":
        return message.content.map((part) => part.status).join(" ");
    }
  });
  expect(roles).toEqual(["Be brief.", "text file", "reasoning text tool-call", "error"]);
});

verifies("llm-75", "capabilities are known by family, defaulted for strangers, and overridden one by one", () => {
  expect(knownCapabilities("openai.responses", "gpt-5-mini")).toMatchObject({
    contextWindow: 400_000,
    structuredOutput: "native",
  });
  expect(knownCapabilities("anthropic.messages", "claude-sonnet-4-5")).toMatchObject({ contextWindow: 200_000 });
  expect(knownCapabilities("somebody", "own-model")).toMatchObject({
    tools: true,
    vision: true,
    structuredOutput: "json",
    contextWindow: null,
  });
  const blind = new ScriptedModel(["ok"], { capabilities: { vision: false } });
  expect(blind.capabilities).toMatchObject({ vision: false, tools: true });
});

verifies("llm-76-buffered", "the last n, without leading results", () => {
  const history = [user("1"), calls("a"), answers("a"), says("4")];
  expect(bufferedContext({ size: 4 }).select(history)).toEqual(history);
  expect(bufferedContext({ size: 3 }).select(history)).toEqual(history.slice(1));
  expect(bufferedContext({ size: 2 }).select(history)).toEqual([says("4")]);
  expect(bufferedContext({ size: 1 }).select(history)).toEqual([says("4")]);
});

verifies("llm-76-head-and-tail", "both ends and the mark", () => {
  const history = ["1", "2", "3", "4", "5", "6"].map(user);
  expect(headAndTailContext({ head: 3, tail: 3 }).select(history)).toEqual(history);
  expect(headAndTailContext({ head: 2, tail: 1 }).select(history)).toEqual([
    user("1"),
    user("2"),
    skipped(3),
    user("6"),
  ]);
  const withCalls = [user("1"), calls("a"), answers("a"), says("4"), calls("b"), answers("b"), says("7"), user("8")];
  expect(headAndTailContext({ head: 2, tail: 3 }).select(withCalls)).toEqual([
    user("1"),
    skipped(5),
    says("7"),
    user("8"),
  ]);
});

verifies("llm-76-token-limited", "the middle goes first", () => {
  const history = ["1", "2", "3", "4", "5"].map(user);
  const select = (maxTokens: number) => tokenLimitedContext({ maxTokens, countTokens: () => 10 }).select(history);
  expect(select(50)).toEqual(history);
  expect(select(40)).toEqual(["1", "2", "4", "5"].map(user));
});

verifies("llm-76-sizes", "zero, negative, broken and missing sizes are typed errors", () => {
  for (const size of [0, -1, 2.5, Number.NaN]) {
    for (const make of [
      () => bufferedContext({ size }),
      () => headAndTailContext({ head: size, tail: 1 }),
      () => headAndTailContext({ head: 1, tail: size }),
      () => tokenLimitedContext({ maxTokens: size }),
    ]) {
      expect(make).toThrow(ConfigError);
    }
  }
});

verifies("llm-77-state", "one context serves many conversations and remembers none", () => {
  const context = bufferedContext({ size: 1 });
  expect(context.select([user("a"), user("b")])).toEqual([user("b")]);
  expect(context.select([user("c")])).toEqual([user("c")]);
  expect(context.select([])).toEqual([]);
});

verifies("llm-77-units", "whatever the sizes, a call is seen with its results or not at all", () => {
  const history = [
    user("1"),
    calls("a"),
    answers("a"),
    says("4"),
    calls("b"),
    answers("b"),
    user("7"),
    calls("c"),
    answers("c"),
  ];
  for (let size = 1; size <= history.length; size += 1) {
    const contexts = [
      bufferedContext({ size }),
      headAndTailContext({ head: size, tail: 1 }),
      headAndTailContext({ head: 1, tail: size }),
      tokenLimitedContext({ maxTokens: size * 5 }),
      unboundedContext(),
    ];
    for (const context of contexts) {
      const view = context.select(history);
      // The gate finds nothing to repair: no call without a result, no result without a call.
      expect(normalize(view, historyRules.permissive), `${context.name}, size ${size}`).toEqual(view);
    }
  }
});

verifies("llm-77-real", "the view of a loaded history is the view of the saved one", () => {
  const history = [...everyKind, user("5"), calls("z"), answers("z")];
  const loaded = JSON.parse(JSON.stringify(history)) as readonly ModelMessage[];
  for (const context of [unboundedContext(), bufferedContext({ size: 3 }), headAndTailContext({ head: 1, tail: 1 })]) {
    expect(context.select(loaded)).toEqual(context.select(history));
  }
});

verifies("llm-S8-leak", "changing a list that a view came from changes no other view", () => {
  const list = [user("1"), user("2"), user("3")];
  const context = bufferedContext({ size: 2 });
  const view = context.select(list);
  list.push(user("4"));
  expect(view).toEqual([user("2"), user("3")]);
  expect(context.select(list)).toEqual([user("3"), user("4")]);
});

verifies("llm-S8-count", "N counts what was trimmed to keep units whole", () => {
  const history = [user("1"), calls("a"), answers("a"), says("4"), calls("b"), answers("b"), says("7")];
  const view = headAndTailContext({ head: 2, tail: 2 }).select(history);
  expect(view).toEqual([user("1"), skipped(5), says("7")]);
  expect(view.length - 1 + 5).toBe(history.length);
});

verifies("llm-S8-recount", "200 messages are counted 200 times, not 20,000", () => {
  let counted = 0;
  const countTokens = (): number => {
    counted += 1;
    return 10;
  };
  const history = Array.from({ length: 100 }, (_, index) => [calls(`c${index}`), answers(`c${index}`)]).flat();
  const view = tokenLimitedContext({ maxTokens: 200, countTokens }).select(history);
  expect(counted).toBe(200);
  expect(view).toHaveLength(20);
  expect(normalize(view, historyRules.permissive)).toEqual(view);
});
