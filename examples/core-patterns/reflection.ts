// A coder and a reviewer: JSON verdicts until one approves, with a memory for every session.
import assert from "node:assert/strict";
import { type ChatModel, defineAgent, defineEvent, InProcessRuntime, topicId, typeSubscription } from "troupe";
import { ScriptedModel } from "troupe/testing";
import { z } from "zod";
import { ask } from "./words.ts";

const WriteCode = defineEvent("WriteCode", z.object({ task: z.string() }));
const Review = defineEvent("Review", z.object({ code: z.string() }));
const verdictSchema = z.object({ approved: z.boolean(), comments: z.string() });
const Verdict = defineEvent("Verdict", verdictSchema);
const Approved = defineEvent("Approved", z.object({ code: z.string(), attempts: z.number() }));

const coder = (model: ChatModel) => {
  const write = (memory: readonly string[], signal: AbortSignal): Promise<string> =>
    ask(model, { system: "You write code.", text: memory.join("\n") }, signal);
  return defineAgent({
    type: "coder",
    state: () => ({ code: "", attempts: 0 }),
    lists: { memory: z.string() },
    handlers: (on) => [
      on.event(WriteCode, async ({ task }, context) => {
        context.lists.memory.append(`task: ${task}`);
        context.state.code = await context.step("write", (step) => write([task], step.signal), { idempotent: true });
        context.state.attempts = 1;
        context.publish(Review({ code: context.state.code }), topicId("reviews", context.id.key));
      }),
      on.event(Verdict, async ({ approved, comments }, context) => {
        const { state, lists, id } = context;
        if (approved) {
          context.publish(Approved({ code: state.code, attempts: state.attempts }), topicId("done", id.key));
          return;
        }
        lists.memory.append(`code: ${state.code}`);
        lists.memory.append(`review: ${comments}`);
        const memory = await lists.memory.read();
        state.code = await context.step("write", (step) => write(memory, step.signal), { idempotent: true });
        state.attempts += 1;
        context.publish(Review({ code: state.code }), topicId("reviews", id.key));
      }),
    ],
    subscriptions: [typeSubscription("code"), typeSubscription("verdicts")],
  });
};

const reviewer = (model: ChatModel) =>
  defineAgent({
    type: "reviewer",
    state: () => ({}),
    handlers: (on) => [
      on.event(Review, async ({ code }, context) => {
        const prompt = { system: "Answer as JSON: approved, comments.", text: code };
        const text = await context.step("review", (step) => ask(model, prompt, step.signal), { idempotent: true });
        context.publish(Verdict(verdictSchema.parse(JSON.parse(text))), topicId("verdicts", context.id.key));
      }),
    ],
    subscriptions: [typeSubscription("reviews")],
  });

export async function reflect(): Promise<string> {
  const done: { code: string; attempts: number }[] = [];
  const listener = defineAgent({
    type: "listener",
    state: () => ({}),
    handlers: (on) => [on.event(Approved, (approved) => void done.push(approved))],
    subscriptions: [typeSubscription("done")],
  });
  const critic = new ScriptedModel(({ messages }) => {
    const approved = JSON.stringify(messages).includes("a + b");
    return JSON.stringify({ approved, comments: approved ? "fine" : "That subtracts." });
  });
  const runtime = new InProcessRuntime();
  await runtime.register(coder(new ScriptedModel(["sum = a - b", "sum = a + b"])));
  await runtime.register(reviewer(critic));
  await runtime.register(listener);
  await runtime.publish(WriteCode({ task: "Add two numbers" }), topicId("code", "session-1"));
  await runtime.idle();
  await runtime.close();
  assert.deepEqual(done, [{ code: "sum = a + b", attempts: 2 }]);
  return "approved after 2 attempts";
}
