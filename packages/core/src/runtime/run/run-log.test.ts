import { expect, test } from "vitest";
import { RunLog } from "./run-log.ts";

test("E4: waiting mail keeps a run busy, but not while it is paused", async () => {
  const log = new RunLog("r");
  log.enqueued();
  log.enqueued();
  expect(log.activity.isIdle).toBe(false);
  log.pause();
  log.pause();
  log.enqueued();
  log.dropped();
  await log.activity.idle();
  log.resume();
  log.resume();
  expect(log.activity.isIdle).toBe(false);
  log.dropped();
  log.begun();
  log.pause();
  // The turn that has begun takes its count over, and gives it back.
  expect(log.activity.isIdle).toBe(false);
  log.activity.end();
  await log.activity.idle();
});
