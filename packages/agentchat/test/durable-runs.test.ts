import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  type DurableRunEvent,
  listRuns,
  MaxMessageTermination,
  RoundRobinGroupChat,
  type RunHandle,
  UserProxyAgent,
} from "@troupe/agentchat";
import { createDeferred, InProcessRuntime, MemoryStore, yieldMacrotask } from "@troupe/core";
import { SharedData } from "@troupe/core/testing";
import { ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Machine } from "./support/processes.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A team of two whose models count their calls in the outside world. */
function createTalk(world: { calls: number }, messages = 5): RoundRobinGroupChat {
  const agent = (name: string) => {
    const model = new ScriptedModel((request) => {
      world.calls += 1;
      return `${name} after ${request.messages.length}`;
    });
    return new AssistantAgent({ name, model });
  };
  return new RoundRobinGroupChat({
    name: "talk",
    participants: [agent("a"), agent("b")],
    termination: new MaxMessageTermination(messages),
  });
}

async function eventsOf(run: RunHandle<unknown>): Promise<readonly DurableRunEvent[]> {
  const events: DurableRunEvent[] = [];
  for await (const event of run.events()) if (!event.isLive) events.push(event);
  return events;
}

/** A paused run does nothing: there is no moment at which it has done it. */
async function turnsOfTheLoop(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await yieldMacrotask();
}

async function until(run: RunHandle<unknown>, kind: string, count = 1): Promise<void> {
  let seen = 0;
  for await (const event of run.events()) {
    if (event.kind === kind) seen += 1;
    if (seen === count) return;
  }
}

describe("a run with an id, on a store that outlives the process", () => {
  it("goes on in the next process, and gives the result that it had in those after", async () => {
    await using machine = new Machine();
    const world = { calls: 0 };
    const first = machine.start();
    const begun = createTalk(world).run("go", { runtime: first.runtime, runId: "r" });
    await until(begun, "model-called", 2);
    first.kill();
    const second = machine.start().runtime;
    const talk = createTalk(world);
    const run = talk.run("go", { runtime: second, runId: "r" });
    const [result, events] = await Promise.all([run.handle.result(), eventsOf(run)]);
    expect(result.messages.map((message) => message.text)).toEqual([
      "go",
      "a after 2",
      "b after 3",
      "a after 4",
      "b after 5",
    ]);
    const { calls } = world;
    for (const open of [
      () => talk.run("go", { runtime: second, runId: "r" }),
      () => createTalk(world).run("go", { runtime: machine.start().runtime, runId: "r" }),
      () => createTalk(world).attach("r", { runtime: machine.start().runtime }),
    ]) {
      const handle = open();
      const again = await handle;
      expect(again).toEqual(result);
      expect(await eventsOf(handle)).toEqual(events);
      expect(handle.snapshot()).toMatchObject({ status: "finished", sequence: events.length, usage: result.usage });
    }
    expect(world.calls).toBe(calls);
  });

  it("belongs to one task, also in another process, and is unknown under another name", async () => {
    await using machine = new Machine();
    const world = { calls: 0 };
    await createTalk(world).run("go", { runtime: machine.start().runtime, runId: "r" });
    const { runtime } = machine.start();
    const talk = createTalk(world);
    await expect(talk.run("other", { runtime, runId: "r" }).handle.result()).rejects.toMatchObject({
      code: "run.id_taken",
    });
    await expect(talk.attach("none", { runtime }).handle.result()).rejects.toMatchObject({
      code: "run.unknown",
    });
  });

  it("is not begun again when its session has had many runs since", async () => {
    await using machine = new Machine();
    const world = { calls: 0 };
    const options = { runtime: machine.start().runtime };
    const chat = createTalk(world, 2).session("s", options);
    const first = await chat.run("first", { runId: "r" });
    for (let n = 0; n < 40; n++) await chat.run(`more ${n}`);
    const { calls } = world;
    const again = await createTalk(world, 2)
      .session("s", { runtime: machine.start().runtime })
      .run("first", { runId: "r" });
    expect(again.messages).toEqual(first.messages);
    expect(world.calls).toBe(calls);
  });

  it("goes on after recover(), with the code that was registered, and is listed on the way", async () => {
    await using machine = new Machine();
    const world = { calls: 0 };
    const first = machine.start();
    const begun = createTalk(world).session("s/1", { runtime: first.runtime }).run("go", { runId: "r" });
    await until(begun, "model-called", 2);
    first.kill();
    const { runtime } = machine.start();
    expect(await listRuns(runtime, { runner: "talk" })).toMatchObject([
      { runner: "talk", session: "s/1", runId: "r", status: "running", questions: 0 },
    ]);
    expect((await runtime.recover()).blocked).toMatchObject([{ reason: "no-definition" }]);
    const talk = createTalk(world);
    await talk.register(runtime);
    expect((await runtime.recover()).resumed).toHaveLength(1);
    const result = await talk.attach("r", { runtime, session: "s/1" });
    expect(result.stopReason.kind).toBe("condition");
    await runtime.idle();
    expect(await listRuns(runtime, { session: "s/1", status: ["ended"] })).toMatchObject([
      { runId: "r", end: "condition" },
    ]);
    expect(await listRuns(runtime, { runner: "other" })).toEqual([]);
    expect(await listRuns(runtime, { limit: 0 })).toEqual([]);
  });

  it("stays paused when its process dies, until somebody resumes it", async () => {
    await using machine = new Machine();
    const world = { calls: 0 };
    const first = machine.start();
    const begun = createTalk(world).run("go", { runtime: first.runtime, runId: "r" });
    await until(begun, "model-called");
    await begun.pause();
    await turnsOfTheLoop(50);
    const { calls } = world;
    first.kill();
    const { runtime } = machine.start();
    const run = createTalk(world).attach("r", { runtime });
    await turnsOfTheLoop(50);
    expect(world.calls).toBe(calls);
    expect(await listRuns(runtime)).toMatchObject([{ status: "paused" }]);
    await run.resume();
    expect((await run).messages).toHaveLength(5);
  });
});

describe("a team without a name of its own", () => {
  it("C26: is refused by a runtime whose store outlives the process: its runs could not be told from another team's", async () => {
    const participants = [new AssistantAgent({ name: "a", model: new ScriptedModel(() => "word") })];
    const create = (name?: string) => new RoundRobinGroupChat({ name, participants, maxTurns: 1 });
    const runtime = new InProcessRuntime({ store: new MemoryStore({ isDurable: true }) });
    const refused = { code: "config.invalid_definition", details: { className: "RoundRobinGroupChat" } };
    await expect(create().run("go", { runtime }).handle.result()).rejects.toMatchObject(refused);
    await expect(create().attach("r", { runtime }).handle.result()).rejects.toMatchObject(refused);
    await expect(create().session("s", { runtime }).messages()).rejects.toMatchObject(refused);
    await expect(create().register(runtime)).rejects.toMatchObject(refused);
    expect((await create("named").run("go", { runtime })).text).toBe("word");
    await runtime.close();
    await using unnamed = create();
    expect((await unnamed.run("go")).text).toBe("word");
  });
});

describe("a run whose events end before it does", () => {
  it("H6: rejects with what to do when its runtime was closed; the run goes on elsewhere", async () => {
    const store = new MemoryStore({ isDurable: true });
    const create = () => new UserProxyAgent({ name: "person" });
    const runtime = new InProcessRuntime({ store });
    const run = create().run("Well?", { runtime, runId: "r" });
    expect((await run).stopReason.kind).toBe("input-required");
    await runtime.close();
    await expect(run.handle.result()).rejects.toMatchObject({
      code: "run.detached",
      remedy: expect.stringContaining('attach("r", { runtime })') as string,
    });
    await expect(run.respond("any", "yes")).rejects.toBeDefined();
    await using next = new InProcessRuntime({ store });
    const asked = create().attach("r", { runtime: next });
    const [question] = (await asked).questions;
    expect(asked.pending()).toHaveLength(1);
    await asked.respond(question?.id ?? "", "yes");
    expect((await asked).text).toBe("yes");
  });

  it("H6: is read on when another process has taken its session over", async () => {
    const store = new MemoryStore({ isDurable: true });
    const held = createDeferred<string>();
    class Slow extends BaseChatAgent {
      async *onMessages(_: readonly ChatMessage[], context: ChatAgentContext) {
        yield this.thought("working");
        return this.reply(await context.step("work", () => held.promise, { idempotent: true }));
      }
    }
    const runtime = new InProcessRuntime({ store, logger: quiet });
    const run = new Slow({ name: "slow" }).run("go", { runtime, runId: "r" });
    const result = run.handle.result();
    const events = eventsOf(run);
    await until(run, "thought");
    const other = new InProcessRuntime({ store, logger: quiet });
    const taken = new Slow({ name: "slow" }).attach("r", { runtime: other });
    await until(taken, "thought");
    held.resolve("done");
    expect((await taken).text).toBe("done");
    expect(await result).toEqual(await taken);
    expect(await events).toEqual(await eventsOf(taken));
    await Promise.all([runtime.close(), other.close()]);
  });

  it("H6: rejects with what blocks it when its record does not fit the code, and goes on when it is restarted", async () => {
    const store = new MemoryStore({ isDurable: true });
    class Clerk extends BaseChatAgent {
      readonly #step: string;
      constructor(step: string) {
        super({ name: "clerk" });
        this.#step = step;
      }
      // oxlint-disable-next-line require-yield
      async *onMessages(_: readonly ChatMessage[], context: ChatAgentContext) {
        await context.step(this.#step, () => "done");
        return this.reply(String(await context.ask({ prompt: "Well?", schema: z.string() })));
      }
    }
    const runtime = new InProcessRuntime({ store, logger: quiet });
    expect((await new Clerk("look").run("go", { runtime, runId: "r" })).stopReason.kind).toBe("input-required");
    await runtime.close();
    await using next = new InProcessRuntime({ store, logger: quiet });
    const changed = new Clerk("look twice");
    const run = changed.attach("r", { runtime: next });
    const watching = eventsOf(run);
    watching.catch(() => {});
    const misfit = { code: "state.nondeterministic_replay", remedy: expect.any(String) as string };
    await expect(run.handle.result()).rejects.toMatchObject(misfit);
    await expect(watching).rejects.toMatchObject(misfit);
    const restarted = changed.attach("r", { runtime: next, restartsMisfits: true });
    const [question] = (await restarted).questions;
    await restarted.respond(question?.id ?? "", "fine");
    expect((await restarted.handle.result()).text).toBe("fine");
  });

  it("H6: is cancelled with the memory store: nothing will go on with it", async () => {
    const runtime = new InProcessRuntime();
    const run = new UserProxyAgent({ name: "person" }).run("Well?", { runtime });
    await run;
    await runtime.close();
    expect((await run.handle.result()).stopReason.kind).toBe("cancelled");
  });
});

it("a session tells what was said in it, whichever process has it, and whatever is left of its log", async () => {
  const data = new SharedData();
  const world = { calls: 0 };
  await using runtime = new InProcessRuntime({ store: data.open(), logger: quiet });
  await using other = new InProcessRuntime({ store: data.open(), logger: quiet });
  const chat = createTalk(world).session("s", { runtime });
  await chat.run("go");
  const said = await chat.messages();
  expect(said).toHaveLength(5);
  const elsewhere = createTalk(world).session("s", { runtime: other });
  expect(await elsewhere.messages()).toEqual(said);
  await runtime.dropHistory("talk/s");
  expect(await elsewhere.messages()).toEqual(said);
});

describe("an archive", () => {
  it("gets a copy of a run on the memory store when it ends, to be looked at in another process", async () => {
    const archive = new MemoryStore({ isDurable: true });
    const world = { calls: 0 };
    await using talk = createTalk(world);
    const run = talk.run("go", { archive, durability: "turn" });
    const result = await run;
    const events = await eventsOf(run);
    const runtime = new InProcessRuntime({ store: archive });
    const { calls } = world;
    const copy = createTalk(world).attach(run.id, { runtime });
    expect((await copy).messages).toEqual(result.messages);
    expect(await eventsOf(copy)).toEqual(events);
    expect(world.calls).toBe(calls);
    expect(await listRuns(runtime)).toMatchObject([
      { runner: "talk", runId: run.id, status: "ended", end: "condition" },
    ]);
    await runtime.close();
  });
});
