import { type AgentDefinition, defineAgent, defineRequest } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Host, readAll, until } from "./support/host.ts";

test("C26: a journal that does not fit the code blocks its turn and runs nothing; the old code goes on with it", async () => {
  const ran: string[] = [];
  const Work = defineRequest("Work", z.object({}), z.object({ answer: z.string() }));
  const worker = (name: string): AgentDefinition<"Work"> =>
    defineAgent({
      type: "worker",
      state: () => ({}),
      cell: (key) => `worker/${key}`,
      handlers: (on) => [
        on.request(Work, async (_, context) => {
          await context.step(name, () => ran.push(name));
          return { answer: await context.waitFor("answer", z.string()) };
        }),
      ],
    });
  const host = new Host();
  await host.start([worker("first")]);
  const run = { runId: "r", path: [] };
  host.runtime.send(Work({}), worker("first").id("a"), { run, deadlineMs: Infinity }).catch(() => {});
  const wait = await until(() => host.runtime.waits()[0]);
  host.power.kill();
  await host.start([worker("renamed")]);
  expect(await host.runtime.recover()).toMatchObject({
    resumed: [],
    blocked: [{ cell: "worker/a", reason: "nondeterministic", error: { code: "state.nondeterministic_replay" } }],
  });
  await host.crash([worker("first")]);
  await host.runtime.respond(wait.id, "yes", { cell: "worker/a" });
  await host.runtime.idle();
  expect(ran).toEqual(["first"]);
  expect(host.store.cells().find(({ cell }) => cell === "worker/a")).toMatchObject({ isBusy: false });
  await host.runtime.close();
});

describe("C26: a turn whose journal does not fit the code", () => {
  const Work = defineRequest("Work", z.object({}), z.object({ answer: z.string() }));
  const run = { runId: "r", path: [] };

  /** Looks, does something under a name that changes with the code, asks. */
  const workerOf = (ran: string[], name: string): AgentDefinition<"Work"> =>
    defineAgent({
      type: "worker",
      state: () => ({}),
      cell: (key) => `worker/${key}`,
      handlers: (on) => [
        on.request(Work, async (_, context) => {
          const did = async (step: string): Promise<void> => {
            await context.step(step, () => ran.push(step));
          };
          await did(name);
          await did("look");
          context.emit("asks", name);
          return { answer: await context.waitFor("answer", z.string()) };
        }),
      ],
    });

  /** A host with a turn that was begun by other code, and its question. */
  async function blockedHost(ran: string[]): Promise<{ readonly host: Host; readonly question: string }> {
    const host = new Host();
    await host.start([workerOf(ran, "first")]);
    host.runtime.send(Work({}), workerOf(ran, "first").id("a"), { run, deadlineMs: Infinity }).catch(() => {});
    const { id } = await until(() => host.runtime.waits()[0]);
    host.power.kill();
    await host.start([workerOf(ran, "renamed")]);
    return { host, question: id };
  }

  test.each(["before it is found", "when it is blocked"])(
    "is restarted at its turn, %s: what was recorded is not done again, also after another death",
    async (when) => {
      const ran: string[] = [];
      const { host, question } = await blockedHost(ran);
      if (when === "when it is blocked")
        expect((await host.runtime.recover()).blocked).toMatchObject([{ reason: "nondeterministic" }]);
      await host.runtime.control("worker/a", "r", { kind: "restart" });
      await until(() => host.runtime.waits()[0]);
      expect((await host.runtime.recover()).blocked).toEqual([]);
      await host.crash();
      await host.runtime.respond(question, "yes", { cell: "worker/a" });
      await host.runtime.idle();
      expect(ran).toEqual(["first", "look", "renamed"]);
      expect(host.store.cells().find(({ cell }) => cell === "worker/a")).toMatchObject({ isBusy: false });
      const events = await readAll(host.runtime.events("worker/a", { runId: "r", signal: AbortSignal.timeout(50) }));
      expect(events.map(({ kind }) => kind)).toEqual(["asks"]);
      await host.runtime.close();
    },
  );

  test("is restarted in a fork as well, and only there", async () => {
    const ran: string[] = [];
    const { host } = await blockedHost(ran);
    const target = { cell: "worker/b", runId: "copy", key: () => "b" };
    await host.runtime.fork("worker/a", { runId: "r", sequence: 1 }, target);
    await host.runtime.control("worker/b", "copy", { kind: "restart" });
    const wait = await until(() => host.runtime.waits({ runId: "copy" })[0]);
    await host.runtime.respond(wait.id, "no");
    await host.runtime.idle();
    expect(await host.runtime.runs({ runId: "copy" })).toMatchObject([{ questions: 0 }]);
    expect((await host.runtime.recover()).blocked).toMatchObject([{ cell: "worker/a", reason: "nondeterministic" }]);
    await host.runtime.close();
  });

  test("ends when its run is cancelled", async () => {
    const { host } = await blockedHost([]);
    await host.runtime.recover();
    await host.runtime.control("worker/a", "r", { kind: "cancel" });
    await host.runtime.idle();
    expect(host.store.cells().find(({ cell }) => cell === "worker/a")).toMatchObject({ isBusy: false });
    expect((await host.runtime.recover()).blocked).toEqual([]);
    await host.runtime.close();
  });
});
