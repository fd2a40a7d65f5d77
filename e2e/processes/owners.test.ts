import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { DurableRunEvent } from "@troupe/agentchat";
import { createSeededRandom, hashSeed } from "@troupe/core";
import { openStore } from "../crash/worker/open-store.ts";
import type { StoreAddress } from "../crash/worker/assignment.ts";
import { missingStores, openStores, type OpenStores } from "../crash/campaign/store-factories.ts";
import { Stage, type StageOptions } from "./stage.ts";

const approved = { approved: true };

/** Several processes are started for each test, and a silent owner is dead after 15 s, or what a test on Postgres says. */
const limitMs = 90_000;
const leaseMs = 4_000;

vi.setConfig({ testTimeout: limitMs, hookTimeout: limitMs });

describe.each(["sqlite", "postgres"])("several processes and one run on %s", async (kind) => {
  const missing = await missingStores(kind);
  let stores: OpenStores | undefined;
  let stage: Stage | undefined;
  let address: StoreAddress | undefined;

  beforeAll(async () => {
    if (missing === undefined) stores = await openStores(kind);
  }, limitMs);

  afterAll(async () => {
    await stores?.close();
  });

  afterEach(async () => {
    await stage?.close();
    if (address !== undefined) await stores?.factory.drop(address, false);
    stage = undefined;
    address = undefined;
  });

  async function openStage(options: Omit<StageOptions, "store">): Promise<Stage> {
    if (stores === undefined) throw new Error(missing);
    address = await stores.factory.create("processes");
    const store = address.kind === "postgres" ? { ...address, leaseMs } : address;
    stage = await Stage.open({ ...options, store });
    return stage;
  }

  test.skipIf(missing !== undefined)(
    "C24: two processes go on with the same run: one does, the other watches, and both have the result",
    async () => {
      const on = await openStage({ scenario: "round-robin" });
      const dies = await on.start("dies");
      const reached = on.withhold("dies", ({ request }) => request.kind === "effect" && request.tool === "weigh");
      await dies.tell({ kind: "run" });
      await reached;
      await dies.kill();

      const [left, right] = await Promise.all([on.start("left"), on.start("right")]);
      await Promise.all([left.tell({ kind: "attach" }), right.tell({ kind: "attach" })]);
      const [first, second] = await Promise.all([left.result(), right.result()]);
      expect(second).toEqual(first);
      expect(first.stop).toBe("condition");
      const events = await left.events();
      expect(await right.events()).toEqual(events);
      expect(events.map((event) => event.sequence)).toEqual(events.map((_event, index) => index + 1));

      const after = on.book.calls.filter(({ lane }) => lane !== "dies");
      expect(new Set(after.map(({ lane }) => lane)).size).toBe(1);
      const repeated = after.filter((call) =>
        on.book.calls.some((other) => other !== call && other.identity === call.identity),
      );
      // What was withheld is asked again; its sibling may have been answered without being recorded.
      expect(["critic.0.0.0", "critic.0.0.1"]).toEqual(
        expect.arrayContaining(repeated.map(({ identity }) => identity)),
      );
      expect(repeated.map(({ identity }) => identity)).toContain("critic.0.0.1");
      await Promise.all([left.close(), right.close()]);
    },
  );

  test.skipIf(missing !== undefined)("C24: recover names the runs that another process works on", async () => {
    const on = await openStage({ scenario: "approval" });
    const owns = await on.start("owns");
    await owns.tell({ kind: "run" });
    expect((await owns.result()).stop).toBe("input-required");

    const comes = await on.start("comes");
    await comes.tell({ kind: "attach" });
    expect(await comes.tell({ kind: "recover" })).toMatchObject({
      resumed: [],
      blocked: [{ cell: `cashier/${on.runId}`, reason: "owned" }],
    });
    await Promise.all([owns.close(), comes.close()]);
  });

  test.skipIf(missing !== undefined)(
    "C16: another process answers while the owner lives, and both hear the end",
    async () => {
      const on = await openStage({ scenario: "parallel" });
      const owns = await on.start("owns");
      await owns.tell({ kind: "run" });
      const { questions } = await owns.result();
      const answers = await on.start("answers");
      await answers.tell({ kind: "attach" });
      expect((await answers.result()).questions).toEqual(questions);
      for (const { id } of questions) await answers.tell({ kind: "respond", questionId: id, answer: approved });
      const again = { kind: "respond", questionId: questions[0]?.id ?? "", answer: approved } as const;
      await expect(answers.tell(again)).rejects.toMatchObject({ code: "wait.already_settled" });
      expect(await answers.events()).toEqual(await owns.events());
      expect((await answers.result()).stop).toBe("condition");
      expect((await owns.result()).stop).toBe("condition");
      expect(on.effects()).toEqual({ "left.0.0.0": 1, "left.0.1.0": 1, "right.0.0.0": 1, "right.0.1.0": 1 });
      expect(new Set(on.book.calls.map(({ lane }) => lane))).toEqual(new Set(["owns"]));
      await Promise.all([owns.close(), answers.close()]);
    },
  );

  test.skipIf(missing !== undefined)(
    "C24: an owner that was paused for longer than its lease wakes up and changes nothing",
    async () => {
      const on = await openStage({ scenario: "assistant" });
      const sleeps = await on.start("sleeps");
      const held = on.hold("sleeps", ({ identity }) => identity.startsWith("clerk.0.1."), 3);
      await sleeps.tell({ kind: "run" });
      const slept = sleeps.events();
      await held.reached;
      sleeps.pause();

      const takes = await on.start("takes");
      await takes.tell({ kind: "attach" });
      const result = await takes.result();
      expect(result.stop).toBe("finished");
      expect(result.text).toContain("[clerk.0.1.1=unknown] [clerk.0.1.2=unknown]");
      const events = await takes.events();
      const calls = on.book.calls.length;
      const before = await logOf(on);

      sleeps.resume();
      held.release();
      // It goes on reading what the other one did; it never shows anything of its own.
      expect(await slept).toEqual(events);
      expect(await sleeps.result()).toEqual(result);
      await sleeps.close();
      await takes.close();
      expect(await logOf(on)).toEqual(before);
      expect(on.book.calls.length).toBe(calls);
      // Only the look-up may be made again.
      expect(on.effects()).toEqual({
        "clerk.0.0.0": 1,
        "clerk.0.1.0": 2,
        "clerk.0.1.1": 1,
        "clerk.0.1.2": 1,
        "clerk.0.2.0": 1,
      });
    },
    limitMs,
  );

  test.skipIf(missing !== undefined)(
    "C20: a client that is cut off at 50 random points sees the events that the owner showed",
    async () => {
      const on = await openStage({ scenario: "nested", maxDelayMs: 30 });
      const owns = await on.start("owns");
      const shows = await on.start("shows");
      const held = on.hold("owns", () => true);
      await owns.tell({ kind: "run" });
      const wanted = owns.events();
      await held.reached;
      await shows.tell({ kind: "attach" });
      held.release();
      const random = createSeededRandom(hashSeed("cuts"));
      let received = "";
      let last: string | null = null;
      let cuts = 0;
      for (; cuts < 50 || !received.includes("event: run-finished"); cuts++) {
        const text = await shows.stream(last, cuts < 50 ? Math.floor(random.next() * 3) : 1_000);
        received += text;
        last = [...text.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1] ?? last;
      }
      const events = await wanted;
      const seen = [...received.matchAll(/^id: \d+\nevent: .*\ndata: (.*)$/gm)].map(
        ([, data]) => JSON.parse(data ?? "") as DurableRunEvent,
      );
      expect(seen).toEqual(events);
      expect(cuts).toBeGreaterThanOrEqual(50);
      await Promise.all([owns.close(), shows.close()]);
    },
  );

  async function logOf(on: Stage): Promise<unknown> {
    const store = await openStore(on.store);
    try {
      return await store.read(`clerk/${on.runId}`);
    } finally {
      await store.close();
    }
  }
});
