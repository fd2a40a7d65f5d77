import assert from "node:assert/strict";
import { InProcessRuntime, type InterventionHandler, defineAgent, defineRequest, dropMessage } from "@troupe/core";
import { z } from "zod";

const Echo = defineRequest("Echo", z.object({ text: z.string() }), z.object({ text: z.string() }));
const echo = defineAgent({
  type: "echo",
  state: () => ({}),
  handlers: (on) => [on.request(Echo, (payload) => payload)],
});

const seen: string[] = [];
const filter: InterventionHandler = {
  name: "filter",
  onSend(message, { recipient }) {
    seen.push(recipient.key);
    return recipient.key === "blocked" ? dropMessage : message;
  },
  onReply(reply) {
    return z.object({ text: z.string() }).parse(reply).text.includes("secret") ? { text: "[removed]" } : reply;
  },
};

const runtime = new InProcessRuntime({ interventions: [filter] });
await runtime.register(echo);
assert.deepEqual(await runtime.send(Echo({ text: "hello" }), echo.id("open")), { text: "hello" });
assert.deepEqual(await runtime.send(Echo({ text: "my secret" }), echo.id("open")), { text: "[removed]" });
await assert.rejects(runtime.send(Echo({ text: "x" }), echo.id("blocked")), { code: "delivery.dropped" });
await runtime.close();
assert.deepEqual(seen, ["open", "open", "blocked"]);
