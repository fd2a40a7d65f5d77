import { describe, expect, it } from "vitest";
import { ToolLimiter } from "./tool-limiter.ts";

const { signal } = new AbortController();
const two = { name: "two", concurrency: 2 };

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

describe("ToolLimiter", () => {
  it("1: lets in as many as allowed, the others in the order they came", async () => {
    const limiter = new ToolLimiter();
    const entered: number[] = [];
    const leaves: (() => void)[] = [];
    for (let index = 0; index < 5; index++) {
      void limiter.enter(two, signal).then((leave) => {
        entered.push(index);
        leaves.push(leave);
      });
    }
    await settle();
    expect(entered).toEqual([0, 1]);
    for (let index = 0; index < 5; index++) {
      leaves[index]?.();
      leaves[index]?.();
      await settle();
      expect(entered.length).toBe(Math.min(5, index + 3));
    }
    expect(entered).toEqual([0, 1, 2, 3, 4]);
  });

  it("1: limits each tool for itself", async () => {
    const limiter = new ToolLimiter();
    const one = { name: "one", concurrency: 1 };
    const leave = await limiter.enter(one, signal);
    await limiter.enter({ name: "other", concurrency: 1 }, signal);
    leave();
    await limiter.enter(one, signal);
  });

  it("2: drops a waiter that aborts, who takes no place, and leaves no listener", async () => {
    const limiter = new ToolLimiter();
    const one = { name: "one", concurrency: 1 };
    const leave = await limiter.enter(one, signal);
    const controller = new AbortController();
    const waiting = limiter.enter(one, controller.signal);
    const behind = limiter.enter(one, signal);
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(limiter.enter(one, controller.signal)).rejects.toThrow("enough");
    leave();
    (await behind)();
    await limiter.enter(one, signal);
  });

  it("3: never waits without a limit", async () => {
    const limiter = new ToolLimiter();
    const free = { name: "free", concurrency: Number.POSITIVE_INFINITY };
    const leaves = await Promise.all(Array.from({ length: 1000 }, () => limiter.enter(free, signal)));
    expect(leaves.length).toBe(1000);
  });
});
