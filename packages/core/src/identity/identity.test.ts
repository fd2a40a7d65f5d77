import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  agentId,
  assertAgentType,
  defaultTopic,
  directTopic,
  formatAgentId,
  formatTopicId,
  isAgentType,
  isTopicType,
  parseAgentId,
  parseTopicId,
  sameAgent,
  sameTopic,
  topicId,
} from "./index.ts";

describe("agent and topic types", () => {
  test.each(["a", "a-b.c", "1a", "é", "_", "名前", "Ж-1", "٣", "Ⅷ", "½", "a.b-c_d9", "𝒜bc"])(
    "%j is an agent type",
    (type) => {
      expect([isAgentType(type), isTopicType(type)]).toEqual([true, true]);
    },
  );

  test.each(["", " ", "a b", "a/b", "a\n", "\na", "e\u0301", "a\u200d", "a+b", "😀", "\ud800", "a\u0000"])(
    "%j is neither",
    (type) => {
      expect([isAgentType(type), isTopicType(type)]).toEqual([false, false]);
    },
  );

  test.each(["a:b", "a=b", "é:", "x:y=z"])("%j is a topic type only", (type) => {
    expect([isAgentType(type), isTopicType(type)]).toEqual([false, true]);
  });

  test("the fast path for ASCII agrees with the Unicode rule on any text", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: "grapheme" }),
          fc.string({ unit: fc.constantFrom(..."aZ9_-.:=/ é\n".split("")) }),
        ),
        (text) => {
          expect(isAgentType(text)).toBe(/^[\p{L}\p{N}_\-.]+$/u.test(text));
          expect(isTopicType(text)).toBe(/^[\p{L}\p{N}_\-.:=]+$/u.test(text));
        },
      ),
    );
  });

  test("a violation names the value and the remedy", () => {
    expect(() => assertAgentType("bad type!")).toThrow(
      expect.objectContaining({
        code: "config.invalid_agent_type",
        message: expect.stringContaining('"bad type!"') as unknown,
      }),
    );
    expect(() => topicId("a/b", "")).toThrow(expect.objectContaining({ code: "config.invalid_topic_type" }));
  });
});

describe("ids", () => {
  test("keys and sources are any text, also empty", () => {
    expect(agentId("a", "")).toEqual({ type: "a", key: "" });
    expect(agentId("a", "x/y\n")).toEqual({ type: "a", key: "x/y\n" });
    expect(Object.isFrozen(agentId("a", "b"))).toBe(true);
  });

  test("the text form splits at the first slash and round-trips", () => {
    expect(parseAgentId("a/b/c")).toEqual({ type: "a", key: "b/c" });
    expect(parseTopicId("a:/b/c")).toEqual({ type: "a:", source: "b/c" });
    expect(() => parseAgentId("abc")).toThrow(expect.objectContaining({ code: "config.invalid_id" }));
    expect(() => parseTopicId("abc")).toThrow(expect.objectContaining({ code: "config.invalid_id" }));
    expect(() => parseAgentId("/b")).toThrow(expect.objectContaining({ code: "config.invalid_agent_type" }));
    fc.assert(
      fc.property(fc.string(), (key) => {
        expect(parseAgentId(formatAgentId(agentId("t", key)))).toEqual(agentId("t", key));
        expect(parseTopicId(formatTopicId(topicId("t:", key)))).toEqual(topicId("t:", key));
      }),
    );
  });

  test("equality is by value", () => {
    expect(sameAgent(agentId("a", "b"), agentId("a", "b"))).toBe(true);
    expect(sameAgent(agentId("a", "b"), agentId("a", "c"))).toBe(false);
    expect(sameAgent(undefined, agentId("a", "b"))).toBe(false);
    expect(sameTopic(topicId("a", "b"), topicId("a", "b"))).toBe(true);
    expect(sameTopic(topicId("a", "b"), topicId("x", "b"))).toBe(false);
  });

  test("default and direct topics", () => {
    expect(formatTopicId(defaultTopic())).toBe("default/default");
    expect(formatTopicId(defaultTopic("ada"))).toBe("default/ada");
    expect(formatTopicId(directTopic("clerk", "ada"))).toBe("clerk:/ada");
  });
});
