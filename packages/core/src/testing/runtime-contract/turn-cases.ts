import { type AgentDefinition, type AgentContext, defineAgent } from "../../agent/index.ts";
import { agentId } from "../../identity/index.ts";
import { codeOf, expectCode, expectEqual, expectThat, settle } from "../expectation.ts";
import { type RuntimeCase, runtimeCase } from "./environment.ts";
import {
  account,
  amountSchema,
  Anything,
  Ask,
  Deposit,
  GetBalance,
  Interest,
  Note,
  Stage,
  textSchema,
  untyped,
} from "./fixtures.ts";

type Context = AgentContext<{ count: number }, { texts: typeof textSchema }>;

/** An agent whose `Ask` handler is the test's. */
function actor(
  run: (text: string, context: Context) => string | Promise<string>,
  maxAttempts = 1,
): AgentDefinition<"Ask"> {
  return defineAgent({
    type: "actor",
    state: () => ({ count: 0 }),
    lists: { texts: textSchema },
    maxAttempts,
    handlers: (on) => [on.request(Ask, run)],
  });
}

const commitCases: readonly RuntimeCase[] = [
  runtimeCase("C5", "when a handler throws, its state, list items and queued messages are dropped", async (runtime) => {
    await runtime.register(account);
    const agent = actor((text, context) => {
      context.state.count += 1;
      context.lists.texts.append(text);
      context.tell(Interest({ cents: 1 }), agentId("account", "ada"));
      if (text === "throw") throw new Error("thrown");
      return String(context.state.count);
    });
    await runtime.register(agent);
    expectEqual(await runtime.send(Ask("one"), agent.id("x")), "1", "the first reply");
    await settle(() => runtime.send(Ask("throw"), agent.id("x")));
    expectEqual(await runtime.send(Ask("two"), agent.id("x")), "2", "the reply after the throw");
    await runtime.idle();
    expectEqual(await runtime.send(GetBalance(null), account.id("ada")), { cents: 2 }, "the messages that left");
    expectEqual(
      await runtime.snapshot(agent.id("x")),
      { state: { count: 2 }, lists: { texts: ["one", "two"] } },
      "the snapshot",
    );
  }),
  runtimeCase("C5", "messages leave only when the turn commits", async (runtime) => {
    const stage = new Stage();
    await runtime.register(account);
    const agent = actor(async (_, context) => {
      context.tell(Interest({ cents: 1 }), agentId("account", "ada"));
      await stage.stopAt("queued");
      return "done";
    });
    await runtime.register(agent);
    const pending = runtime.send(Ask("go"), agent.id("x"));
    await stage.reached("queued");
    expectEqual(await runtime.send(GetBalance(null), account.id("ada")), { cents: 0 }, "the balance during the turn");
    stage.open("queued");
    await pending;
    await runtime.idle();
    expectEqual(await runtime.send(GetBalance(null), account.id("ada")), { cents: 1 }, "the balance after it");
  }),
  runtimeCase("C2", "lists are read at once by their turn, in ranges, and can be replaced", async (runtime) => {
    const agent = actor(async (_, context) => {
      for (const text of ["a", "b", "c", "d"]) context.lists.texts.append(text);
      const middle = await context.lists.texts.read({ from: 1, limit: 2 });
      context.lists.texts.replaceAll(["x", ...middle]);
      context.lists.texts.append("y");
      return `${context.lists.texts.length} ${(await context.lists.texts.read()).join("")}`;
    });
    await runtime.register(agent);
    expectEqual(await runtime.send(Ask("go"), agent.id("x")), "4 xbcy", "the list inside the turn");
    expectEqual((await runtime.snapshot(agent.id("x")))?.lists["texts"], ["x", "b", "c", "y"], "the list after it");
  }),
  runtimeCase(
    "C2",
    "an item that does not fit its list, and state that is not JSON or too large, fail the turn",
    async (runtime) => {
      const agent = defineAgent({
        type: "hoarder",
        state: (): { value: unknown } => ({ value: null }),
        lists: { amounts: amountSchema },
        handlers: (on) => [
          on.request(Anything, (what, context) => {
            if (what === "item") context.lists.amounts.append(untyped({ cents: "five" }));
            if (what === "date") context.state.value = new Date(0);
            if (what === "large") context.state.value = "x".repeat(70_000);
            return "kept";
          }),
        ],
      });
      await runtime.register(agent);
      await expectCode("state.invalid_list_item", "a wrong item", () => runtime.send(Anything("item"), agent.id("x")));
      await expectCode("state.unserializable", "a date in the state", () =>
        runtime.send(Anything("date"), agent.id("x")),
      );
      await expectCode("state.too_large", "a large state", () => runtime.send(Anything("large"), agent.id("x")));
      expectEqual(await runtime.send(Anything("nothing"), agent.id("x")), "kept", "the reply afterwards");
    },
  ),
  runtimeCase("C4", "an agent that equals its initial state leaves nothing; forget drops the rest", async (runtime) => {
    const agent = actor((text, context) => {
      if (text === "count") context.state.count += 1;
      if (text === "forget") context.forget();
      return String(context.state.count);
    });
    await runtime.register(agent);
    await runtime.send(Ask("look"), agent.id("x"));
    expectEqual(await runtime.snapshot(agent.id("x")), undefined, "the snapshot of an unchanged agent");
    await runtime.send(Ask("count"), agent.id("x"));
    expectEqual((await runtime.snapshot(agent.id("x")))?.state, { count: 1 }, "the snapshot of a changed one");
    await runtime.send(Ask("forget"), agent.id("x"));
    expectEqual(await runtime.snapshot(agent.id("x")), undefined, "the snapshot of a forgotten one");
    expectEqual(await runtime.send(Ask("count"), agent.id("x")), "1", "its next count");
  }),
  runtimeCase("C8", "a snapshot can be restored into a fresh runtime", async (runtime, { open }) => {
    await runtime.register(account);
    await runtime.send(Deposit({ cents: 5 }), account.id("ada"));
    const snapshot = await runtime.snapshot(account.id("ada"));
    expectThat(snapshot !== undefined, "there is no snapshot");
    const other = await open();
    await other.register(account);
    await other.restore(account.id("ada"), snapshot);
    expectEqual(await other.send(Deposit({ cents: 1 }), account.id("ada")), { cents: 6 }, "the balance");
    await expectCode("delivery.no_such_agent", "restoring an unknown type", () =>
      other.restore(agentId("nobody", "x"), snapshot),
    );
  }),
];

const stepCases: readonly RuntimeCase[] = [
  runtimeCase("C8", "a second attempt keeps finished steps and runs failed ones again", async (runtime) => {
    const runs: string[] = [];
    const agent = actor(async (_, context) => {
      const first = await context.step("first", () => {
        runs.push("first");
        return 1;
      });
      const second = await context.step("second", () => {
        runs.push("second");
        if (runs.length < 3) throw new Error("not yet");
        return 2;
      });
      return String(first + second);
    }, 2);
    await runtime.register(agent);
    expectEqual(await runtime.send(Ask("go"), agent.id("x")), "3", "the reply");
    expectEqual(runs, ["first", "second", "second"], "the steps that ran");
  }),
  runtimeCase(
    "C6",
    "starting a step of the same key while the first runs is state.ambiguous_step; branches are scopes of their own",
    async (runtime) => {
      const agent = actor(async (text, context) => {
        const stop = Promise.withResolvers<string>();
        if (text === "branches") {
          const both = ["a", "b"].map((name) => context.branch(name, (branch) => branch.step("same", () => name)));
          return (await Promise.all(both)).join("");
        }
        const first = context.step("same", () => stop.promise, { key: "k" });
        const second = await settle(() => context.step("same", () => "second", { key: "k" }));
        stop.resolve("first");
        await first;
        if (second.status === "rejected") throw second.error;
        return "none failed";
      });
      await runtime.register(agent);
      await expectCode("state.ambiguous_step", "two steps of one key", () => runtime.send(Ask("steps"), agent.id("x")));
      expectEqual(await runtime.send(Ask("branches"), agent.id("x")), "ab", "steps of one name in two branches");
    },
  ),
  runtimeCase("C8", "a step is retried with its backoff before its failure counts", async (runtime, { advance }) => {
    const stage = new Stage();
    let tries = 0;
    const keys = new Set<string>();
    const agent = actor((_, context) =>
      context.step(
        "flaky",
        (step) => {
          tries += 1;
          keys.add(step.idempotencyKey);
          expectEqual(step.attempt, tries, "the number of the try");
          stage.mark(`try ${tries}`);
          if (tries < 3) throw new Error("flaky");
          return "done";
        },
        { retries: 2, backoffMs: 10 },
      ),
    );
    await runtime.register(agent);
    const pending = runtime.send(Ask("go"), agent.id("x"));
    await stage.reached("try 1");
    await advance(10);
    await stage.reached("try 2");
    await advance(20);
    expectEqual(await pending, "done", "the reply");
    expectEqual([tries, keys.size], [3, 1], "tries and idempotency keys");
  }),
  runtimeCase("C9", "after its attempt is over a context refuses every call", async (runtime) => {
    let late: Context | undefined;
    const agent = actor((_, context) => {
      late = context;
      return "done";
    });
    await runtime.register(agent);
    await runtime.send(Ask("go"), agent.id("x"));
    const context: Context | undefined = late;
    expectThat(context !== undefined, "the handler did not run");
    await expectCode("state.attempt_over", "a step", () => context.step("late", () => 1));
    await expectCode("state.attempt_over", "a tell", () => context.tell(Note("late"), agentId("reader", "x")));
    await expectCode("state.attempt_over", "a send", () => context.send(Ask("late"), agent.id("x")));
  }),
];

const settledCases: readonly RuntimeCase[] = [
  runtimeCase(
    "C12",
    "a request between turns comes back exactly once, as a reply or a failure, with its tag",
    async (runtime, { advance }) => {
      const stage = new Stage();
      const settlements: string[] = [];
      const worker = defineAgent({
        type: "worker",
        state: () => ({}),
        handlers: (on) => [
          on.request(Ask, async (text) => {
            if (text === "throw") throw new Error("thrown");
            if (text === "slow") await stage.stopAt("slow");
            return text.toUpperCase();
          }),
        ],
      });
      const manager = defineAgent({
        type: "manager",
        state: () => ({}),
        handlers: (on) => [
          on.event(Note, (text, context) => {
            context.request(Ask(text), worker.id(text), { tag: text, deadlineMs: 1000 });
          }),
          on.settled(Ask, (settlement) => {
            const ending = settlement.kind === "reply" ? settlement.reply : codeOf(settlement.error);
            settlements.push(`${settlement.tag}: ${ending}`);
          }),
        ],
      });
      await runtime.register(worker);
      await runtime.register(manager);
      for (const text of ["fine", "throw", "slow"]) await runtime.tell(Note(text), manager.id("m"));
      await stage.reached("slow");
      await advance(1000);
      stage.open("slow");
      await runtime.idle();
      await advance(5000);
      expectEqual(
        settlements.sort(),
        ["fine: FINE", "slow: delivery.deadline_exceeded", "throw: thrown"],
        "the settlements",
      );
    },
  ),
  runtimeCase("C12", "a request to an unknown agent is settled as failed", async (runtime) => {
    const settlements: string[] = [];
    const manager = defineAgent({
      type: "manager",
      state: () => ({}),
      handlers: (on) => [
        on.event(Note, (text, context) => context.request(Ask(text), agentId("nobody", "x"))),
        on.settled(Ask, (settlement) => {
          settlements.push(settlement.kind === "failed" ? codeOf(settlement.error) : "reply");
        }),
      ],
    });
    await runtime.register(manager);
    await runtime.tell(Note("go"), manager.id("m"));
    await runtime.idle();
    expectEqual(settlements, ["delivery.no_such_agent"], "the settlements");
  }),
];

/** Commits, state, steps and settlements (C2, C4 to C9, C12). */
export const turnCases: readonly RuntimeCase[] = [...commitCases, ...stepCases, ...settledCases];
