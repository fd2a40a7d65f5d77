import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAgentId, topicId } from "../identity/index.ts";
import {
  type BoundSubscription,
  bindSubscription,
  defaultSubscription,
  directSubscription,
  mapToAgent,
  matchesTopic,
  prefixSubscription,
  type Subscription,
  SubscriptionTable,
  sameSubscription,
  typeSubscription,
} from "./index.ts";

let count = 0;
const bind = (subscription: Subscription, agentType = "agent"): BoundSubscription =>
  bindSubscription(subscription, agentType, () => `id-${++count}`);
const recipients = (table: SubscriptionTable, type: string, source = "s"): string[] =>
  table.recipients(topicId(type, source)).map(formatAgentId);

describe("subscriptions", () => {
  test("a type subscription matches its type only and maps the source to the key", () => {
    const subscription = bind(typeSubscription("news"));
    expect(["news", "news2", "new", "News"].map((type) => matchesTopic(subscription, topicId(type, "s")))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(mapToAgent(subscription, topicId("news", "ada"))).toEqual({ type: "agent", key: "ada" });
  });

  test("a prefix subscription matches the bare prefix and longer types", () => {
    const subscription = bind(prefixSubscription("clerk:"));
    expect(
      ["clerk:", "clerk:x", "clerk", "xclerk:"].map((type) => matchesTopic(subscription, topicId(type, "s"))),
    ).toEqual([true, true, false, false]);
    expect(directSubscription("clerk")).toMatchObject({ kind: "prefix", topicType: "clerk:", agentType: "clerk" });
  });

  test("mapping a topic that does not match, or binding without an agent type, is a typed error", () => {
    expect(() => mapToAgent(bind(typeSubscription("news")), topicId("other", "s"))).toThrow(
      expect.objectContaining({ code: "config.invalid_option" }),
    );
    expect(() => bindSubscription(defaultSubscription(), undefined, () => "id")).toThrow(
      expect.objectContaining({ code: "config.invalid_option" }),
    );
    expect(() => typeSubscription("a b")).toThrow(expect.objectContaining({ code: "config.invalid_topic_type" }));
    expect(() => typeSubscription("a", { agentType: "b/c" })).toThrow(
      expect.objectContaining({ code: "config.invalid_agent_type" }),
    );
  });

  test("equality: one kind, and the same id or the same fields; default equals the type subscription", () => {
    expect(
      sameSubscription(defaultSubscription({ agentType: "a" }), typeSubscription("default", { agentType: "a" })),
    ).toBe(true);
    expect(sameSubscription(typeSubscription("x", { id: "1" }), typeSubscription("y", { id: "1" }))).toBe(true);
    expect(sameSubscription(typeSubscription("x"), prefixSubscription("x"))).toBe(false);
    expect(sameSubscription(typeSubscription("x", { agentType: "a" }), typeSubscription("x", { agentType: "b" }))).toBe(
      false,
    );
  });

  test("an empty id gets replaced by a fresh one", () => {
    expect(bind(typeSubscription("x", { id: "" })).id).toMatch(/^id-/);
  });
});

describe("SubscriptionTable", () => {
  test("1: refuses an equal subscription, by fields and by id", () => {
    const table = new SubscriptionTable();
    table.add(bind(typeSubscription("news", { id: "one" })));
    for (const twin of [typeSubscription("news"), typeSubscription("other", { id: "one" })]) {
      expect(() => table.add(bind(twin))).toThrow(expect.objectContaining({ code: "config.duplicate_subscription" }));
    }
    table.add(bind(prefixSubscription("news")));
    table.add(bind(typeSubscription("news"), "other"));
    expect(table.size).toBe(3);
  });

  test("2: an agent gets a topic once, in the order of adding, however many entries match", () => {
    const table = new SubscriptionTable();
    table.add(bind(prefixSubscription("ne"), "second"));
    table.add(bind(typeSubscription("news"), "first"));
    table.add(bind(prefixSubscription("news"), "first"));
    table.add(bind(prefixSubscription("n"), "third"));
    table.add(bind(prefixSubscription("news"), "second"));
    expect(recipients(table, "news", "ada")).toEqual(["second/ada", "first/ada", "third/ada"]);
    expect(recipients(table, "other")).toEqual([]);
  });

  test("removing stops delivery; an unknown id is an error; adding again works", () => {
    const table = new SubscriptionTable();
    const subscription = bind(prefixSubscription("news"));
    table.add(subscription);
    table.remove(subscription.id);
    expect(recipients(table, "news")).toEqual([]);
    expect(() => table.remove(subscription.id)).toThrow(
      expect.objectContaining({ code: "config.unknown_subscription" }),
    );
    table.add(subscription);
    expect(recipients(table, "news1")).toEqual(["agent/s"]);
  });

  test("removing an agent type takes all its subscriptions and no other", () => {
    const table = new SubscriptionTable();
    for (const type of ["a", "b"])
      for (const subscription of [typeSubscription("x"), prefixSubscription("x")]) table.add(bind(subscription, type));
    expect(table.removeAgentType("a")).toHaveLength(2);
    expect(table.list().map((subscription) => subscription.agentType)).toEqual(["b", "b"]);
    expect(table.has({ kind: "type", topicType: "x", agentType: "b" })).toBe(true);
    expect(table.has({ kind: "type", topicType: "x", agentType: "a" })).toBe(false);
  });

  test("2: any sequence of adding and removing gives what a plain scan of the list gives", () => {
    const name = fc.string({ unit: fc.constantFrom("a", "b", ":"), minLength: 1, maxLength: 3 });
    const step = fc.record({
      kind: fc.constantFrom("type", "prefix"),
      topicType: name,
      agentType: fc.constantFrom("x", "y", "z"),
      remove: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.array(name, { maxLength: 10 }), (steps, topics) => {
        const table = new SubscriptionTable();
        for (const { kind, topicType, agentType, remove } of steps) {
          const subscription = bind(
            kind === "type" ? typeSubscription(topicType) : prefixSubscription(topicType),
            agentType,
          );
          const twin = table.list().find((other) => sameSubscription(other, subscription));
          if (twin !== undefined && remove) table.remove(twin.id);
          else if (twin === undefined) table.add(subscription);
        }
        for (const type of topics) {
          const matching = table.list().filter((subscription) => matchesTopic(subscription, topicId(type, "s")));
          expect(recipients(table, type)).toEqual([
            ...new Set(matching.map((subscription) => `${subscription.agentType}/s`)),
          ]);
        }
      }),
    );
  });

  test("3, 4: with 20,000 agent types a lookup, an addition and a removal stay cheap", () => {
    const table = new SubscriptionTable();
    for (let index = 0; index < 20_000; index++)
      table.add(bind(directSubscription(`agent${String(index).padStart(5, "0")}`)));
    const started = performance.now();
    for (let round = 0; round < 2000; round++) {
      const subscription = bind(typeSubscription(`topic${round}`));
      table.add(subscription);
      expect(table.recipients(topicId(`topic${round}`, "s"))).toHaveLength(1);
      table.remove(subscription.id);
    }
    // A scan of all entries would take 40,000,000 comparisons; generous for a busy machine.
    expect(performance.now() - started).toBeLessThan(1000);
    expect(table.size).toBe(20_000);
  });
});
