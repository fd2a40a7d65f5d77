import { type AgentContext, defineAgent } from "../../agent/index.ts";
import { agentId, formatAgentId, topicId } from "../../identity/index.ts";
import { typeSubscription } from "../../subscription/index.ts";
import { expectCode, expectEqual, expectThat, settle } from "../expectation.ts";
import { type RuntimeCase, runtimeCase } from "./environment.ts";
import { account, Anything, Ask, AskNext, Deposit, GetBalance, Interest, Note, Stage, untyped } from "./fixtures.ts";

type Context = AgentContext<{ readonly n: number }>;

/** An agent that handles `Note` and `Ask` as the test says. */
function reader(
  type: string,
  onNote: (text: string, context: Context) => void | Promise<void>,
  topics: readonly string[] = [],
) {
  return defineAgent({
    type,
    state: () => ({ n: 0 }),
    handlers: (on) => [on.event(Note, onNote)],
    subscriptions: topics.map((topic) => typeSubscription(topic)),
  });
}

const requestCases: readonly RuntimeCase[] = [
  runtimeCase("C1", "an agent exists by being addressed, and each key has a state of its own", async (runtime) => {
    await runtime.register(account);
    expectEqual(await runtime.send(Deposit({ cents: 500 }), account.id("ada")), { cents: 500 }, "ada's first deposit");
    expectEqual(await runtime.send(Deposit({ cents: 20 }), account.id("bob")), { cents: 20 }, "bob's first deposit");
    expectEqual(await runtime.send(Deposit({ cents: 1 }), account.id("ada")), { cents: 501 }, "ada's second deposit");
    expectEqual(
      await runtime.send(Deposit({ cents: 7 }), account.id("")),
      { cents: 7 },
      "the deposit of the empty key",
    );
  }),
  runtimeCase("C11", "an unregistered agent type is delivery.no_such_agent", async (runtime) => {
    await expectCode("delivery.no_such_agent", "send", () =>
      runtime.send(Deposit({ cents: 1 }), agentId("nobody", "x")),
    );
  }),
  runtimeCase("C11", "a request that the agent does not handle is delivery.no_handler", async (runtime) => {
    await runtime.register(account);
    await expectCode("delivery.no_handler", "send", () => runtime.send(Ask("?"), agentId("account", "ada")));
  }),
  runtimeCase("C5", "the handler's own error reaches the caller", async (runtime) => {
    await runtime.register(account);
    const outcome = await settle(() => runtime.send(Deposit({ cents: -5 }), account.id("ada")));
    expectThat(outcome.status === "rejected", "the request did not fail");
    expectThat(
      outcome.error instanceof Error && outcome.error.message === "no negative deposits",
      "the error is another",
    );
  }),
  runtimeCase("I7", "a payload or reply that does not fit its schema is refused at the caller", async (runtime) => {
    const broken = defineAgent({
      type: "broken",
      state: () => ({}),
      handlers: (on) => [on.request(Ask, () => untyped(42)), on.request(Deposit, (payload) => payload)],
    });
    await runtime.register(broken);
    await expectCode("serialization.invalid_reply", "a wrong reply", () => runtime.send(Ask("?"), broken.id("x")));
    const wrong = Deposit({ cents: 1.5 });
    await expectCode("serialization.invalid_message", "a wrong payload", () => runtime.send(wrong, broken.id("x")));
  }),
  runtimeCase("C2", "payloads and replies that are not JSON are refused at the caller", async (runtime) => {
    const values: Readonly<Record<string, unknown>> = {
      nan: Number.NaN,
      date: new Date(0),
      big: 1n,
      map: new Map(),
      nothing: undefined,
    };
    const echo = defineAgent({
      type: "echo",
      state: () => ({}),
      handlers: (on) => [on.request(Anything, (name) => (typeof name === "string" ? { value: [values[name]] } : null))],
    });
    await runtime.register(echo);
    for (const [name, value] of Object.entries(values)) {
      await expectCode("serialization.unserializable", `a payload with ${name}`, () =>
        runtime.send(Anything([value]), echo.id("x")),
      );
      await expectCode("serialization.unserializable", `a reply with ${name}`, () =>
        runtime.send(Anything(name), echo.id("x")),
      );
    }
    await runtime.idle();
  }),
  runtimeCase("C2", "nobody can change a message after it was sent", async (runtime) => {
    const stage = new Stage();
    const keeper = defineAgent({
      type: "keeper",
      state: () => ({}),
      handlers: (on) => [
        on.request(Anything, async (payload) => {
          await stage.stopAt("got");
          return payload;
        }),
      ],
    });
    await runtime.register(keeper);
    const payload = { list: [1] };
    const pending = runtime.send(Anything(payload), keeper.id("x"));
    payload.list.push(2);
    await stage.reached("got");
    payload.list.push(3);
    stage.open("got");
    expectEqual(await pending, { list: [1] }, "the payload as the agent saw it");
  }),
  runtimeCase("C11", "a request ends by its deadline, and the runtime goes on", async (runtime, { advance }) => {
    const stage = new Stage();
    const slow = defineAgent({
      type: "slow",
      state: () => ({}),
      handlers: (on) => [
        on.request(Ask, async (text) => {
          if (text === "slow") await stage.stopAt("slow");
          return text;
        }),
      ],
    });
    await runtime.register(slow);
    const pending = settle(() => runtime.send(Ask("slow"), slow.id("x"), { deadlineMs: 100 }));
    await stage.reached("slow");
    await advance(100);
    await expectCode("delivery.deadline_exceeded", "the slow request", async () => {
      const outcome = await pending;
      if (outcome.status === "rejected") throw outcome.error;
    });
    stage.open("slow");
    await runtime.idle();
    expectEqual(await runtime.send(Ask("fast"), slow.id("x")), "fast", "the next request");
  }),
];

const orderCases: readonly RuntimeCase[] = [
  runtimeCase(
    "C10",
    "one agent handles the messages of one sender in the order sent, one at a time",
    async (runtime) => {
      const seen: string[] = [];
      let running = 0;
      const agent = reader("reader", async (text) => {
        running += 1;
        expectEqual(running, 1, "handlers at work at once");
        for (let turn = 0; turn < Number(text) % 4; turn++) await Promise.resolve();
        seen.push(text);
        running -= 1;
      });
      await runtime.register(agent);
      const texts = Array.from({ length: 200 }, (_, index) => String(index));
      await Promise.all(texts.map((text) => runtime.tell(Note(text), agent.id("x"))));
      await runtime.idle();
      expectEqual(seen, texts, "what was handled");
    },
  ),
  runtimeCase(
    "C1",
    "a shared handler runs beside a running turn and sees the last committed state",
    async (runtime) => {
      const stage = new Stage();
      const agent = defineAgent({
        type: "counter",
        state: () => ({ cents: 0 }),
        handlers: (on) => [
          on.request(Deposit, async (payload, context) => {
            context.state.cents += payload.cents;
            await stage.stopAt("inside");
            return { cents: context.state.cents };
          }),
          on.request(GetBalance, (_, context) => ({ cents: context.state.cents }), { shared: true }),
        ],
      });
      await runtime.register(agent);
      const pending = runtime.send(Deposit({ cents: 5 }), agent.id("x"));
      await stage.reached("inside");
      expectEqual(await runtime.send(GetBalance(null), agent.id("x")), { cents: 0 }, "the balance during the turn");
      stage.open("inside");
      await pending;
      expectEqual(await runtime.send(GetBalance(null), agent.id("x")), { cents: 5 }, "the balance after it");
    },
  ),
  runtimeCase(
    "C11",
    "an agent asked for by its own call chain fails at once with delivery.deadlock and the cycle",
    async (runtime) => {
      const left = defineAgent({
        type: "left",
        state: () => ({}),
        handlers: (on) => [on.request(Ask, (text, context) => context.send(AskNext(text), agentId("right", "x")))],
      });
      const right = defineAgent({
        type: "right",
        state: () => ({}),
        handlers: (on) => [on.request(AskNext, (text, context) => context.send(Ask(text), agentId("left", "x")))],
      });
      await runtime.register(left);
      await runtime.register(right);
      const error = await expectCode("delivery.deadlock", "the cycle", () => runtime.send(Ask("?"), left.id("x")));
      const text = `${error.message} ${JSON.stringify(error.details)}`;
      expectThat(text.includes("left/x") && text.includes("right/x"), "the cycle is not named");
      await runtime.idle();
    },
  ),
  runtimeCase("C11", "a chain of fifty agents of one type answers, because their keys differ", async (runtime) => {
    const chain = defineAgent({
      type: "chain",
      state: () => ({}),
      handlers: (on) => [
        on.request(Ask, async (text, context) => {
          const rest = Number(text);
          return rest === 0
            ? "end"
            : `${await context.send(Ask(String(rest - 1)), agentId("chain", String(rest - 1)))}.`;
        }),
      ],
    });
    await runtime.register(chain);
    expectEqual(await runtime.send(Ask("50"), chain.id("50")), `end${".".repeat(50)}`, "the answer");
  }),
  {
    invariant: "C11",
    name: "a causal chain longer than maxHops ends in the dead letters",
    run: async ({ open }) => {
      const runtime = await open({ maxHops: 20 });
      let handled = 0;
      const bouncer = reader("bouncer", (text, context) => {
        handled += 1;
        context.tell(Note(text), agentId("bouncer", text === "a" ? "b" : "a"));
      });
      await runtime.register(bouncer);
      await runtime.tell(Note("a"), bouncer.id("a"));
      await runtime.idle();
      expectThat(handled >= 19 && handled <= 22, `handled ${handled} of a chain of 20`);
      expectEqual(
        runtime.deadLetters.list().map((letter) => letter.reason),
        ["too-many-hops"],
        "the dead letters",
      );
    },
  },
];

const publishCases: readonly RuntimeCase[] = [
  runtimeCase(
    "C14",
    "a publish reaches every subscribed agent once, with the topic's source as key",
    async (runtime) => {
      const seen: string[] = [];
      for (const type of ["a", "b"]) {
        await runtime.register(
          reader(type, (text, context) => void seen.push(`${formatAgentId(context.id)} ${text}`), ["news"]),
        );
      }
      await runtime.addSubscription(typeSubscription("other", { agentType: "b", id: "extra" }));
      await runtime.publish(Note("one"), topicId("news", "ada"));
      await runtime.publish(Note("two"), topicId("other", "bob"));
      await runtime.publish(Note("three"), topicId("nobody", "x"));
      await runtime.publish(Note("four"), topicId("a:", "direct"));
      await runtime.idle();
      expectEqual(seen.sort(), ["a/ada one", "a/direct four", "b/ada one", "b/bob two"], "who got what");
    },
  ),
  runtimeCase("C14", "the sender of a publish does not get it; other keys of its type do", async (runtime) => {
    const seen: string[] = [];
    const agent = reader(
      "talker",
      (text, context) => {
        seen.push(`${context.id.key} ${text}`);
        if (text === "go") {
          context.publish(Note("said"), topicId("talk", context.id.key));
          context.publish(Note("said"), topicId("talk", "other"));
        }
      },
      ["talk"],
    );
    await runtime.register(agent);
    await runtime.tell(Note("go"), agent.id("me"));
    await runtime.idle();
    expectEqual(seen, ["me go", "other said"], "who got what");
  }),
  runtimeCase("C14", "one recipient's failure never touches another", async (runtime) => {
    const seen: string[] = [];
    const failing = reader("failing", () => {
      throw new Error("broken");
    }, ["news"]);
    await runtime.register(failing);
    await runtime.register(reader("fine", (text) => void seen.push(text), ["news"]));
    await runtime.publish(Note("hello"), topicId("news", "x"));
    await runtime.idle();
    expectEqual(seen, ["hello"], "what the other one got");
    const letters = runtime.deadLetters.list();
    expectEqual(
      letters.map((letter) => [letter.reason, letter.error?.message]),
      [["handler-failed", "broken"]],
      "the dead letters",
    );
  }),
  runtimeCase("C14", "subscriptions count when a message is published, and removed ones no longer", async (runtime) => {
    const seen: string[] = [];
    await runtime.register(reader("late", (text) => void seen.push(text)));
    await runtime.publish(Note("before"), topicId("news", "x"));
    await runtime.addSubscription(typeSubscription("news", { agentType: "late", id: "s1" }));
    await runtime.publish(Note("during"), topicId("news", "x"));
    await runtime.idle();
    await expectCode("config.duplicate_subscription", "adding it again", () =>
      runtime.addSubscription(typeSubscription("news", { agentType: "late" })),
    );
    await runtime.removeSubscription("s1");
    await runtime.publish(Note("after"), topicId("news", "x"));
    await runtime.idle();
    await expectCode("config.unknown_subscription", "removing it twice", () => runtime.removeSubscription("s1"));
    expectEqual(seen, ["during"], "what it got");
  }),
  runtimeCase("C11", "telling an unknown agent makes a dead letter that can be sent again once", async (runtime) => {
    await runtime.tell(Interest({ cents: 3 }), agentId("account", "ada"));
    await runtime.idle();
    const [letter] = runtime.deadLetters.list();
    expectThat(letter !== undefined && letter.reason === "no-such-agent", "there is no dead letter");
    await runtime.register(account);
    await runtime.deadLetters.resend(letter.id);
    await runtime.idle();
    expectEqual(await runtime.send(GetBalance(null), account.id("ada")), { cents: 3 }, "the balance");
    expectEqual(runtime.deadLetters.list(), [], "the dead letters afterwards");
    const again = await settle(() => runtime.deadLetters.resend(letter.id));
    expectEqual(again.status, "rejected", "sending it a second time");
  }),
];

const registrationCases: readonly RuntimeCase[] = [
  runtimeCase("R21", "registering a type twice is refused and changes nothing", async (runtime) => {
    await runtime.register(account);
    const before = runtime.subscriptions().length;
    await expectCode("config.duplicate_agent", "the second registration", () => runtime.register(account));
    expectEqual(runtime.subscriptions().length, before, "the number of subscriptions");
    expectEqual(await runtime.send(Deposit({ cents: 1 }), account.id("x")), { cents: 1 }, "a deposit");
  }),
  runtimeCase("R21", "a registration that fails leaves nothing behind", async (runtime) => {
    const twice = defineAgent({
      type: "twice",
      state: () => ({}),
      handlers: (on) => [on.event(Note, () => {})],
      subscriptions: [typeSubscription("news"), typeSubscription("news")],
    });
    await expectCode("config.duplicate_subscription", "the registration", () => runtime.register(twice));
    expectEqual(runtime.subscriptions(), [], "the subscriptions");
    const once = reader("twice", () => {}, ["news"]);
    await runtime.register(once);
  }),
];

/** Messages, order, topics and registration (C1, C2, C10, C11, C14). */
export const messageCases: readonly RuntimeCase[] = [
  ...requestCases,
  ...orderCases,
  ...publishCases,
  ...registrationCases,
];
