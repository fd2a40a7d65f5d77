import { linkSignal } from "@troupe/core";
import { expect, vi } from "vitest";
import { verifies } from "../core.ts";
import { agent, Ask, codeOf, createGate, Note, open, register, thrownCode } from "./fixtures.ts";

verifies("core-55", "an abort gives the reason to the caller and stops nested work", async () => {
  const runtime = open();
  const gate = createGate();
  const seen: string[] = [];
  const inner = agent("inner", {
    onAsk: async (_, context) => {
      const outcome = await context.stepOutcome("work", async (step) => {
        const aborted = new Promise((_resolve, reject) => {
          step.signal.addEventListener("abort", () => reject(step.signal.reason as Error), { once: true });
        });
        await Promise.race([gate.pass(), aborted]);
      });
      seen.push(outcome.status);
      return "done";
    },
  });
  const outer = agent("outer", { onAsk: (text, context) => context.send(Ask(text), inner.id("x")) });
  await register(runtime, inner, outer);
  const controller = new AbortController();
  const reason = new Error("stop");
  const pending = runtime.send(Ask("go"), outer.id("x"), { signal: controller.signal });
  await gate.reached;
  controller.abort(reason);
  await expect(pending).rejects.toBe(reason);
  await vi.waitFor(() => expect(seen).toEqual(["cancelled"]));
  await runtime.idle();
});

verifies("core-57", "a request cancelled while it waits never reaches its handler", async () => {
  await cancelledBeforeDelivery();
});
verifies("core-R14", "a cancelled message that still waits is not handled", async () => {
  await cancelledBeforeDelivery();
});

async function cancelledBeforeDelivery(): Promise<void> {
  const runtime = open();
  const gate = createGate();
  const asked: string[] = [];
  const a = agent("a", {
    onAsk: async (text) => {
      asked.push(text);
      if (text === "first") await gate.pass();
      return text;
    },
  });
  await register(runtime, a);
  const first = runtime.send(Ask("first"), a.id("x"));
  await gate.reached;
  const controller = new AbortController();
  const queued = codeOf(runtime.send(Ask("queued"), a.id("x"), { signal: controller.signal }));
  const late = codeOf(runtime.send(Ask("late"), a.id("x"), { signal: AbortSignal.abort("too late") }));
  controller.abort("changed");
  expect([await queued, await late]).toEqual(["changed", "too late"]);
  gate.open();
  await first;
  await runtime.idle();
  expect(asked).toEqual(["first"]);
}

/** A signal that counts its listeners. */
function countListeners(signal: AbortSignal): () => number {
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...parameters: Parameters<typeof add>) => {
    count += 1;
    add(...parameters);
  };
  signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
    count -= 1;
    remove(...parameters);
  };
  return () => count;
}

const listeners = async (): Promise<void> => {
  const runtime = open();
  const a = agent("a", {
    onAsk: (text) => {
      if (text === "throw") throw new Error("x");
      return text;
    },
  });
  await register(runtime, a);
  const controller = new AbortController();
  const count = countListeners(controller.signal);
  for (let round = 0; round < 50; round++) {
    await runtime.send(Ask("x"), a.id("x"), { signal: controller.signal });
    await codeOf(runtime.send(Ask("throw"), a.id("x"), { signal: controller.signal }));
    await runtime.tell(Note("x"), a.id("x"), { signal: controller.signal });
  }
  await runtime.idle();
  expect(count()).toBe(0);
  // A listener that uses the runtime and another that throws disturb nobody.
  const gate = createGate();
  const slow = agent("slow", { onAsk: () => gate.pass().then(() => "late") });
  await register(runtime, slow);
  const pending = codeOf(runtime.send(Ask("slow"), slow.id("x"), { signal: controller.signal }));
  await gate.reached;
  const nested: Promise<string>[] = [];
  controller.signal.addEventListener("abort", () => {
    controller.abort("again");
    nested.push(runtime.send(Ask("from a listener"), a.id("x")));
  });
  controller.abort("stop");
  expect(await pending).toBe("stop");
  expect(await Promise.all(nested)).toEqual(["from a listener"]);
  gate.open();
  await runtime.idle();
};
verifies("core-58", "listeners disturb nobody and are removed", listeners);
verifies("core-R26", "cancelling inside a listener works and listeners are removed", listeners);

verifies("core-56", "an abort that happened before is passed on at once, and aborting twice is harmless", async () => {
  const runtime = open();
  const a = agent("a");
  await register(runtime, a);
  const controller = new AbortController();
  controller.abort("first");
  controller.abort("second");
  expect(await codeOf(runtime.send(Ask("x"), a.id("x"), { signal: controller.signal }))).toBe("first");
  const child = new AbortController();
  linkSignal(controller.signal, child)();
  expect(child.signal.reason).toBe("first");
  expect(thrownCode(() => child.signal.throwIfAborted())).toBe("first");
});
