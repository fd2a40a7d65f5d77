import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineAgent } from "../agent/index.ts";
import { defineEvent } from "../message/index.ts";
import { topicId } from "../identity/index.ts";
import { typeSubscription } from "../subscription/index.ts";
import { AgentDirectory } from "./agent-directory.ts";

function create(): AgentDirectory {
  let count = 0;
  return new AgentDirectory(() => `id-${(count += 1)}`);
}

describe("AgentDirectory", () => {
  test("G1: a registration that is refused leaves no subscription and no type behind", () => {
    const directory = create();
    const twice = [typeSubscription("news"), typeSubscription("sport"), typeSubscription("news")];
    const agent = defineAgent({ type: "reader", state: () => ({}), handlers: () => [], subscriptions: twice });
    expect(() => directory.register(agent)).toThrow(/already subscribes/);
    expect(directory.subscriptions()).toEqual([]);
    expect(directory.find("reader")).toBeUndefined();
    expect(directory.recipients(topicId("sport", "x"))).toEqual([]);
  });

  test("G2: one agent type has one definition, one message name has one message type", () => {
    const directory = create();
    const first = defineEvent("Tick", z.object({}));
    const second = defineEvent("Tick", z.object({ n: z.number() }));
    const one = defineAgent({ type: "one", state: () => ({}), handlers: (on) => [on.event(first, () => {})] });
    const two = defineAgent({ type: "two", state: () => ({}), handlers: (on) => [on.event(second, () => {})] });
    directory.register(one);
    expect(() => directory.register(one)).toThrow(/registered already/);
    expect(() => directory.register(two)).toThrow(/Two message types are named "Tick"/);
    expect(directory.find("two")).toBeUndefined();
  });
});
