import { type AgentDefinition, defineAgent } from "@troupe/core";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../errors/index.ts";
import { actor, type Context } from "../../../test/support/actor.ts";
import { anything, Ask, Note, settleRounds } from "../../../test/support/fixtures.ts";
import { ask, type Handler, recordsOf, recordsOfAsk } from "../../../test/support/recorded-session.ts";
import { type CellReplay, replayCell } from "./replay-cell.ts";

const differences = (replay: CellReplay): unknown[] =>
  replay.mismatches.map(({ what, recorded, replayed }) => [what, recorded, replayed]);

const other = actor((payload) => payload, { type: "other" });

/** What the handler lets out: undefined for nothing. */
interface Words {
  readonly event?: JsonValue | undefined;
  readonly message?: string | undefined;
  readonly field?: JsonValue | undefined;
  readonly items?: readonly string[];
}

/** A handler that takes a step and lets something of each kind out. */
const saying =
  ({ event, message, field, items = ["item"] }: Words, reply: unknown = "reply"): Handler =>
  async (_, context) => {
    await context.step("s", () => "outcome");
    if (event !== undefined) context.emit("said", event);
    if (message !== undefined) context.tell(Note(message), other.id("o"));
    if (field !== undefined) context.state["field"] = field;
    for (const item of items) context.lists.log.append(item);
    return reply;
  };

const words = { event: "event", message: "message", field: "field" } as const;
const recording = recordsOf([actor(saying(words)), other], async ({ runtime }) => {
  await runtime.send(Ask("go"), actor(saying(words)).id("x"), ask);
  await settleRounds();
});

/** How the log of `saying(words)` differs when this handler replays it. */
const replayedBy = async (handler: Handler): Promise<CellReplay> =>
  replayCell({ records: await recording, agents: [actor(handler), other] });

describe("a log that other code replays", () => {
  test("the same words make no difference", async () => {
    const replay = await replayedBy(saying({ ...words }));
    expect(differences(replay)).toEqual([]);
    expect(replay.events).toMatchObject([{ sequence: 1, kind: "said", payload: "event" }]);
  });

  test("an event that differs is named with both forms, as a typed error, and not among the events", async () => {
    const replay = await replayedBy(saying({ ...words, event: "other" }));
    const said = (payload: string): unknown => ({ kind: "said", path: [], payload });
    expect(differences(replay)).toEqual([["event", said("event"), said("other")]]);
    expect(replay.mismatches[0]?.error).toMatchObject({
      code: "state.nondeterministic_replay",
      details: { what: "event", agent: "actor/x", recorded: said("event"), replayed: said("other") },
    });
    expect(replay.events).toEqual([]);
  });

  test("so is a message, a field, an item or a reply", async () => {
    const note = (body: string): unknown => ({ kind: "event", type: "Note", to: "other/o", body });
    const log = (...items: readonly string[]): unknown => ({ name: "log", isReplaced: false, items });
    expect(differences(await replayedBy(saying({ ...words, message: "other" })))).toEqual([
      ["message", note("message"), note("other")],
    ]);
    expect(differences(await replayedBy(saying({ ...words, field: { is: "other" } })))).toEqual([
      ["state", { field: "field" }, { field: { is: "other" } }],
    ]);
    expect(differences(await replayedBy(saying({ ...words, items: ["item", "other"] })))).toEqual([
      ["list", log("item"), log("item", "other")],
    ]);
    expect(differences(await replayedBy(saying(words, "other")))).toEqual([
      ["end", { reply: "reply" }, { reply: "other" }],
    ]);
  });

  test("so is what is let out only now, or not any more", async () => {
    const event = { kind: "said", path: [], payload: "event" };
    const note = { kind: "event", type: "Note", to: "other/o", body: "message" };
    expect(differences(await replayedBy(saying({ field: "field" })))).toEqual([
      ["event", event, null],
      ["message", note, null],
    ]);
    const twice: Handler = async (payload, context) => {
      const reply = await saying(words)(payload, context);
      context.emit("said", "event");
      context.tell(Note("message"), other.id("o"));
      return reply;
    };
    expect(differences(await replayedBy(twice))).toEqual([
      ["event", null, event],
      ["message", null, note],
    ]);
  });

  test("V2: a handler that asks for something else is followed no further, and nothing runs", async () => {
    let ran = 0;
    const replay = await replayedBy(async (payload, context) => {
      await context.step("another", () => (ran += 1));
      return saying(words)(payload, context);
    });
    expect(differences(replay).slice(0, 1)).toEqual([["journal", "s#1", "another#1"]]);
    const early = await replayedBy(() => "reply");
    expect(differences(early).slice(0, 1)).toEqual([["journal", "s#1", "the end of the handler"]]);
    const late = await replayedBy(async (payload, context) => {
      const value = await saying(words)(payload, context);
      await context.step("another", () => (ran += 1));
      return value;
    });
    expect(differences(late)).toEqual([["journal", "the end of the handler", "another#1"]]);
    expect(ran).toBe(0);
  });

  test("a handler that throws only now, or not any more", async () => {
    const now = await replayedBy(async (payload, context) => {
      await saying(words)(payload, context);
      throw new Error("only now");
    });
    expect(differences(now)).toEqual([["end", { reply: "reply" }, { error: "only now", code: null }]]);
    const throwing: Handler = () => {
      throw new Error("then");
    };
    const records = await recordsOfAsk(throwing);
    expect(differences(await replayCell({ records, agents: [actor(throwing)] }))).toEqual([]);
    const replay = await replayCell({ records, agents: [actor(() => "fine")] });
    expect(differences(replay)).toEqual([["end", { error: "then", code: null }, { reply: "fine" }]]);
  });

  test("R1: a turn that differs does not make the next one differ", async () => {
    const counting =
      (by: number): Handler =>
      (_, context) => {
        const count = Number(context.state["count"] ?? 0) + by;
        context.state["count"] = count;
        return null;
      };
    const agent = actor(counting(1));
    const records = await recordsOf([agent], async ({ runtime }) => {
      for (let n = 0; n < 3; n++) await runtime.send(Ask(n), agent.id("x"), ask);
    });
    const replay = await replayCell({ records, agents: [actor(counting(2))] });
    expect(differences(replay)).toEqual([1, 2, 3].map((count) => ["state", { count }, { count: count + 1 }]));
  });

  test("a request in other words", async () => {
    const asking =
      (body: string): Handler =>
      (_, context) =>
        context.send(Ask(body), other.id("o"));
    const agent = actor(asking("this?"));
    const records = await recordsOf([agent, other], ({ runtime }) => runtime.send(Ask("go"), agent.id("x"), ask));
    const request = (body: string): unknown => ({ kind: "request", type: "Ask", to: "other/o", body });
    expect(differences(await replayCell({ records, agents: [actor(asking("that?")), other] }))).toEqual([
      ["message", request("this?"), request("that?")],
    ]);
  });

  test("a question put in other words, and an agent that nobody has given", async () => {
    const asking =
      (prompt: string): Handler =>
      (_, context) =>
        context.waitFor("question", anything, { question: { prompt }, deadlineMs: 10 }).catch(() => null);
    const records = await recordsOfAsk(asking("this?"));
    expect(differences(await replayCell({ records, agents: [actor(asking("this?"))] }))).toEqual([]);
    expect(differences(await replayCell({ records, agents: [actor(asking("that?"))] }))).toEqual([
      [
        "question",
        { name: "question", question: { prompt: "this?" } },
        { name: "question", question: { prompt: "that?" } },
      ],
    ]);
    const without = await replayCell({ records, agents: [] });
    expect(differences(without)).toEqual([["definition", "actor", null]]);
    expect(without).toMatchObject({ turns: 0, events: [] });
  });

  test("A1: what is left of a replayed turn has no effect any more", async () => {
    const contexts: Context[] = [];
    const handler: Handler = (_, context) => {
      contexts.push(context);
      return null;
    };
    const records = await recordsOfAsk(handler);
    await replayCell({ records, agents: [actor(handler)] });
    const left = contexts.at(-1);
    expect(contexts).toHaveLength(2);
    expect(left?.signal.aborted).toBe(true);
    for (const call of [
      () => left?.emit("late", null),
      () => left?.now(),
      () => left?.state,
      () => left?.lists.log.append(1),
      () => left?.tell(Note("late"), actor(handler).id("x")),
      () => left?.wait("late", anything),
      () => left?.forget(),
    ])
      expect(call).toThrow(expect.objectContaining({ code: "state.attempt_over" }));
    await expect(left?.step("late", () => 1)).rejects.toMatchObject({ code: "state.attempt_over" });
  });
});

describe("versions of state", () => {
  const versioned = (stateVersion: number): AgentDefinition<"Ask"> =>
    defineAgent({
      type: "versioned",
      state: () => (stateVersion === 1 ? { n: 0 } : { count: 0 }),
      cell: () => "session",
      stateVersion,
      migrate: (state) => ({ count: Number(Reflect.get(Object(state), "n")) }),
      handlers: (on) => [
        on.request(Ask, (_, { state }) => {
          const name = stateVersion === 1 ? "n" : "count";
          const value = Number(Reflect.get(state, name)) + 1;
          Reflect.set(state, name, value);
          return value;
        }),
      ],
    });
  const recordsBy = (stateVersion: number): ReturnType<typeof recordsOf> =>
    recordsOf([versioned(stateVersion)], async ({ runtime }) => {
      for (let n = 0; n < 3; n++) await runtime.send(Ask(n), versioned(stateVersion).id("x"), ask);
    });

  test("what older code left is migrated; newer state than the code's is refused", async () => {
    const old = await recordsBy(1);
    expect(differences(await replayCell({ records: old, agents: [versioned(1)] }))).toEqual([]);
    const migrated = await replayCell({ records: old, agents: [versioned(2)] });
    expect(migrated).toMatchObject({ turns: 3, mismatches: [] });
    const fresh = await recordsBy(2);
    expect(differences(await replayCell({ records: fresh, agents: [versioned(2)] }))).toEqual([]);
    expect(differences(await replayCell({ records: fresh, agents: [versioned(1)] })).at(-1)).toEqual([
      "definition",
      "versioned",
      null,
    ]);
  });
});
