import { describe, expect, test } from "vitest";
import { type Asked, Gather, type GatherOptions } from "./gather.ts";

interface Thing {
  readonly key: string;
  readonly mark: number;
}

/** A gatherer whose batches end when the test says so. */
function open(options: Partial<GatherOptions<Thing, number>> = {}) {
  const batches: { readonly marks: readonly number[]; readonly asked: readonly Asked<Thing, number>[] }[] = [];
  const ends: (() => void)[] = [];
  const began: ((count: number) => void)[] = [];
  const gather = new Gather<Thing, number>({
    run: async (asked) => {
      batches.push({ marks: asked.map(({ input }) => input.mark), asked });
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.push(resolve);
      for (const tell of began.splice(0)) tell(batches.length);
      await promise;
      for (const { input, resolve: settle } of asked) settle(input.mark * 10);
    },
    keyOf: ({ key }) => key,
    maxBatch: 100,
    ...options,
  });
  const marks = (): readonly (readonly number[])[] => batches.map((batch) => batch.marks);
  /** Resolves when the batch of that number has begun. */
  const begun = async (count: number): Promise<void> => {
    while (batches.length < count) await new Promise<number>((resolve) => began.push(resolve));
  };
  const end = (index: number): void => ends[index]?.();
  return { gather, marks, begun, end };
}

const thing = (mark: number, key = String(mark)): Thing => ({ key, mark });

describe("Gather", () => {
  test("G1: a tick's worth is one batch, and what is asked for meanwhile is the next", async () => {
    const { gather, marks, begun, end } = open();
    const first = [gather.add(thing(1)), gather.add(thing(2))];
    await begun(1);
    const second = [gather.add(thing(3)), gather.add(thing(4)), gather.add(thing(5))];
    end(0);
    expect(await Promise.all(first)).toEqual([10, 20]);
    await begun(2);
    end(1);
    expect(await Promise.all(second)).toEqual([30, 40, 50]);
    expect(marks()).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    await gather.idle();
  });

  test("G1: a batch holds at most so many", async () => {
    const { gather, marks, begun, end } = open({ maxBatch: 2 });
    const all = [1, 2, 3, 4, 5].map((mark) => gather.add(thing(mark)));
    for (const round of [1, 2, 3]) {
      await begun(round);
      end(round - 1);
    }
    await Promise.all(all);
    expect(marks()).toEqual([[1, 2], [3, 4], [5]]);
  });

  test("G2: of one key one goes at a time, in the order asked for, and nobody waits for another key", async () => {
    const { gather, marks, begun, end } = open();
    const all = [thing(1, "a"), thing(2, "a"), thing(3, "b"), thing(4, "a"), thing(5, "b")].map((each) =>
      gather.add(each),
    );
    for (const round of [1, 2, 3]) {
      await begun(round);
      end(round - 1);
    }
    await Promise.all(all);
    expect(marks()).toEqual([[1, 3], [2, 5], [4]]);
  });

  test("G2: what can join goes together, until one cannot: then all after it wait", async () => {
    const { gather, marks, begun, end } = open({ joins: (last, next) => next.mark === last.mark + 1 });
    const all = [1, 2, 9, 10, 3].map((mark) => gather.add(thing(mark, "a")));
    for (const round of [1, 2, 3]) {
      await begun(round);
      end(round - 1);
    }
    await Promise.all(all);
    expect(marks()).toEqual([[1, 2], [9, 10], [3]]);
  });

  test("G3: what a batch throws goes to those it has not settled, and the next batch runs", async () => {
    let isFirst = true;
    const { gather } = open({
      run: async (asked) => {
        asked[0]?.resolve(1);
        if (!isFirst) return;
        isFirst = false;
        throw new Error("broken");
      },
    });
    const outcomes = await Promise.allSettled([gather.add(thing(1)), gather.add(thing(2))]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(await gather.add(thing(3))).toBe(1);
  });
});
