import { agentId, type Span, topicId, type Tracer } from "@troupe/core";
import { expect } from "vitest";
import { verifies } from "../core.ts";
import { agent, Ask, codeOf, createGate, Note, open, register } from "./fixtures.ts";

verifies("core-60", "any agent's state can be read and restored elsewhere; unknown types are an error", async () => {
  const counter = agent("counter", {
    onAsk: (_, context) => {
      context.state.count += 1;
      return String(context.state.count);
    },
  });
  const first = open({ maxIdleAgents: 0 });
  await register(first, counter);
  await first.send(Ask("x"), counter.id("a"));
  await first.idle();
  const snapshot = await first.snapshot(counter.id("a"));
  expect(snapshot).toEqual({ state: { count: 1 }, lists: {} });
  const second = open();
  await register(second, counter);
  if (snapshot !== undefined) await second.restore(counter.id("a"), snapshot);
  expect(await second.send(Ask("x"), counter.id("a"))).toBe("2");
  expect(await codeOf(second.snapshot(agentId("nobody", "x")))).toBe("delivery.no_such_agent");
});

verifies("core-R24", "restoring an unknown type, or while the agent works, is refused", async () => {
  const runtime = open();
  const gate = createGate();
  const a = agent("a", { onAsk: (text) => gate.pass().then(() => text) });
  await register(runtime, a);
  const snapshot = { state: { count: 7 }, lists: {} };
  expect(await codeOf(runtime.restore(agentId("nobody", "x"), snapshot))).toBe("delivery.no_such_agent");
  const pending = runtime.send(Ask("x"), a.id("x"));
  await gate.reached;
  expect(await codeOf(runtime.restore(a.id("x"), snapshot))).toBe("state.busy");
  gate.open();
  await pending;
});

verifies("core-R15", "without ports nothing is computed for them, and tracing activates no agent", async () => {
  let reads = 0;
  const runtime = open();
  const sink = agent("sink", { topics: ["news"] });
  await register(runtime, sink);
  const watched = Note("x");
  Object.defineProperty(watched, "payload", {
    enumerable: true,
    get: () => {
      reads += 1;
      return "x";
    },
  });
  await runtime.tell(watched, sink.id("x"));
  await runtime.idle();
  // Validated, copied, and perhaps asked for by the type once more; AutoGen serialises it up to four times besides.
  expect(reads).toBeLessThanOrEqual(3);
  const traced = open({ tracer: recordingTracer([]) });
  await register(traced, agent("sink", { topics: ["news"] }));
  await traced.publish(Note("x"), topicId("news", "x"), { sender: agentId("sink", "sender") });
  await traced.idle();
  expect(traced.stats().activeAgents).toBe(1);
});

interface StartedSpan {
  readonly name: string;
  readonly parent: Span | undefined;
  readonly trace: Readonly<Record<string, string>> | undefined;
}

function recordingTracer(spans: StartedSpan[]): Tracer {
  return {
    startSpan: (name, options) => {
      spans.push({ name, parent: options?.parent, trace: options?.trace });
      const traceparent = `00-${"a".repeat(32)}-${String(spans.length).padStart(16, "0")}-01`;
      return { setAttribute: () => {}, recordError: () => {}, end: () => {}, propagate: () => ({ traceparent }) };
    },
  };
}

verifies("core-R27", "a span's parent comes with the message, never from what happens to run", async () => {
  const spans: StartedSpan[] = [];
  const runtime = open({ tracer: recordingTracer(spans) });
  const a = agent("a", { onAsk: (text) => text });
  await register(runtime, a);
  const traceparent = `00-${"b".repeat(32)}-${"1".repeat(16)}-01`;
  await runtime.send(Ask("x"), a.id("x"), { trace: { traceparent } });
  await runtime.send(Ask("y"), a.id("x"));
  await runtime.idle();
  expect(spans.length).toBeGreaterThan(0);
  const given = spans.filter((span) => JSON.stringify(span.trace ?? {}).includes("b".repeat(32)));
  expect(given.length).toBeGreaterThan(0);
  // The second request carries no trace: none of its spans may inherit the first one's.
  const last = spans.at(-1);
  expect(JSON.stringify(last?.trace ?? {})).not.toContain("b".repeat(32));
});
