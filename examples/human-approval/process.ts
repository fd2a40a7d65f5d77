// One of the three processes: `ask` starts the run and leaves it at its questions, `answer` answers them, `finish` waits for the end.
import assert from "node:assert/strict";
import { InProcessRuntime } from "troupe";
import { sqliteStore } from "@troupe/sqlite";
import { team } from "./team.ts";

const runtime = new InProcessRuntime({ store: sqliteStore("invoices.db") });
const [, , role] = process.argv;

if (role === "ask") {
  const { stopReason, questions } = await team.run("Pay both invoices", { runtime, runId: "october" });
  console.log(`asks: ${stopReason.kind}, ${questions.length} questions`);
}
if (role === "answer") {
  const run = team.attach("october", { runtime });
  const { questions } = await run;
  // The last one first; nobody has to answer in order.
  for (const question of questions.toReversed()) {
    console.log(`answers: ${question.prompt}`);
    await run.respond(question.id, { approved: true });
  }
  const [again] = questions;
  assert.ok(again);
  await assert.rejects(run.respond(again.id, { approved: false }), { code: "wait.already_settled" });
}
if (role === "finish") {
  const { text, stopReason } = await team.attach("october", { runtime });
  console.log(`finishes: ${stopReason.kind}, ${text}`);
}
await runtime.close();
