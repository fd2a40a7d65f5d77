import { expect, test } from "vitest";
import { Progress } from "./progress.ts";

test("a line now and then says how fast this part of the campaign is, and how long the rest takes", () => {
  let now = 1000;
  const progress = new Progress(10_000, () => now);
  const report = { cases: 50, kills: 70, unknown: 3, wanted: 430, known: 10, failed: [] };
  now += 9_999;
  expect(progress.say(report)).toBeUndefined();
  now += 20_001;
  expect(progress.say(report)).toBe("70 of 430 kills in 50 runs, 0 wrong; 2.0 a second, 3 min left");
  expect(progress.say(report)).toBeUndefined();
  now += 10_000;
  expect(progress.say({ ...report, kills: 10 })).toBe("10 of 430 kills in 50 runs, 0 wrong; none since it went on");
});
