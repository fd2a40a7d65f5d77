import { describe, expect, test } from "vitest";
import { agentId, topicId } from "../identity/index.ts";
import { combineObservers, describeProcess, describeSpan, type RuntimeEvent } from "./index.ts";

describe("span names", () => {
  test.each([
    [
      "create",
      { kind: "topic", id: topicId("default", "default") },
      "autogen create default.(default)-T",
      "producer",
      "create",
    ],
    [
      "publish",
      { kind: "topic", id: topicId("default", "default") },
      "autogen publish default.(default)-T",
      "producer",
      "publish",
    ],
    [
      "process",
      { kind: "agent", id: agentId("name", "default") },
      "autogen process name.(default)-A",
      "consumer",
      "process",
    ],
    ["send", { kind: "agent", id: agentId("a", "b/c") }, "autogen send a.(b/c)-A", "producer", "publish"],
    ["intercept", { kind: "name", name: "Censor" }, "autogen intercept Censor", "consumer", "receive"],
    ["ack", { kind: "none" }, "autogen ack", "consumer", "receive"],
  ] as const)("%s spans are named and attributed as AutoGen's", (...row) => {
    const [operation, destination, name, kind, messaging] = row;
    const span = describeSpan(operation, destination);
    expect([span.name, span.kind, span.attributes["messaging.operation"]]).toEqual([name, kind, messaging]);
    expect(span.attributes["messaging.destination"]).toBe(name.split(" ").slice(2).join(" "));
  });

  test("process attributes name both sides and never the payload", () => {
    expect(
      describeProcess({ sender: undefined, recipient: agentId("a", "b"), messageType: "Note", messageId: "m1" }),
    ).toEqual({
      "messaging.message.type": "Note",
      "messaging.message.id": "m1",
      sender_agent_type: "",
      recipient_agent_type: "a",
      "troupe.recipient": "a/b",
    });
  });
});

describe("combineObservers", () => {
  test("tells all, also after one that throws, whose error it passes on", () => {
    const seen: string[] = [];
    const event: RuntimeEvent = { kind: "agent-activated", agent: agentId("a", "b") };
    const observe = combineObservers([
      () => {
        throw new Error("first");
      },
      (heard) => seen.push(heard.kind),
    ]);
    expect(() => observe(event)).toThrow("first");
    expect(seen).toEqual(["agent-activated"]);
  });
});
