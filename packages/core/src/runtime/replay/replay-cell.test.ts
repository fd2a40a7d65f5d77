import { type AgentDefinition, defineAgent, MemoryStore, typeSubscription } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { actor, type Context } from "../../../test/support/actor.ts";
import { anything, Ask, createBench, Next, Note, settleRounds, turnUntil } from "../../../test/support/fixtures.ts";
import { ask, eventsOf, type Handler, recordsOf, recordsOfAsk } from "../../../test/support/recorded-session.ts";
import { type CellReplay, replayCell, type ReplayOptions } from "./replay-cell.ts";

/** The replay of a log that must be what it says. */
async function identical(options: ReplayOptions): Promise<CellReplay> {
  const replay = await replayCell(options);
  expect(replay.mismatches.map(({ error }) => error.message)).toEqual([]);
  expect(replay.events).toEqual(eventsOf(options.records));
  return replay;
}

describe("a log that its own code replays", () => {
  test("V1: gives the identical events, what left in between included, and runs no step", async () => {
    let ran = 0;
    const count = (): number => (ran += 1);
    const helper = actor(
      async (payload, context) => {
        context.emit("helping", payload as string);
        return `helped ${String(payload)} ${String(await context.step("help", count))}`;
      },
      { type: "helper" },
    );
    const agent = actor(async (_, context) => {
      context.emit("began", 1);
      context.tell(Note("first"), helper.id("h"));
      const first = await context.step("first", count);
      context.emit("stepped", first);
      const reply = await context.send(Ask("me"), helper.id("h"));
      context.emit("replied", reply as string, { path: ["a", "b"] });
      await context.sleep(500);
      context.request(Ask("later"), helper.id("h"), { tag: "t" });
      context.lists.log.append(first);
      context.state["first"] = first;
      context.emit("ended", null, { end: "finished" });
      return [first, reply];
    });
    const records = await recordsOf([agent, helper], async ({ runtime, clock }) => {
      await turnUntil(clock, runtime.send(Ask("go"), agent.id("x"), ask));
      await settleRounds();
    });
    const before = ran;
    const { events, turns, openTurns } = await identical({ records, agents: [agent, helper] });
    expect(events.map(({ kind }) => kind)).toEqual(["began", "stepped", "helping", "replied", "ended", "helping"]);
    expect({ turns, openTurns, ran }).toEqual({ turns: 5, openTurns: 0, ran: before });
  });

  test("Y4: keys, ids, random numbers and times are those of the run", async () => {
    const agent = actor(async (_, context) => {
      const show = (where: Context): void =>
        where.emit("drawn", [where.now(), where.newId(), where.random(), where.message.messageId, where.message.hops]);
      show(context);
      await context.sleep(250);
      show(context);
      await context.branch("inner", async (branch) => {
        show(branch);
        await branch.step("s", () => 1);
        show(branch);
      });
      const wait = context.wait("question", anything, { deadlineMs: 100 });
      context.emit("asked", wait.id);
      await wait.answer.catch((error: unknown) => context.emit("late", String(error)));
      show(context);
    });
    const records = await recordsOf([agent], ({ runtime, clock }) =>
      turnUntil(clock, runtime.send(Ask("go"), agent.id("x"), ask), 50),
    );
    const { events } = await identical({ records, agents: [agent] });
    const times = events.flatMap(({ kind, payload }) => (kind === "drawn" ? [(payload as number[])[0]] : []));
    expect(new Set(times).size).toBe(3);
  });

  test("A2: parallel branches are taken in the order of the log", async () => {
    const open: (() => void)[] = [];
    const agent = actor(async (_, context) => {
      await Promise.all(
        ["a", "b", "c"].map((name) =>
          context.branch(name, async (branch) => {
            branch.emit("begins", name);
            await branch.step("gate", () => new Promise<void>((resolve) => open.push(resolve)));
            branch.emit("same", "word");
            await branch.step("after", () => name);
            branch.emit("ends", name);
          }),
        ),
      );
    });
    const records = await recordsOf([agent], async ({ runtime }) => {
      const done = runtime.send(Ask("go"), agent.id("x"), ask);
      await settleRounds();
      for (const gate of open.toReversed()) {
        gate();
        await settleRounds(2);
      }
      await done;
    });
    const { events } = await identical({ records, agents: [agent] });
    expect(events.filter(({ kind }) => kind === "ends").map(({ payload }) => payload)).toEqual(["c", "b", "a"]);
  });

  test("S1: an answer that came before its question was awaited is kept", async () => {
    const helper = actor((_, context) => context.waitFor("hold", anything), { type: "helper" });
    const agent = actor(async (_, context) => {
      const wait = context.wait("question", anything);
      const reply = await context.send(Ask("x"), helper.id("h"));
      const answer = await wait.answer;
      context.emit("heard", [reply as string, answer as string]);
    });
    const records = await recordsOf([agent, helper], async ({ runtime }) => {
      const done = runtime.send(Ask("go"), agent.id("x"), ask);
      await settleRounds();
      const idOf = (name: string): string => runtime.waits().find((wait) => wait.name === name)?.id ?? "";
      await runtime.respond(idOf("question"), "early");
      await runtime.respond(idOf("hold"), "late");
      await done;
    });
    const settled = records.flatMap((record) =>
      "key" in record && record.kind.endsWith("-settled") ? [record.key] : [],
    );
    expect(settled.slice(0, 2)).toEqual(["wait:question#1", "wait:hold#1"]);
    const { events } = await identical({ records, agents: [agent, helper] });
    expect(events.map(({ payload }) => payload)).toEqual([["late", "early"]]);
  });

  test("S2: a handler that computes is waited for, and one that never ends is left by the signal", async () => {
    let isStuck = false;
    let open = (): void => {};
    const agent = actor(async (_, context) => {
      await settleRounds(100);
      if (isStuck) await new Promise(() => {});
      context.emit("computed", await context.step("s", () => 1));
      const slow = context.step("slow", () => new Promise<void>((resolve) => (open = resolve)));
      await settleRounds(5);
      await context.step("quick", () => 1);
      await slow;
    });
    const records = await recordsOf([agent], async ({ runtime }) => {
      const reply = runtime.send(Ask("go"), agent.id("x"), ask);
      await settleRounds(150);
      open();
      await reply;
    });
    await identical({ records, agents: [agent] });
    isStuck = true;
    const controller = new AbortController();
    const replay = replayCell({ records, agents: [agent], signal: controller.signal });
    await settleRounds(50);
    controller.abort(new Error("enough"));
    await expect(replay).rejects.toThrow("enough");
  });

  test("a cancelled run: refused steps, requests and questions are refused again", async () => {
    const helper = actor((_, context) => context.waitFor("never", anything), { type: "helper" });
    const agent = actor(async (_, context) => {
      const outcomes: string[] = [];
      const attempt = async (name: string, call: () => Promise<unknown>): Promise<void> => {
        await call().then(
          () => outcomes.push(`${name} done`),
          (error: unknown) => outcomes.push(`${name} ${String((error as { code?: string }).code)}`),
        );
        context.emit("tried", name);
      };
      await attempt("send", () => context.send(Ask("x"), helper.id("h")));
      await attempt("step", () => context.step("s", () => 1));
      await attempt("again", () => context.send(Ask("y"), helper.id("h")));
      await attempt("wait", () => context.waitFor("question", anything));
      return outcomes;
    });
    const records = await recordsOf([agent, helper], async ({ runtime, clock }) => {
      const reply = runtime.send(Ask("go"), agent.id("x"), ask);
      await settleRounds();
      await runtime.control("session", "run", { kind: "cancel", detail: "enough" });
      expect(await turnUntil(clock, reply)).toEqual([
        "send state.step_cancelled",
        "step state.step_cancelled",
        "again state.step_cancelled",
        "wait state.step_cancelled",
      ]);
      await settleRounds();
    });
    const { events } = await identical({ records, agents: [agent, helper] });
    expect(events).toHaveLength(4);
  });

  test("a request refused because the asker had given up on the turn is refused again", async () => {
    let goOn = (): void => {};
    let isLive = true;
    const helper = actor((payload) => payload, { type: "helper" });
    const agent = actor(async (_, context) => {
      if (isLive) await new Promise<void>((resolve) => (goOn = resolve));
      await context.send(Ask("x"), helper.id("h")).catch(() => context.emit("refused", null));
      context.emit("done", null);
    });
    const records = await recordsOf([agent, helper], async ({ runtime }) => {
      const controller = new AbortController();
      const reply = runtime.send(Ask("go"), agent.id("x"), { ...ask, signal: controller.signal });
      await settleRounds();
      controller.abort();
      await reply.catch(() => {});
      goOn();
      await settleRounds();
    });
    expect(records.map(({ kind }) => kind)).not.toContain("request-sent");
    isLive = false;
    const { events } = await identical({ records, agents: [agent, helper] });
    expect(events.map(({ kind }) => kind)).toEqual(["refused", "done"]);
  });

  test("a step of the same key at the same time is refused again", async () => {
    const handler: Handler = async (_, context) => {
      const twice = [1, 2].map((n) => context.step("s", () => n, { key: "same" }));
      const [first, second] = await Promise.allSettled(twice);
      context.emit("ended", [first?.status ?? "", second?.status ?? ""]);
    };
    const records = await recordsOfAsk(handler);
    const { events } = await identical({ records, agents: [actor(handler)] });
    expect(events.map(({ payload }) => payload)).toEqual([["fulfilled", "rejected"]]);
  });

  test("failed turns, forgotten state, shared handlers, publications and a race", async () => {
    const listening = (type: string): AgentDefinition<"Ask" | "Next" | "Note"> =>
      defineAgent({
        type,
        subscriptions: [typeSubscription("news")],
        state: () => ({ heard: 0 }),
        cell: () => "session",
        handlers: (on) => [
          on.event(Note, (_, context) => {
            context.state.heard += 1;
          }),
          on.request(Ask, (_, context) => context.state.heard, { shared: true }),
          on.request(Next, (_, context) => context.forget()),
        ],
      });
    const [listener, another] = [listening("listener"), listening("another")];
    const agent = actor(async (payload, context) => {
      context.publish(Note("n"), { type: "nobody", source: "here" });
      context.publish(Note("n"), { type: "news", source: "one" });
      context.emit("before", null);
      await context.step("s", () => 1);
      if (payload === "fail") {
        context.emit("lost", null);
        throw new Error("planned");
      }
      const fast = context.branch("fast", (branch) => branch.step("now", () => "fast"));
      const slow = context.branch("slow", (branch) => branch.waitFor("never", anything));
      return Promise.race([fast, slow]);
    });
    const records = await recordsOf([agent, listener, another], async ({ runtime }) => {
      await runtime.send(Ask("go"), agent.id("x"), ask);
      await runtime.send(Ask("fail"), agent.id("x"), ask).catch(() => {});
      await settleRounds();
      expect(await runtime.send(Ask(null), listener.id("one"), ask)).toBe(1);
      await runtime.send(Next(null), listener.id("one"), ask);
      await settleRounds();
    });
    const { events, turns } = await identical({ records, agents: [agent, listener, another] });
    expect(events.map(({ kind }) => kind)).toEqual(["before", "before"]);
    expect(turns).toBe(6);
  });
});

describe("a part of a log", () => {
  const handler: Handler = async (payload, context) => {
    context.emit("began", payload as string);
    const value = await context.step("s", () => 1);
    context.emit("stepped", value);
    await context.sleep(100);
    context.emit("slept", payload as string);
    return payload;
  };
  const agent = actor(handler);
  const recording = recordsOf([agent], async ({ runtime, clock }) => {
    for (const runId of ["one", "two"])
      await turnUntil(clock, runtime.send(Ask(runId), agent.id("x"), { ...ask, run: { runId, path: [] } }));
  });

  test("until an event: turns in flight are replayed as far as their records go", async () => {
    const records = await recording;
    const replay = await replayCell({ records, agents: [agent], until: { runId: "two", sequence: 2 } });
    expect(replay.mismatches).toEqual([]);
    expect(replay.events.map(({ runId, sequence }) => `${runId} ${sequence}`)).toEqual([
      "one 1",
      "one 2",
      "one 3",
      "two 1",
      "two 2",
    ]);
    expect(replay).toMatchObject({ turns: 1, openTurns: 1 });
  });

  test("at every record the beginning of a log replays", async () => {
    const records = await recording;
    for (let length = 0; length <= records.length; length++)
      await identical({ records: records.slice(0, length), agents: [agent] });
  });

  test("one run of several", async () => {
    const records = await recording;
    const replay = await replayCell({ records, agents: [agent], runId: "two" });
    expect(replay.mismatches).toEqual([]);
    expect(replay.events).toEqual(eventsOf(records).filter(({ runId }) => runId === "two"));
    expect(replay.turns).toBe(1);
    const beginning = records.findIndex((record) => record.kind === "received" && record.mail.run?.runId === "two");
    const cut = await replayCell({ records: records.slice(beginning + 1), agents: [agent], runId: "two" });
    expect(cut.mismatches.map(({ what }) => what)).toEqual(["origin"]);
  });

  test("a fork: what it copied is taken as it is, what followed is replayed", async () => {
    const forking = (suffix: string): AgentDefinition<"Ask"> =>
      defineAgent({
        type: "forking",
        state: () => ({}),
        cell: (key) => key,
        handlers: (on) => [
          on.request(Ask, async (payload, context) => {
            context.emit("began", `${context.id.key} ${String(payload)}`);
            context.emit("said", `${suffix} ${String(await context.step("s", () => 1))}`);
          }),
        ],
      });
    const store = new MemoryStore();
    const { runtime } = createBench({ store });
    const forked = forking("words");
    await runtime.register(forked);
    await runtime.send(Ask(1), forked.id("session"), ask);
    await runtime.fork("session", { runId: "run", sequence: 2 }, { cell: "copy", runId: "other", key: () => "copy" });
    await runtime.send(Ask(2), forked.id("copy"), { ...ask, run: { runId: "other", path: [] } });
    const records = store.read("copy");
    await runtime.close();
    const replay = await identical({ records, agents: [forked] });
    expect(replay).toMatchObject({ turns: 1, copiedTurns: 1 });
    expect(replay.events.map(({ payload }) => payload)).toEqual(["session 1", "words 1", "copy 2", "words 1"]);
    const changed = await replayCell({ records, agents: [forking("other words")] });
    expect(changed.mismatches.map(({ what, replayed }) => [what, replayed])).toEqual([
      ["event", { kind: "said", path: [], payload: "other words 1" }],
    ]);
  });

  test("a log whose beginning was dropped starts from its snapshot", async () => {
    const summing = actor(async (payload, context) => {
      const sum = Number(context.state["sum"] ?? 0) + Number(payload);
      context.state["sum"] = sum;
      context.lists.log.append(sum);
      return context.lists.log.read();
    });
    const records = await recordsOf([summing], async ({ runtime }) => {
      for (const n of [1, 2, 3]) await runtime.send(Ask(n), summing.id("x"), ask);
    });
    const rest = records.slice(records.findIndex((record) => record.kind === "turn") + 1);
    const start = { "actor/x": { state: '{"sum":1}', lists: { log: [1] } } };
    const without = await replayCell({ records: rest, agents: [summing] });
    expect(without.mismatches.map(({ what }) => what)).toEqual(["end", "end"]);
    await identical({ records: rest, agents: [summing], start });
    const cut = await replayCell({ records: records.slice(1), agents: [summing] });
    expect(cut.mismatches.map(({ what }) => what)).toEqual(["origin"]);
  });
});
