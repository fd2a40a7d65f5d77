import { createDeferred } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { RestWatch } from "./rest-watch.ts";

describe("RestWatch", () => {
  it("1, 2: looks once at a time, and again when something has happened meanwhile", async () => {
    const answers = [createDeferred<boolean>(), createDeferred<boolean>(), createDeferred<boolean>()];
    let looks = 0;
    let rests = 0;
    const watch = new RestWatch(
      () => answers[looks++]?.promise ?? Promise.resolve(false),
      () => {
        rests += 1;
      },
    );
    const first = watch.look();
    const beside = watch.look();
    await beside;
    expect(looks).toBe(1);
    answers[0]?.resolve(true);
    answers[1]?.resolve(true);
    await first;
    expect([looks, rests]).toEqual([2, 1]);
    answers[2]?.resolve(false);
    await watch.look();
    expect([looks, rests]).toEqual([3, 1]);
  });

  it("1: can look again after a look that failed", async () => {
    const fault = new Error("no store");
    let looks = 0;
    const watch = new RestWatch(
      async () => {
        looks += 1;
        if (looks === 1) throw fault;
        return false;
      },
      () => {},
    );
    await expect(watch.look()).rejects.toBe(fault);
    await watch.look();
    expect(looks).toBe(2);
  });
});
