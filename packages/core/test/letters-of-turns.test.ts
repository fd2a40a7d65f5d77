import { type AgentDefinition, defineAgent, defineEvent, defineRequest, InProcessRuntime } from "@troupe/core";
import { KillableStore, SharedData } from "@troupe/core/testing";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { quiet, until } from "./support/host.ts";

const Note = defineEvent("Note", z.object({ text: z.string() }));
const Ask = defineRequest("Ask", z.object({ text: z.string() }), z.object({}));
const nobody = { type: "nobody", key: "b" } as const;

/** Does something for each note that no agent can take, and remembers what it hears of it. */
type Doing = "tells nobody" | "asks nobody" | "goes round";

const writerOf = (doing: Doing): AgentDefinition<"Note"> =>
  defineAgent({
    type: "writer",
    state: () => ({ written: 0 }),
    lists: { heard: z.string() },
    cell: (key) => `writer/${key}`,
    handlers: (on) => [
      on.event(Note, ({ text }, context) => {
        context.state.written += 1;
        if (doing === "tells nobody") context.tell(Note({ text: `of ${text}` }), nobody);
        else if (doing === "asks nobody") context.request(Ask({ text }), nobody, { tag: text });
        else context.tell(Note({ text: `of ${text}` }), { type: "writer", key: "a" });
      }),
      on.settled(Ask, (settlement, context) => {
        context.lists.heard.append(`${settlement.tag}: ${settlement.kind}`);
      }),
    ],
  });

const open: InProcessRuntime[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((runtime) => runtime.close({ graceMs: 50 })));
});

interface Process {
  readonly runtime: InProcessRuntime;
  readonly store: KillableStore;
  kill(): void;
}

async function start(data: SharedData, doing: Doing): Promise<Process> {
  const shared = data.open();
  const store = new KillableStore(shared);
  const runtime = new InProcessRuntime({ store, logger: quiet, maxHops: doing === "goes round" ? 1 : 50 });
  open.push(runtime);
  await runtime.register(writerOf(doing));
  const kill = (): void => {
    store.kill();
    for (const worker of shared.workers) data.expire(worker);
  };
  return { runtime, store, kill };
}

/** What is there of one note when its process has died after so many writes and another one has taken over. */
async function afterDeath(doing: Doing, writes: number) {
  const data = new SharedData();
  const first = await start(data, doing);
  first.store.kill(writes);
  let isAccepted = false;
  const agent = writerOf(doing).id("a");
  const told = first.runtime.tell(Note({ text: "one" }), agent).then(() => (isAccepted = true));
  told.catch(() => {});
  for (let round = 0; round < 20; round++) await new Promise((resolve) => setImmediate(resolve));
  const wasAlive = !first.store.isDead;
  first.kill();
  const second = await start(data, doing);
  await second.runtime.recover();
  await second.runtime.idle();
  const state = await second.runtime.snapshot(agent);
  const letters = second.runtime.deadLetters.list().map(({ id, reason, mail }) => ({ id, reason, mail }));
  return { isAccepted, wasAlive, state, letters, runtime: second.runtime };
}

describe("C4, C8: what a turn sends to nobody", () => {
  test.each([
    { doing: "tells nobody", reason: "no-such-agent" },
    { doing: "goes round", reason: "too-many-hops" },
  ] as const)(
    "S1, O3: becomes one dead letter ($reason), at whichever write its process dies",
    async ({ doing, reason }) => {
      let deaths = 0;
      for (let writes = 1; writes < 12; writes++) {
        const { isAccepted, wasAlive, state, letters, runtime } = await afterDeath(doing, writes);
        if (!wasAlive) deaths += 1;
        if (!isAccepted && state === undefined) continue;
        expect(state, `${writes} writes`).toMatchObject({ state: { written: 1 } });
        expect(letters, `${writes} writes`).toMatchObject([{ reason, mail: { body: { text: "of one" } } }]);
        // It is no more on its way: nothing of it comes again.
        await runtime.recover();
        await runtime.idle();
        expect(runtime.deadLetters.list(), `${writes} writes`).toHaveLength(1);
      }
      expect(deaths).toBeGreaterThan(2);
    },
  );

  test("C12, O3: a request is settled once, at whichever write its process dies", async () => {
    for (let writes = 1; writes < 8; writes++) {
      const { isAccepted, state, letters } = await afterDeath("asks nobody", writes);
      if (!isAccepted && state === undefined) continue;
      expect(state, `${writes} writes`).toMatchObject({ state: { written: 1 }, lists: { heard: ["one: failed"] } });
      expect(letters).toEqual([]);
    }
  });

  test("C8: can be sent again, and leaves a cell that rests", async () => {
    const data = new SharedData();
    const { runtime } = await start(data, "tells nobody");
    await runtime.tell(Note({ text: "one" }), writerOf("tells nobody").id("a"));
    await runtime.idle();
    const [letter] = runtime.deadLetters.list();
    expect(letter).toMatchObject({ reason: "no-such-agent", error: { code: "delivery.no_such_agent" } });
    await until(() => (data.memory.cells({ cell: "writer/a" })[0]?.isBusy === false ? true : undefined));
    const heard: string[] = [];
    const late = defineAgent({
      type: "nobody",
      state: () => ({}),
      handlers: (on) => [
        on.event(Note, ({ text }) => {
          heard.push(text);
        }),
      ],
    });
    await runtime.register(late);
    await runtime.deadLetters.resend(letter?.id ?? "");
    await runtime.idle();
    expect(heard).toEqual(["of one"]);
    expect(runtime.deadLetters.list()).toEqual([]);
  });
});
