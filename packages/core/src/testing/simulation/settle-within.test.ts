import { expect, test } from "vitest";
import { createDeferred } from "../../async/index.ts";
import { defineAgent } from "../../agent/index.ts";
import { defineEvent } from "../../message/index.ts";
import { InProcessRuntime } from "../../runtime/index.ts";
import { textSchema } from "../runtime-contract/fixtures.ts";
import { becomesIdle } from "./settle-within.ts";

const Knock = defineEvent("Knock", textSchema);

test("I3: a runtime whose work waits for the outside is not idle, one that nothing visible keeps busy is at fault", async () => {
  await using runtime = new InProcessRuntime();
  const gate = createDeferred<void>();
  const door = defineAgent({
    type: "door",
    state: () => null,
    handlers: (on) => [on.event(Knock, () => gate.promise)],
  });
  await runtime.register(door);
  expect(await becomesIdle(runtime)).toBe(true);
  const told = runtime.tell(Knock("first"), door.id("front"));
  expect(await becomesIdle(runtime)).toBe(false);
  gate.resolve();
  await told;
  expect(await becomesIdle(runtime)).toBe(true);
  const stuck = { idle: () => new Promise<void>(() => {}), stats: () => runtime.stats() };
  await expect(becomesIdle(stuck)).rejects.toThrow("I3: idle does not end");
});
