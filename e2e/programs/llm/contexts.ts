import assert from "node:assert/strict";
import { type ModelMessage, bufferedContext, headAndTailContext, unboundedContext } from "@troupe/llm";

const say = (text: string): ModelMessage => ({ role: "user", content: [{ kind: "text", text }] });
const history: readonly ModelMessage[] = [
  say("first"),
  { role: "assistant", content: [{ kind: "tool-call", callId: "1", toolName: "look", arguments: "{}" }] },
  {
    role: "tool",
    content: [
      { kind: "tool-result", callId: "1", toolName: "look", status: "ok", content: [{ kind: "text", text: "x" }] },
    ],
  },
  say("second"),
  say("third"),
];

assert.equal(unboundedContext().select(history).length, 5);
// The call and its result are one unit: both or neither.
assert.equal(bufferedContext({ size: 3 }).select(history).length, 2);
const ends = headAndTailContext({ head: 1, tail: 1 }).select(history);
assert.deepEqual(ends[0], history[0]);
assert.deepEqual(ends.at(-1), history.at(-1));
