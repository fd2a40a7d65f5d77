import assert from "node:assert/strict";
import { InProcessRuntime, defineAgent, defineRequest } from "@troupe/core";
import { z } from "zod";

const Fetch = defineRequest("Fetch", z.object({ url: z.string() }), z.object({ body: z.string(), tries: z.number() }));
let calls = 0;

async function flakyFetch(url: string, key: string): Promise<string> {
  calls += 1;
  if (calls < 3) throw new Error("503");
  return `${url} ${key.length > 0 ? "ok" : "no key"}`;
}

const crawler = defineAgent({
  type: "crawler",
  state: () => ({}),
  handlers: (on) => [
    on.request(Fetch, async ({ url }, context) => {
      const body = await context.step("fetch", (step) => flakyFetch(url, step.idempotencyKey), {
        idempotent: true,
        retries: 3,
        backoffMs: 1,
      });
      return { body, tries: calls };
    }),
  ],
});

const runtime = new InProcessRuntime();
await runtime.register(crawler);
const answer = await runtime.send(Fetch({ url: "barley" }), crawler.id("a"));
await runtime.close();
assert.deepEqual(answer, { body: "barley ok", tries: 3 });
