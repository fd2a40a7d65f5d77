import {
  agentId,
  createIdSource,
  defaultSubscription,
  defaultTopic,
  defineAgent,
  defineEvent,
  defineRequest,
  formatAgentId,
  formatTopicId,
  MessageRegistry,
  parseAgentId,
  parseTopicId,
  prefixSubscription,
  sameAgent,
  topicId,
  typeSubscription,
} from "@troupe/core";
import { expect } from "vitest";
import { z } from "zod";
import { verifies } from "../core.ts";
import { agent, Anything, Ask, codeOf, Note, open, register, thrownCode } from "./fixtures.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

verifies("core-1", "agent types are names of any script", () => {
  for (const type of ["a", "a-b.c", "1a", "é", "名前"]) expect(agentId(type, "k").type).toBe(type);
  for (const type of ["", " ", "a b", "a/b", "a:b", "a=b", "a\n"]) {
    expect(thrownCode(() => agentId(type, "k"))).toBe("config.invalid_agent_type");
  }
});

verifies("core-2", "topic types take : and = besides", () => {
  expect(topicId("a:b=c", "s").type).toBe("a:b=c");
  for (const type of ["", "a b", "a/b", "a\n"])
    expect(thrownCode(() => topicId(type, "s"))).toBe("config.invalid_topic_type");
});

verifies("core-3", "keys may be empty and hold slashes", () => {
  expect(parseAgentId("a/")).toEqual(agentId("a", ""));
  expect(parseAgentId("a/b/c")).toEqual(agentId("a", "b/c"));
  expect(parseTopicId("t/")).toEqual(topicId("t", ""));
  expect(thrownCode(() => parseAgentId("abc"))).toBe("config.invalid_id");
  expect(thrownCode(() => parseTopicId("abc"))).toBe("config.invalid_id");
});

verifies("core-4", "text forms and equality", () => {
  expect(formatAgentId(agentId("a", "b/c"))).toBe("a/b/c");
  expect(formatTopicId(topicId("t:", "s"))).toBe("t:/s");
  expect(sameAgent(agentId("a", "b"), agentId("a", "b"))).toBe(true);
  expect(sameAgent(agentId("a", "b"), agentId("b", "a"))).toBe(false);
});

verifies("core-5", "a handler publishes to the default topic of its own conversation", async () => {
  expect(formatTopicId(defaultTopic())).toBe("default/default");
  const runtime = open();
  const heard: string[] = [];
  const talker = agent("talker", {
    onNote: (text, context) => context.publish(Note(text), defaultTopic(context.id.key)),
  });
  const listener = agent("listener", {
    topics: ["default"],
    onNote: (text, context) => void heard.push(`${context.id.key} ${text}`),
  });
  await register(runtime, talker, listener);
  await runtime.tell(Note("hi"), talker.id("ada"));
  await runtime.idle();
  expect(heard).toEqual(["ada hi"]);
});

verifies("core-7", "an invalid agent type cannot be defined, so it cannot be registered", () => {
  expect(thrownCode(() => agent("bad type!"))).toBe("config.invalid_agent_type");
});

verifies("core-8", "names on the wire are bare names or full names", () => {
  const registry = new MessageRegistry();
  const Tick = defineEvent("Tick", z.object({ n: z.number() }));
  const Tock = defineEvent("agents.ProtoMessage", z.object({ n: z.number() }));
  registry.register(Tick);
  registry.register(Tock);
  expect([registry.encode(Tick({ n: 1 })).typeName, registry.encode(Tock({ n: 1 })).typeName]).toEqual([
    "Tick",
    "agents.ProtoMessage",
  ]);
  expect(thrownCode(() => defineEvent("my-message", z.object({})))).toBe("config.invalid_message_type");
});

verifies("core-10", "unknown payloads keep their bytes, unknown types cannot be encoded", () => {
  const registry = new MessageRegistry();
  const data = utf8("\u0000not json");
  for (const contentType of ["application/json", "application/x-protobuf"]) {
    expect(registry.decode({ typeName: "Nope", contentType, data })).toEqual({
      kind: "unknown",
      typeName: "Nope",
      contentType,
      data,
    });
  }
  expect(thrownCode(() => registry.encode(Note("x")))).toBe("serialization.unknown_message_type");
});

verifies("core-11", "spaced, compact, escaped and raw JSON read the same", () => {
  const registry = new MessageRegistry();
  const Text = defineEvent("Text", z.object({ content: z.string() }));
  registry.register(Text);
  for (const text of ['{"content": "h\\u00e9"}', '{"content":"hé"}', '\n{ "content" :\t"hé" }']) {
    expect(registry.decode({ typeName: "Text", contentType: "application/json", data: utf8(text) })).toMatchObject({
      body: { content: "hé" },
    });
  }
});

verifies("core-12", "nested, optional and union fields arrive as their schema says", async () => {
  const runtime = open();
  const schema = z.object({
    inner: z.object({ n: z.number() }),
    maybe: z.string().optional(),
    either: z.union([z.string(), z.number()]),
    list: z.array(z.object({ b: z.boolean() })),
  });
  const Nested = defineRequest("Nested", schema, schema);
  const echo = defineAgent({
    type: "echo",
    state: () => ({}),
    handlers: (on) => [on.request(Nested, (payload) => payload)],
  });
  await register(runtime, echo);
  const payload = { inner: { n: 1 }, either: 5, list: [{ b: true }] };
  expect(await runtime.send(Nested(payload), echo.id("x"))).toEqual(payload);
  expect(await runtime.send(Nested({ ...payload, maybe: "yes", either: "five" }), echo.id("x"))).toEqual({
    ...payload,
    maybe: "yes",
    either: "five",
  });
});

const collision = async (): Promise<void> => {
  const runtime = open();
  const Mine = defineRequest("Order", z.object({ mine: z.number() }), z.string());
  const Yours = defineRequest("Order", z.object({ yours: z.number() }), z.string());
  const mine = defineAgent({ type: "mine", state: () => ({}), handlers: (on) => [on.request(Mine, () => "mine")] });
  const yours = defineAgent({ type: "yours", state: () => ({}), handlers: (on) => [on.request(Yours, () => "yours")] });
  await runtime.register(mine);
  expect(await codeOf(runtime.register(yours))).toBe("config.duplicate_message_type");
  expect(await runtime.send(Mine({ mine: 1 }), mine.id("x"))).toBe("mine");
};
verifies("core-13", "two types with one name fail at registration", collision);
verifies("core-S1", "a name collision is an error, and the first type stays in force", collision);

verifies(
  "core-S2",
  "payloads and replies are validated; unknown keys and optional fields are the schema's choice",
  async () => {
    const runtime = open();
    const Strict = defineRequest("Strict", z.strictObject({ n: z.number().optional() }), z.object({ n: z.number() }));
    const agentOfStrict = defineAgent({
      type: "strict",
      state: () => ({}),
      handlers: (on) => [
        on.request(Strict, (payload) =>
          payload.n === undefined ? (JSON.parse('{"n":"one"}') as { n: number }) : { n: payload.n, extra: 1 },
        ),
      ],
    });
    await register(runtime, agentOfStrict);
    expect(await runtime.send(Strict({ n: 1 }), agentOfStrict.id("x"))).toEqual({ n: 1 });
    expect(await codeOf(runtime.send(Strict(JSON.parse('{"n":"one"}') as { n: number }), agentOfStrict.id("x")))).toBe(
      "serialization.invalid_message",
    );
    expect(await codeOf(runtime.send(Strict(JSON.parse('{"more":1}') as { n: number }), agentOfStrict.id("x")))).toBe(
      "serialization.invalid_message",
    );
    expect(await codeOf(runtime.send(Strict({}), agentOfStrict.id("x")))).toBe("serialization.invalid_reply");
  },
);

verifies("core-S3", "registering a handler registers its request and its reply", async () => {
  const runtime = open();
  const Convert = defineRequest(
    "Convert",
    z.string(),
    z.string().transform((text) => text.length),
  );
  const converter = defineAgent({
    type: "converter",
    state: () => ({}),
    handlers: (on) => [on.request(Convert, (text) => text)],
  });
  await register(runtime, converter);
  const length: number = await runtime.send(Convert("four"), converter.id("x"));
  expect(length).toBe(4);
});

verifies("core-14", "a type subscription matches exactly and maps source to key", async () => {
  const runtime = open();
  const heard: string[] = [];
  await register(
    runtime,
    agent("a", { topics: ["news"], onNote: (text, context) => void heard.push(`${context.id.key} ${text}`) }),
  );
  for (const type of ["news", "news1", "new"]) await runtime.publish(Note(type), topicId(type, "ada"));
  await runtime.idle();
  expect(heard).toEqual(["ada news"]);
});

verifies("core-15", "a prefix subscription matches the bare prefix and longer types", async () => {
  const runtime = open();
  const heard: string[] = [];
  await register(runtime, agent("a", { onNote: (text) => void heard.push(text) }));
  await runtime.addSubscription(prefixSubscription("new", { agentType: "a" }));
  for (const type of ["new", "news", "ne", "anew"]) await runtime.publish(Note(type), topicId(type, "x"));
  await runtime.idle();
  expect(heard).toEqual(["new", "news"]);
});

verifies("core-16", "an equal subscription is refused", async () => {
  const runtime = open();
  await register(runtime, agent("a"));
  await runtime.addSubscription(defaultSubscription({ agentType: "a", id: "one" }));
  expect(await codeOf(runtime.addSubscription(typeSubscription("default", { agentType: "a" })))).toBe(
    "config.duplicate_subscription",
  );
  expect(await codeOf(runtime.addSubscription(typeSubscription("other", { agentType: "a", id: "one" })))).toBe(
    "config.duplicate_subscription",
  );
});

verifies("core-17", "removing stops delivery, adding again resumes it", async () => {
  const runtime = open();
  const heard: string[] = [];
  await register(runtime, agent("a", { onNote: (text) => void heard.push(text) }));
  const subscription = typeSubscription("news", { agentType: "a", id: "s" });
  for (const text of ["one", "two", "three"]) {
    if (text !== "two") await runtime.addSubscription(subscription);
    await runtime.publish(Note(text), topicId("news", "x"));
    await runtime.idle();
    if (text === "one") await runtime.removeSubscription("s");
  }
  expect(heard).toEqual(["one", "three"]);
  expect(await codeOf(runtime.removeSubscription("unknown"))).toBe("config.unknown_subscription");
});

verifies("core-18", "a subscription without an agent type is refused outside a definition", async () => {
  const runtime = open();
  expect(await codeOf(runtime.addSubscription(defaultSubscription()))).toBe("config.invalid_option");
});

verifies("core-19", "two definitions share no subscription", async () => {
  const runtime = open();
  const heard: string[] = [];
  const base = {
    state: () => ({}),
    handlers: (on: Parameters<Parameters<typeof defineAgent>[0]["handlers"]>[0]) => [
      on.event(Note, (text, context) => void heard.push(`${context.id.type} ${text}`)),
    ],
  };
  await runtime.register(defineAgent({ ...base, type: "with", subscriptions: [typeSubscription("news")] }));
  await runtime.register(defineAgent({ ...base, type: "without" }));
  await runtime.publish(Note("hello"), topicId("news", "x"));
  await runtime.idle();
  expect(heard).toEqual(["with hello"]);
});

verifies("core-20", "registration adds the direct topic unless told not to", async () => {
  const runtime = open();
  const heard: string[] = [];
  await register(runtime, agent("open", { onNote: (text) => void heard.push(text) }));
  const closed = defineAgent({
    type: "closed",
    state: () => ({}),
    skipDirectTopic: true,
    handlers: (on) => [on.event(Note, (text) => void heard.push(text))],
  });
  await runtime.register(closed);
  await runtime.publish(Note("to open"), topicId("open:", "x"));
  await runtime.publish(Note("to closed"), topicId("closed:", "x"));
  await runtime.idle();
  expect(heard).toEqual(["to open"]);
});

verifies("core-21", "a subscription added by a handler counts for what is published next", async () => {
  const runtime = open();
  const heard: string[] = [];
  await register(runtime, agent("late", { onNote: (text) => void heard.push(text) }));
  await runtime.publish(Note("before"), topicId("news", "x"));
  await runtime.addSubscription(typeSubscription("news", { agentType: "late" }));
  await runtime.publish(Note("after"), topicId("news", "x"));
  await runtime.idle();
  expect(heard).toEqual(["after"]);
});

const overlap = async (): Promise<void> => {
  const runtime = open();
  const heard: string[] = [];
  await register(runtime, agent("a", { topics: ["news", "a:news"], onNote: (text) => void heard.push(text) }));
  await runtime.addSubscription(prefixSubscription("n", { agentType: "a" }));
  await runtime.publish(Note("once"), topicId("news", "x"));
  await runtime.publish(Note("direct once"), topicId("a:news", "x"));
  await runtime.idle();
  expect(heard).toEqual(["once", "direct once"]);
};
verifies("core-22", "an agent gets a message once, however many subscriptions match", overlap);
verifies("core-R19", "overlapping subscriptions deliver once", overlap);

verifies("core-R18", "adding and removing costs the same after 20,000 topics were seen", async () => {
  const runtime = open();
  await register(runtime, agent("a"));
  const cost = async (): Promise<number> => {
    const started = performance.now();
    for (let round = 0; round < 500; round++) {
      await runtime.addSubscription(typeSubscription("other", { agentType: "a", id: "s" }));
      await runtime.removeSubscription("s");
    }
    return performance.now() - started;
  };
  await cost();
  const before = await cost();
  for (let index = 0; index < 20_000; index++) await runtime.publish(Note("x"), topicId(`topic${index}`, "x"));
  await runtime.idle();
  // AutoGen rebuilds every topic each time: 500 rounds at 20,000 topics would take about a minute.
  expect(await cost()).toBeLessThan(before * 5 + 100);
});

verifies("core-R25", "types are checked, and a registration subscribes to its direct topic alone", async () => {
  const runtime = open({ ids: createIdSource("id") });
  await register(runtime, agent("a"));
  expect(runtime.subscriptions().map(({ kind, topicType, agentType }) => ({ kind, topicType, agentType }))).toEqual([
    { kind: "prefix", topicType: "a:", agentType: "a" },
  ]);
  expect(thrownCode(() => agent("a b"))).toBe("config.invalid_agent_type");
});

verifies("core-R21", "a registration that fails leaves nothing behind", async () => {
  const runtime = open();
  const twice = agent("a", { topics: ["news", "news"] });
  expect(await codeOf(runtime.register(twice))).toBe("config.duplicate_subscription");
  expect(runtime.subscriptions()).toEqual([]);
  expect(await codeOf(runtime.send(Ask("?"), twice.id("x")))).toBe("delivery.no_such_agent");
  await runtime.register(agent("a", { topics: ["news"] }));
  const clash = defineAgent({
    type: "b",
    state: () => ({}),
    handlers: (on) => [
      on.request(Anything, () => 1),
      on.request(defineRequest("Ask", z.number(), z.number()), () => 1),
    ],
  });
  expect(await codeOf(runtime.register(clash))).toBe("config.duplicate_message_type");
  expect(await codeOf(runtime.send(Anything(1), agentId("b", "x")))).toBe("delivery.no_such_agent");
});
