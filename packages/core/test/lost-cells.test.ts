import { defineAgent, defineEvent, defineRequest, InProcessRuntime, type Mail } from "@troupe/core";
import { FaultyStore, SharedData } from "@troupe/core/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { quiet, until } from "./support/host.ts";

const Note = defineEvent("Note", z.object({ text: z.string() }));
const Count = defineRequest("Count", z.object({}), z.object({ notes: z.number() }));

test("K4: a cell whose write has failed while it was leaving memory is opened anew, and what its inbox holds is taken", async () => {
  const data = new SharedData();
  let isBroken = false;
  const store = new FaultyStore({
    store: data.open(),
    fault: (operation) => (isBroken && operation === "append" ? "refused" : undefined),
  });
  await using runtime = new InProcessRuntime({ store, logger: quiet, maxIdleAgents: 1 });
  const notes = defineAgent({
    type: "notes",
    state: () => ({ notes: 0 }),
    handlers: (on) => [
      on.event(Note, (_, context) => {
        context.state.notes += 1;
      }),
      on.request(Count, (_, context) => ({ notes: context.state.notes })),
    ],
  });
  await runtime.register(notes);
  const mail: Mail = {
    messageId: "m",
    kind: "event",
    type: "Note",
    body: { text: "once" },
    recipient: { type: "notes", key: "a" },
    hops: 1,
    at: 0,
    number: 1,
  };
  const deliver = (): void => data.memory.deliver("notes/a", [{ kind: "mail", mail, from: "elsewhere" }]);
  const hasMail = (): boolean => data.memory.cells({ cell: "notes/a" })[0]?.hasMail === true;
  deliver();
  expect(await runtime.send(Count({}), notes.id("a"))).toEqual({ notes: 1 });
  await runtime.send(Count({}), notes.id("b"));
  await until(() => (runtime.stats().residentCells === 1 ? true : undefined));
  // The same once more: it is known, and only taken out of the inbox. That write fails, while the cell gives way to another already.
  isBroken = true;
  deliver();
  await Promise.all(["a", "b"].map((key) => runtime.snapshot(notes.id(key))));
  await runtime.idle();
  isBroken = false;
  expect(hasMail()).toBe(true);
  expect(await runtime.send(Count({}), notes.id("a"))).toEqual({ notes: 1 });
  await until(() => (hasMail() ? undefined : true));
});

test("K6: the log of a cell that had to stay in memory, because its snapshot could not be written, is kept short again", async () => {
  const data = new SharedData();
  const store = new FaultyStore({
    store: data.open(),
    fault: (operation, count) => (operation === "snapshot" && count === 1 ? "refused" : undefined),
  });
  await using runtime = new InProcessRuntime({ store, logger: quiet, maxIdleAgents: 1 });
  const notes = defineAgent({
    type: "notes",
    state: () => ({ notes: 0 }),
    handlers: (on) => [
      on.event(Note, (_, context) => {
        context.state.notes += 1;
      }),
    ],
  });
  await runtime.register(notes);
  const note = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await runtime.tell(Note({ text: "more" }), notes.id("a"));
    await runtime.idle();
  };
  await note(40);
  await runtime.tell(Note({ text: "other" }), notes.id("b"));
  await until(() => (store.count("snapshot") > 0 ? true : undefined));
  await runtime.idle();
  await note(800);
  await until(() => (data.memory.read("notes/a").length < 1_024 ? true : undefined));
  expect((await runtime.snapshot(notes.id("a")))?.state).toEqual({ notes: 840 });
});
