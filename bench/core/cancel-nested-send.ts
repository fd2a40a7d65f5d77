import { defineAgent, defineRequest, InProcessRuntime } from "@troupe/core";
import { passthrough } from "./passthrough.ts";

const Ask = defineRequest("Ask", passthrough<{ readonly depth: number }>(), passthrough<{ readonly depth: number }>());

/** The slowest of several: an agent asks an agent asks an agent that never ends; the caller gives up. Milliseconds. */
export async function cancelNestedSend(times: number): Promise<number> {
  let began = (): void => {};
  let ended = (): void => {};
  let isReleased = false;
  const link = defineAgent({
    type: "link",
    state: () => ({}),
    handlers: (on) => [
      on.request(Ask, async ({ depth }, context) => {
        if (depth > 0) return context.send(Ask({ depth: depth - 1 }), { type: "link", key: `link-${depth - 1}` });
        if (isReleased) return { depth };
        await context.step("work", ({ signal }) => {
          began();
          return new Promise<null>((_resolve, reject) => {
            signal.addEventListener(
              "abort",
              () => {
                ended();
                reject(signal.reason);
              },
              { once: true },
            );
          });
        });
        return { depth };
      }),
    ],
  });
  const runtime = new InProcessRuntime();
  await runtime.register(link);
  let slowest = 0;
  for (let time = 0; time < times; time++) {
    const controller = new AbortController();
    const hasBegun = new Promise<void>((resolve) => (began = resolve));
    const hasEnded = new Promise<void>((resolve) => (ended = resolve));
    const asked = runtime.send(Ask({ depth: 3 }), link.id("link-3"), { signal: controller.signal });
    const refused = asked.then(
      () => false,
      (error: unknown) => error === controller.signal.reason,
    );
    await hasBegun;
    const startedAt = performance.now();
    controller.abort(new Error("enough"));
    const [isRefused] = await Promise.all([refused, hasEnded]);
    slowest = Math.max(slowest, performance.now() - startedAt);
    if (!isRefused) throw new Error("the caller was not told its own reason");
  }
  isReleased = true;
  await runtime.send(Ask({ depth: 3 }), link.id("link-3"));
  await runtime.close();
  return slowest;
}
