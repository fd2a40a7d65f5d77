import { describe, expect, test } from "vitest";
import { Activity } from "./activity.ts";
import { Scheduler } from "./scheduler.ts";

function create(pick?: (count: number) => number): { activity: Activity; scheduler: Scheduler; errors: unknown[] } {
  const activity = new Activity();
  const errors: unknown[] = [];
  return { activity, errors, scheduler: new Scheduler(activity, { pick, report: (error) => errors.push(error) }) };
}

describe("Scheduler", () => {
  test("S1: work never starts inside the call that made it ready, and A2: idle resolves when all of it is done", async () => {
    const { activity, scheduler } = create();
    const done: number[] = [];
    scheduler.add({ run: () => done.push(1) });
    scheduler.add({ run: () => done.push(2) });
    expect(done).toEqual([]);
    await activity.idle();
    expect(done).toEqual([1, 2]);
    expect(activity.isIdle).toBe(true);
  });

  test("S2: work that makes itself ready for ever does not keep a timer from firing", async () => {
    const { scheduler } = create();
    let isOver = false;
    let rounds = 0;
    const again = { run: (): void => void (!isOver && (rounds += 1) && scheduler.add(again)) };
    scheduler.add(again);
    await new Promise((resolve) => setTimeout(resolve, 5));
    isOver = true;
    expect(rounds).toBeGreaterThan(512);
  });

  test("S3: the same picks give the same order, whatever is ready", async () => {
    const orderOf = async (picks: readonly number[]): Promise<string> => {
      const left = [...picks];
      const { activity, scheduler } = create((count) => (left.shift() ?? 0) % count);
      const done: string[] = [];
      for (const name of ["a", "b", "c", "d"]) scheduler.add({ run: () => done.push(name) });
      await activity.idle();
      return done.join("");
    };
    expect(await orderOf([2, 2, 1, 0])).toBe(await orderOf([2, 2, 1, 0]));
    expect(await orderOf([2, 2, 1, 0])).not.toBe(await orderOf([0, 0, 0, 0]));
    expect(await orderOf([0, 0, 0, 0])).toBe("abcd");
    expect(
      Array.from(await orderOf([3, 1, 0, 0]))
        .sort()
        .join(""),
    ).toBe("abcd");
  });

  test("S4: a piece that throws is reported, and the next one runs", async () => {
    const { activity, scheduler, errors } = create();
    const done: string[] = [];
    scheduler.add({
      run: () => {
        throw new Error("first");
      },
    });
    scheduler.add({ run: () => done.push("second") });
    await activity.idle();
    expect(done).toEqual(["second"]);
    expect(errors).toEqual([new Error("first")]);
  });

  test("what was ready is forgotten at clear, and counts as busy no more", () => {
    const { activity, scheduler } = create();
    scheduler.add({ run: () => expect.unreachable() });
    scheduler.close();
    expect(activity.isIdle).toBe(true);
  });
});

describe("Activity", () => {
  test("A2: idle waits through a moment of rest that work begins again in", async () => {
    const activity = new Activity();
    activity.begin();
    let isResolved = false;
    const idle = activity.idle().then(() => {
      isResolved = true;
    });
    activity.end();
    activity.begin();
    await Promise.resolve();
    await Promise.resolve();
    expect(isResolved).toBe(false);
    activity.end();
    await idle;
    expect(activity.isIdle).toBe(true);
  });
});
