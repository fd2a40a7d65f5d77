import { defineAgent, type RunContext } from "../../agent/index.ts";
import { topicId } from "../../identity/index.ts";
import { dropMessage, refuseMessage } from "../../intervention/index.ts";
import type { RuntimeEvent } from "../../observe/index.ts";
import { expectCode, expectEqual, expectThat, settle } from "../expectation.ts";
import { type RuntimeCase, runtimeCase } from "./environment.ts";
import { amountSchema, Ask, Deposit, Note, Stage, stagedWorker } from "./fixtures.ts";

const pressureCases: readonly RuntimeCase[] = [
  {
    invariant: "C13",
    name: "a full mailbox makes senders from outside wait, and they go on when there is room",
    run: async ({ open }) => {
      const runtime = await open({ mailboxCapacity: 2 });
      const stage = new Stage();
      const agent = stagedWorker(stage);
      await runtime.register(agent);
      const texts = ["a", "b", "c", "d", "e"];
      let accepted = 0;
      const told = texts.map((text) => runtime.tell(Note(text), agent.id("x")).then(() => (accepted += 1)));
      await stage.reached("a");
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      expectThat(accepted < texts.length, "nobody waited");
      expectThat(runtime.stats().queuedMessages <= 3, "the mailbox grew beyond its bound");
      for (const text of texts) stage.open(text);
      await Promise.all(told);
      await runtime.idle();
      expectEqual(stage.seen, texts, "what was handled");
    },
  },
  {
    invariant: "C13",
    name: "under reject a full mailbox refuses with delivery.mailbox_full",
    run: async ({ open }) => {
      const runtime = await open({ mailboxCapacity: 1, whenFull: "reject" });
      const stage = new Stage();
      const agent = stagedWorker(stage);
      await runtime.register(agent);
      await runtime.tell(Note("running"), agent.id("x"));
      await stage.reached("running");
      await runtime.tell(Note("queued"), agent.id("x"));
      await expectCode("delivery.mailbox_full", "the third", () => runtime.tell(Note("third"), agent.id("x")));
      await expectCode("delivery.mailbox_full", "a request", () => runtime.send(Ask("fourth"), agent.id("x")));
      for (const text of ["running", "queued"]) stage.open(text);
      await runtime.idle();
      expectEqual(stage.seen, ["running", "queued"], "what was handled");
    },
  },
  {
    invariant: "C13",
    name: "drop-oldest drops published events only",
    run: async ({ open }) => {
      const runtime = await open({ mailboxCapacity: 2, whenFull: "drop-oldest" });
      const stage = new Stage();
      const agent = stagedWorker(stage);
      await runtime.register(agent);
      await runtime.tell(Note("running"), agent.id("x"));
      await stage.reached("running");
      const asked = runtime.send(Ask("asked"), agent.id("x"));
      for (const text of ["one", "two", "three"]) await runtime.publish(Note(text), topicId("work", "x"));
      for (const text of ["running", "asked", "one", "two", "three"]) stage.open(text);
      expectEqual(await asked, "asked", "the reply");
      await runtime.idle();
      expectEqual(stage.seen, ["running", "asked", "three"], "what was handled");
    },
  },
  {
    invariant: "C13",
    name: "a sender that waits at a full mailbox can be aborted",
    run: async ({ open }) => {
      const runtime = await open({ mailboxCapacity: 1 });
      const stage = new Stage();
      const agent = stagedWorker(stage);
      await runtime.register(agent);
      await runtime.tell(Note("running"), agent.id("x"));
      await stage.reached("running");
      await runtime.tell(Note("queued"), agent.id("x"));
      const controller = new AbortController();
      const waiting = settle(() => runtime.tell(Note("waiting"), agent.id("x"), { signal: controller.signal }));
      controller.abort("no more");
      expectEqual(await waiting, { status: "rejected", error: "no more" }, "the sender that waited");
      for (const text of ["running", "queued", "waiting"]) stage.open(text);
      await runtime.idle();
      expectEqual(stage.seen, ["running", "queued"], "what was handled");
    },
  },
];

const interventionCases: readonly RuntimeCase[] = [
  {
    invariant: "C15",
    name: "interventions change requests, events and replies, each on the former's result",
    run: async ({ open }) => {
      const mark = (name: string) => ({
        onSend: (message: { type: string; payload: unknown }) => ({
          ...message,
          payload: `${String(message.payload)}${name}`,
        }),
        onPublish: async (message: { type: string; payload: unknown }) => ({
          ...message,
          payload: `${String(message.payload)}${name}`,
        }),
        onReply: (reply: unknown) => `${String(reply)}${name}`,
      });
      const runtime = await open({ interventions: [mark("1"), mark("2")] });
      const stage = new Stage();
      const agent = stagedWorker(stage);
      await runtime.register(agent);
      for (const text of ["ask12", "news12"]) stage.open(text);
      expectEqual(await runtime.send(Ask("ask"), agent.id("x")), "ask1212", "the reply");
      await runtime.publish(Note("news"), topicId("work", "x"));
      await runtime.idle();
      expectEqual(stage.seen, ["ask12", "news12"], "what the agent saw");
    },
  },
  {
    invariant: "C15",
    name: "a drop, a refusal and a throw each settle the request typed, and nothing hangs",
    run: async ({ open }) => {
      const events: RuntimeEvent[] = [];
      const runtime = await open({
        observer: (event) => void events.push(event),
        interventions: [
          {
            name: "guard",
            onSend: (message) => {
              if (message.payload === "drop") return dropMessage;
              if (message.payload === "refuse") throw refuseMessage("not today");
              if (message.payload === "throw") throw new Error("broken guard");
              return message;
            },
            onPublish: () => dropMessage,
            onReply: (reply) => (reply === "silent" ? dropMessage : reply),
          },
        ],
      });
      const stage = new Stage();
      const agent = stagedWorker(stage);
      await runtime.register(agent);
      for (const text of ["silent", "fine"]) stage.open(text);
      await expectCode("delivery.dropped", "a dropped request", () => runtime.send(Ask("drop"), agent.id("x")));
      await expectCode("delivery.refused", "a refused request", () => runtime.send(Ask("refuse"), agent.id("x")));
      await expectCode("delivery.dropped", "a dropped reply", () => runtime.send(Ask("silent"), agent.id("x")));
      const thrown = await settle(() => runtime.send(Ask("throw"), agent.id("x")));
      expectThat(
        thrown.status === "rejected" && thrown.error instanceof Error && thrown.error.message === "broken guard",
        "the guard's error is lost",
      );
      await runtime.publish(Note("news"), topicId("work", "x"));
      await runtime.idle();
      expectEqual(await runtime.send(Ask("fine"), agent.id("x")), "fine", "a request that passes");
      expectEqual(stage.seen, ["silent", "fine"], "what was handled");
      expectThat(
        events.filter((event) => event.kind === "message-dropped").length >= 2,
        "the observer heard of no drop",
      );
    },
  },
];

const run: RunContext = { runId: "run-1", path: ["team"] };

const eventCases: readonly RuntimeCase[] = [
  runtimeCase(
    "C20",
    "durable events of a run are numbered without gaps, shown from any number, and only once committed",
    async (runtime) => {
      const agent = defineAgent({
        type: "emitter",
        state: () => ({}),
        cell: () => "session",
        handlers: (on) => [
          on.request(Ask, async (text, context) => {
            context.emit("said", text);
            await context.step("work", () => 1);
            context.emit("done", { text }, { path: ["team", "emitter"] });
            if (text === "throw") throw new Error("thrown");
            return text;
          }),
        ],
      });
      await runtime.register(agent);
      await runtime.send(Ask("one"), agent.id("x"), { run });
      await settle(() => runtime.send(Ask("throw"), agent.id("x"), { run }));
      await runtime.send(Ask("two"), agent.id("x"), { run });
      const seen: string[] = [];
      for await (const event of runtime.events("session", { runId: "run-1", from: 2 })) {
        if (event.live) continue;
        seen.push(`${event.sequence} ${event.kind} ${event.path.join("/")}`);
        if (event.kind === "done" && seen.length > 2) break;
      }
      expectEqual(
        seen,
        ["2 done team/emitter", "3 said team", "4 said team", "5 done team/emitter"],
        "the events from 2",
      );
    },
  ),
  runtimeCase(
    "C27",
    "a fork goes on from an event with the state of that moment, and the original is untouched",
    async (runtime) => {
      const agent = defineAgent({
        type: "ledger",
        state: () => ({ cents: 0 }),
        lists: { entries: amountSchema },
        cell: (key) => key,
        handlers: (on) => [
          on.request(Deposit, (payload, context) => {
            context.state.cents += payload.cents;
            context.lists.entries.append(payload);
            context.emit("deposited", payload.cents);
            return { cents: context.state.cents };
          }),
        ],
      });
      await runtime.register(agent);
      for (const cents of [1, 10, 100]) await runtime.send(Deposit({ cents }), agent.id("a"), { run });
      await runtime.fork(
        "a",
        { runId: "run-1", sequence: 2 },
        {
          cell: "b",
          runId: "run-2",
          key: (key) => (key === "a" ? "b" : key),
        },
      );
      expectEqual((await runtime.snapshot(agent.id("b")))?.state, { cents: 11 }, "the state of the fork");
      expectEqual(
        await runtime.send(Deposit({ cents: 5 }), agent.id("b"), { run: { runId: "run-2", path: ["team"] } }),
        { cents: 16 },
        "a deposit in the fork",
      );
      expectEqual((await runtime.snapshot(agent.id("a")))?.state, { cents: 111 }, "the state of the original");
    },
  ),
];

/** Back-pressure, interventions, events and forks (C13, C15, C20, C27). */
export const flowCases: readonly RuntimeCase[] = [...pressureCases, ...interventionCases, ...eventCases];
