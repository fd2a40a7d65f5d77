import assert from "node:assert/strict";
import { InProcessRuntime, TroupeError, agentId, defineAgent, defineEvent, defineRequest } from "@troupe/core";
import { z } from "zod";

const Note = defineEvent("Note", z.object({ text: z.string() }));
const Ask = defineRequest("Ask", z.object({}), z.object({}));
const notes: string[] = [];

const archive = defineAgent({
  type: "archive",
  state: () => ({}),
  handlers: (on) => [
    on.event(Note, ({ text }) => {
      notes.push(text);
    }),
  ],
});

const runtime = new InProcessRuntime();
await runtime.tell(Note({ text: "kept" }), agentId("archive", "main"));
await runtime.idle();
const [letter] = runtime.deadLetters.list();
assert.equal(letter?.reason, "no-such-agent");
await runtime.register(archive);
await runtime.deadLetters.resend(letter.id);
await runtime.idle();
assert.deepEqual(notes, ["kept"]);

const refused: unknown = await runtime.send(Ask({}), agentId("nobody", "x")).catch((error: unknown) => error);
assert.ok(TroupeError.isTroupeError(refused));
assert.equal(refused.code, "delivery.no_such_agent");
assert.notEqual(refused.remedy, "");
await runtime.close();
