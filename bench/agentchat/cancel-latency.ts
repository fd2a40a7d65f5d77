import { AssistantAgent, type ChatMessage, CodeExecutorAgent, type RunHandle, type Session } from "@troupe/agentchat";
import { jsonSchema, type ModelMessage, tool } from "@troupe/llm";
import { wasmExecutor } from "@troupe/wasm-exec";
import { cancelNestedSend } from "../core/cancel-nested-send.ts";
import type { Benchmark, Figure } from "../harness/benchmark.ts";
import { plainModel, textResult } from "./speakers.ts";

const limitMs = 250;

/** A session whose run hangs until it is cancelled, and how to know that it does. */
interface Hanging {
  readonly session: Session<undefined>;
  /** Resolves when the run is where it should be cancelled. */
  readonly whenHanging: () => Promise<void>;
  /** Makes the next run end by itself. */
  readonly release: () => void;
}

/** The slowest of several cancels, by the caller's signal; after each the session must answer a new task. */
async function slowestCancel(times: number, hanging: Hanging): Promise<number> {
  let slowest = 0;
  for (let time = 0; time < times; time++) {
    const controller = new AbortController();
    const run = hanging.session.run("go", { signal: controller.signal });
    const ended = endOf(run.handle);
    await hanging.whenHanging();
    const startedAt = performance.now();
    controller.abort(new Error("enough"));
    const reason = await ended;
    slowest = Math.max(slowest, performance.now() - startedAt);
    if (reason !== "enough") throw new Error(`the run ended with "${reason}"`);
  }
  hanging.release();
  const after = await hanging.session.run("again");
  if (after.stopReason.kind === "cancelled") throw new Error("the session is not usable after a cancel");
  checkHistory(await hanging.session.messages());
  return slowest;
}

/** Why a run rejected. */
async function endOf(run: RunHandle<undefined>): Promise<string> {
  try {
    const result = await run.result();
    return `resolved: ${result.stopReason.kind}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function checkHistory(messages: readonly ChatMessage[]): void {
  const last = messages.at(-1);
  if (last === undefined || last.source === "user") throw new Error("the last task has no answer");
}

/** Every call that a model was shown has exactly one result. */
function checkPairs(messages: readonly ModelMessage[]): void {
  const parts = messages.flatMap((message) => (typeof message.content === "string" ? [] : [...message.content]));
  const calls = parts.flatMap((part) => (part.kind === "tool-call" ? [part.callId] : []));
  const results = parts.flatMap((part) => (part.kind === "tool-result" ? [part.callId] : []));
  if (calls.toSorted().join() !== results.toSorted().join())
    throw new Error(`${calls.length} calls have ${results.length} results`);
}

/** A signal from inside the work that is to be cancelled. */
function createGate(): { readonly open: () => void; readonly passed: () => Promise<void> } {
  let gate = Promise.withResolvers<void>();
  return {
    open: () => gate.resolve(),
    passed: async () => {
      await gate.promise;
      gate = Promise.withResolvers<void>();
    },
  };
}

/** A model that stops in the middle of its words; a deaf one does not hear its signal either. */
async function cancelStream(times: number, isDeaf: boolean): Promise<number> {
  const gate = createGate();
  let isReleased = false;
  const model = plainModel(
    () => textResult("done"),
    async function* (signal) {
      yield "some words ";
      if (isReleased) return;
      gate.open();
      await new Promise((_resolve, reject) => {
        if (!isDeaf) signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
  );
  const agent = new AssistantAgent({ name: "talker", model });
  const session = agent.session("bench");
  const slowest = await slowestCancel(times, { session, whenHanging: gate.passed, release: () => (isReleased = true) });
  await agent.close();
  return slowest;
}

async function cancelTool(times: number): Promise<number> {
  const gate = createGate();
  let isReleased = false;
  const wait = tool({
    name: "wait",
    description: "Waits",
    input: jsonSchema<Record<string, never>>({ type: "object", properties: {} }),
    execute: (_arguments, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        gate.open();
      }),
  });
  let calls = 0;
  const model = plainModel(({ messages }) => {
    checkPairs(messages);
    if (isReleased) return textResult("done");
    calls += 1;
    const call = { kind: "tool-call", callId: `call-${calls}`, toolName: "wait", arguments: "{}" } as const;
    return { ...textResult(""), content: [call], finishReason: "tool-calls" };
  });
  const agent = new AssistantAgent({ name: "waiter", model, tools: [wait], stream: false });
  const session = agent.session("bench");
  const slowest = await slowestCancel(times, { session, whenHanging: gate.passed, release: () => (isReleased = true) });
  await agent.close();
  return slowest;
}

async function cancelSandbox(times: number): Promise<number> {
  const executor = wasmExecutor();
  const runner = new CodeExecutorAgent({ name: "runner", executor });
  const loop = runner.session("bench");
  const block = (code: string): string => `\`\`\`js\n${code}\n\`\`\``;
  let slowest = 0;
  for (let time = 0; time < times; time++) {
    const controller = new AbortController();
    const run = loop.run(block('console.log("in"); while (true) {}'), { signal: controller.signal });
    const ended = endOf(run.handle);
    // The loop blocks its worker and tells nobody: it has certainly begun by now.
    await new Promise((resolve) => setTimeout(resolve, 150));
    const startedAt = performance.now();
    controller.abort(new Error("enough"));
    const reason = await ended;
    slowest = Math.max(slowest, performance.now() - startedAt);
    if (reason !== "enough") throw new Error(`the sandboxed loop ended with "${reason}"`);
  }
  const { text } = await loop.run(block("console.log(6 * 7);"));
  if (!text.includes("42")) throw new Error(`after a cancel the sandbox said "${text}"`);
  await runner.close();
  await executor.close();
  return slowest;
}

/** How long it takes until everything that was started has ended. */
export const cancelLatency: Benchmark = {
  claim: "an abort during a model stream, a tool, a sandboxed loop and a nested send ends each within 250 ms",
  run: async (scale) => {
    const times = scale.count(20, 2);
    const figure = (label: string, value: number): Figure => ({ label, value, unit: "ms", limit: limitMs });
    return [
      figure("slowest abort during a model stream", await cancelStream(times, false)),
      figure("slowest abort of a model stream that does not hear its signal", await cancelStream(times, true)),
      figure("slowest abort during a tool call", await cancelTool(times)),
      figure("slowest abort during a sandboxed loop", await cancelSandbox(times)),
      figure("slowest abort during a send three agents deep", await cancelNestedSend(times)),
    ];
  },
};
