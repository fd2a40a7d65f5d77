import {
  defineAgent,
  defineRequest,
  InProcessRuntime,
  type LogRange,
  MemoryStore,
  type StoreRecord,
} from "@troupe/core";
import { expect, test } from "vitest";
import { z } from "zod";

const Count = defineRequest("Count", z.object({ to: z.number() }), z.object({ to: z.number() }));

const counter = defineAgent({
  type: "counter",
  state: () => ({ to: 0 }),
  cell: (key) => `counter/${key}`,
  handlers: (on) => [
    on.request(Count, ({ to }, context) => {
      context.state.to = to;
      for (let n = 1; n < to; n++) context.emit("counted", n);
      context.emit("counted", to, { end: "finished" });
      return { to };
    }),
  ],
});

/** Notes who claims cells, and what is wanted of the logs that are read. */
class WatchedStore extends MemoryStore {
  readonly claims: string[] = [];
  readonly views: (string | undefined)[] = [];

  constructor() {
    super({ isDurable: true });
  }

  override claim(cell: string, owner: string): ReturnType<MemoryStore["claim"]> {
    this.claims.push(cell);
    return super.claim(cell, owner);
  }

  override read(cell: string, range: LogRange = {}): readonly StoreRecord[] {
    this.views.push(range.view);
    return super.read(cell, range);
  }
}

async function createEnded(): Promise<{ readonly store: WatchedStore; readonly runtime: InProcessRuntime }> {
  const store = new WatchedStore();
  const first = new InProcessRuntime({ store });
  await first.register(counter);
  await first.send(Count({ to: 5 }), counter.id("a"), { run: { runId: "run", path: [] } });
  await first.close();
  store.claims.length = 0;
  store.views.length = 0;
  const runtime = new InProcessRuntime({ store });
  await runtime.register(counter);
  return { store, runtime };
}

test("C20: the events of a run that has ended are read without opening its cell", async () => {
  const { store, runtime } = await createEnded();
  const read: unknown[] = [];
  for await (const event of runtime.events("counter/a", { runId: "run", from: 2 })) read.push(event.payload);
  expect(read).toEqual([2, 3, 4, 5]);
  expect(store.claims).toEqual([]);
  expect(store.views).toEqual(["events"]);
  await runtime.close();
});

test("C4: who opens a cell asks the store for its state alone", async () => {
  const { store, runtime } = await createEnded();
  expect((await runtime.snapshot(counter.id("a")))?.state).toEqual({ to: 5 });
  expect(store.claims).toContain("counter/a");
  expect(new Set(store.views)).toEqual(new Set(["state"]));
  await runtime.close();
});
