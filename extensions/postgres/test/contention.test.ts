// Many writers on one database: no deadlock, no lost message, no order lost.
import type { Store } from "@troupe/core";
import { expect, onTestFinished, test } from "vitest";
import { freshSchema, openStore } from "./support/postgres-subject.ts";
import { claimCell, mailEntry, markOf, marksOf, numbers, record } from "./support/records.ts";
import { describeWithServer } from "./support/with-server.ts";

describeWithServer("postgresStore under contention", (server) => {
  function open(count: number): { readonly stores: readonly Store[]; readonly schema: string } {
    const schema = freshSchema();
    const stores = numbers(count).map(() => openStore(server(), { schema }));
    onTestFinished(async () => {
      await Promise.all(stores.map(async (store) => store.close()));
    });
    return { stores, schema };
  }

  test("an owner that takes mail while several processes deliver misses none", async () => {
    const { stores } = open(4);
    const [owner, ...senders] = stores;
    if (owner === undefined) throw new Error("no store");
    const fence = await claimCell(owner, "cell");
    const perSender = 60;
    let isDone = false;
    const delivering = Promise.all(
      senders.map(async (sender, index) => {
        for (const mark of numbers(perSender)) await sender.deliver("cell", [mailEntry(`${index}:${mark}`)]);
      }),
    ).then(() => {
      isDone = true;
    });
    const taken: unknown[] = [];
    let position = fence.position;
    let last = -1;
    for (let isLast = false; !isLast; ) {
      isLast = isDone;
      const collected = await owner.collect("cell", { ...fence, position });
      const ids = collected.map(({ id }) => id);
      // Ids that become visible late would be taken with those above them.
      expect(ids.every((id, index) => id > (ids[index - 1] ?? last))).toBe(true);
      last = ids.at(-1) ?? last;
      taken.push(...collected.map(({ entry }) => markOf(entry)));
      position = await owner.append("cell", { ...fence, position }, [record(taken.length)], { collected: ids.at(-1) });
    }
    await delivering;
    expect(taken.length).toBe(senders.length * perSender);
    for (const index of senders.keys()) {
      const own = taken.filter((mark) => String(mark).startsWith(`${index}:`));
      expect(own).toEqual(numbers(perSender).map((mark) => `${index}:${mark}`));
    }
  });

  test("processes that write, claim, release and deliver to the same cells in every order meet no deadlock", async () => {
    const { stores, schema } = open(3);
    const cells = numbers(24).map((index) => `cell ${index}`);
    const before = await deadlocks();
    const work = stores.map(async (store, index) => {
      for (let round = 0; round < 12; round++) {
        // Each in its own order; what is refused is refused.
        const order = [...cells].sort((a, b) => ((a.length * 7 + index) % 3) - ((b.length * 5 + round) % 3));
        await Promise.allSettled(
          order.map(async (cell) => {
            const { epoch, position } = await store.claim(cell, `worker ${index}`);
            const next = await store.append(cell, { epoch, position }, [record(position)], { isBusy: true });
            await store.snapshot(cell, { epoch, position: next }, { position: next, agents: {} }, { dropsLog: false });
            await store.deliver(cell, [mailEntry(`${index}`)]);
            await store.release(`worker ${index}`, cell);
          }),
        );
      }
    });
    await Promise.all(work);
    // The server counts a deadlock at the latest when the connection that met it ends.
    await Promise.all(stores.map(async (store) => store.close()));
    expect(await deadlocks()).toBe(before);
    const [total] = await server().query(`SELECT sum(position) FROM ${schema}.cells`);
    expect(Number(total)).toBeGreaterThan(cells.length);
    const reader = openStore(server(), { schema });
    onTestFinished(() => reader.close());
    for (const cell of cells) {
      const marks = await marksOf(reader, cell);
      expect(marks).toEqual(numbers(marks.length));
    }
  });

  test("batches of two writers that name the same cells in opposite orders meet no deadlock", async () => {
    const { stores, schema } = open(2);
    const cells = numbers(450).map((index) => `cell ${index}`);
    const [store] = stores;
    if (store === undefined) throw new Error("no store");
    const fences = await Promise.all(cells.map((cell) => claimCell(store, cell)));
    const before = await deadlocks();
    const rounds = 20;
    // Both have the fences, as if one had lost and not noticed: of two appends at one position one wins.
    const write = (writer: Store, order: readonly number[], position: number): Promise<unknown> =>
      Promise.allSettled(
        order.map(async (index) => {
          const fence = { epoch: fences[index]?.epoch ?? 0, position };
          return writer.append(cells[index] ?? "", fence, [record(position)]);
        }),
      );
    const orders = [numbers(cells.length), numbers(cells.length).toReversed()];
    for (const position of numbers(rounds))
      await Promise.all(stores.map(async (writer, index) => write(writer, orders[index] ?? [], position)));
    await Promise.all(stores.map(async (each) => each.close()));
    expect(await deadlocks()).toBe(before);
    expect(await server().query(`SELECT DISTINCT position FROM ${schema}.cells`)).toEqual([String(rounds)]);
  });

  async function deadlocks(): Promise<number> {
    const [count] = await server().query("SELECT deadlocks FROM pg_stat_database WHERE datname = 'troupe'");
    return Number(count);
  }
});
