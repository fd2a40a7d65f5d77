import { type AgentDefinition, createDeferred, defineAgent, defineEvent, InProcessRuntime } from "@troupe/core";
import { FaultyStore, SharedData, type SharedStore } from "@troupe/core/testing";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { Add, Raise } from "./support/counter.ts";
import { codeFrom } from "./support/fixtures.ts";
import { quiet, until } from "./support/host.ts";

const Say = defineEvent("Say", z.object({ text: z.string() }));

const counter = defineAgent({
  type: "counter",
  state: () => ({ total: 0 }),
  cell: () => "counters",
  handlers: (on) => [
    on.request(Add, ({ n }, context) => {
      context.state.total += n;
      return { total: context.state.total };
    }),
    on.event(Raise, ({ n }, context) => {
      context.state.total += n;
    }),
  ],
});
const agent = counter.id("a");

/** Takes texts, unless its process is one that never gets done. */
const listener = (isStuck: boolean): AgentDefinition<"Say"> =>
  defineAgent({
    type: "listener",
    state: () => ({}),
    lists: { said: z.string() },
    handlers: (on) => [
      on.event(Say, async ({ text }, context) => {
        if (isStuck) await new Promise(() => {});
        context.lists.said.append(text);
      }),
    ],
  });

const open: InProcessRuntime[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((runtime) => runtime.close({ graceMs: 50 })));
});

/** A process that does not hear yet that it was declared dead; `hold` lets its deliveries wait. */
class Process {
  readonly runtime: InProcessRuntime;
  readonly #data: SharedData;
  readonly #handle: SharedStore;
  #gate = createDeferred<void>();
  #isHolding = false;
  #isHeld = false;
  #isDeaf = false;

  constructor(data: SharedData) {
    this.#data = data;
    this.#handle = data.open();
    this.#gate.resolve();
    let isNext = false;
    const store = new FaultyStore({
      store: this.#handle,
      fault: (operation) => {
        isNext = this.#isHolding && operation === "deliver";
        return operation === "heartbeat" && this.#isDeaf ? "refused" : undefined;
      },
      delay: async () => {
        if (!isNext) return;
        this.#isHeld = true;
        await this.#gate.promise;
      },
    });
    this.runtime = new InProcessRuntime({ store, logger: quiet, mailboxCapacity: 2 });
    open.push(this.runtime);
  }

  /** It was silent for longer than its lease, and does not know. */
  expire(): void {
    this.#isDeaf = true;
    for (const worker of this.#handle.workers) this.#data.expire(worker);
  }

  hear(): void {
    this.#isDeaf = false;
  }

  hold(): void {
    this.#gate = createDeferred<void>();
    this.#isHolding = true;
  }

  async untilHeld(): Promise<void> {
    await until(() => (this.#isHeld ? true : undefined));
  }

  release(): void {
    this.#isHolding = false;
    this.#gate.resolve();
  }
}

async function start(data: SharedData): Promise<Process> {
  const process = new Process(data);
  await process.runtime.register(counter);
  return process;
}

/** The second process sends to the first; before that is delivered it takes the cell over, and loses it to the third. */
async function sendWhileTaken<T>(
  send: (runtime: InProcessRuntime) => Promise<T>,
): Promise<{ readonly outcome: Promise<unknown>; readonly third: InProcessRuntime }> {
  const data = new SharedData();
  const [first, second, third] = [await start(data), await start(data), await start(data)];
  await first.runtime.send(Add({ n: 1 }), agent);
  second.hold();
  const outcome = codeFrom(send(second.runtime));
  await second.untilHeld();
  first.expire();
  await second.runtime.snapshot(agent);
  second.expire();
  await third.runtime.snapshot(agent);
  second.release();
  return { outcome, third: third.runtime };
}

const totalIn = async (runtime: InProcessRuntime): Promise<unknown> => (await runtime.snapshot(agent))?.state;

describe("a cell that another process has taken unnoticed", () => {
  test("C11, C24: a request that was put into its inbox ends typed, and the new owner handles it once", async () => {
    const { outcome, third } = await sendWhileTaken((runtime) => runtime.send(Add({ n: 2 }), agent));
    expect(await outcome).toBe("state.owner_lost");
    expect(await third.send(Add({ n: 4 }), agent)).toEqual({ total: 7 });
  });

  test("C24: a message that was put into its inbox is accepted, and the new owner handles it once", async () => {
    const { outcome, third } = await sendWhileTaken((runtime) => runtime.tell(Raise({ n: 2 }), agent));
    expect(await outcome).toBeUndefined();
    expect(await third.send(Add({ n: 4 }), agent)).toEqual({ total: 7 });
  });

  test("K7: its history is not dropped, whoever asked hears why, and the log of the new owner is read", async () => {
    const data = new SharedData();
    const [first, second] = [await start(data), await start(data)];
    await first.runtime.send(Add({ n: 1 }), agent);
    first.expire();
    await second.runtime.send(Add({ n: 2 }), agent);
    expect(await codeFrom(first.runtime.dropHistory("counters"))).toBe("state.owner_lost");
    expect(await totalIn(first.runtime)).toEqual({ total: 3 });
    expect(await totalIn(second.runtime)).toEqual({ total: 3 });
  });

  test("V3, C10: what waits at the full mailbox of its agent goes to the new owner, before what is sent since then", async () => {
    const data = new SharedData();
    const [first, second] = [new Process(data), new Process(data)];
    await first.runtime.register(listener(true));
    await second.runtime.register(listener(false));
    const id = listener(false).id("a");
    const say = (text: string): Promise<unknown> => codeFrom(first.runtime.tell(Say({ text }), id));
    const told = ["0", "1", "2"].map(say);
    await Promise.all(told);
    const waiting = ["3", "4", "5"].map(say);
    first.expire();
    await second.runtime.snapshot(id);
    first.hear();
    await until(() => (first.runtime.stats().runningTurns === 0 ? true : undefined));
    waiting.push(say("6"));
    expect(await Promise.all(waiting)).toEqual([undefined, undefined, undefined, undefined]);
    const said = await until(async () => {
      const list = (await second.runtime.snapshot(id))?.lists["said"] ?? [];
      return list.length === 7 ? list : undefined;
    });
    expect(said).toEqual(["0", "1", "2", "3", "4", "5", "6"]);
  });

  test("L4, C11: a process that was declared dead hears the answer to what it had asked another one", async () => {
    const data = new SharedData();
    const [first, second, third] = [await start(data), await start(data), await start(data)];
    await second.runtime.send(Add({ n: 1 }), agent);
    const id = listener(false).id("a");
    for (const { runtime } of [first, third]) await runtime.register(listener(false));
    await first.runtime.tell(Say({ text: "0" }), id);
    await first.runtime.idle();
    first.expire();
    const asked = first.runtime.send(Add({ n: 4 }), agent);
    await until(() => data.memory.cells().find(({ cell, hasMail }) => cell.startsWith("~") && hasMail));
    expect(await third.runtime.snapshot(id)).toMatchObject({ lists: { said: ["0"] } });
    first.hear();
    expect(await asked).toEqual({ total: 5 });
  });
});
