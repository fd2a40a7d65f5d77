import { defineAgent, defineEvent, InProcessRuntime } from "@troupe/core";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";

const Tick = defineEvent("Tick", z.object({}));
const broken = defineAgent({
  type: "broken",
  state: () => ({}),
  handlers: (on) => [
    on.event(Tick, () => {
      throw new Error("boom");
    }),
  ],
});

afterEach(() => vi.restoreAllMocks());

test("H1: without a logger a fault that nobody awaits goes to the console, once", async () => {
  const shown = vi.spyOn(console, "error").mockImplementation(() => {});
  await using runtime = new InProcessRuntime();
  await runtime.register(broken);
  await runtime.tell(Tick({}), broken.id("x"));
  await runtime.idle();
  expect(shown.mock.calls).toEqual([['handler of "broken/x" for "Tick" failed', new Error("boom")]]);
});
