import {
  defineAgent,
  defineEvent,
  defineRequest,
  InProcessRuntime,
  type Span,
  type SpanOptions,
  topicId,
  type Tracer,
  typeSubscription,
} from "@troupe/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const Ask = defineRequest("Ask", z.object({ n: z.number() }), z.object({ n: z.number() }));
const Tick = defineEvent("Tick", z.object({}));

class RecordingTracer implements Tracer {
  readonly names: string[] = [];
  readonly errors: unknown[] = [];
  readonly parents: (string | undefined)[] = [];
  open = 0;

  startSpan(name: string, options?: SpanOptions): Span {
    this.names.push(name);
    this.parents.push(options?.trace?.["traceparent"]);
    this.open += 1;
    return {
      setAttribute: () => {},
      recordError: (error) => this.errors.push(error),
      propagate: () => ({ traceparent: name }),
      end: () => {
        this.open -= 1;
      },
    };
  }
}

const inner = defineAgent({
  type: "inner",
  state: () => ({}),
  handlers: (on) => [on.request(Ask, ({ n }) => ({ n: n + 1 }))],
});
const outer = defineAgent({
  type: "outer",
  state: () => ({}),
  handlers: (on) => [
    on.request(Ask, async ({ n }, context) => {
      if (n < 0) throw new Error("negative");
      return context.send(Ask({ n }), inner.id("i"));
    }),
    on.event(Tick, () => {}),
  ],
  subscriptions: [typeSubscription("clock")],
});

async function runtimeWith(tracer: Tracer): Promise<InProcessRuntime> {
  const runtime = new InProcessRuntime({ tracer });
  await runtime.register(inner);
  await runtime.register(outer);
  return runtime;
}

describe("a runtime with a tracer", () => {
  test("names each span after AutoGen's, and hands the trace context from message to message", async () => {
    const tracer = new RecordingTracer();
    const runtime = await runtimeWith(tracer);
    await runtime.send(Ask({ n: 1 }), outer.id("o"), { trace: { traceparent: "caller" } });
    await runtime.close();
    expect(tracer.names).toEqual([
      "autogen create outer.(o)-A",
      "autogen process outer.(o)-A",
      "autogen process inner.(i)-A",
    ]);
    expect(tracer.parents).toEqual(["caller", "autogen create outer.(o)-A", "autogen process outer.(o)-A"]);
    expect(tracer.open).toBe(0);
  });

  test("spans a publish and the turns it causes", async () => {
    const tracer = new RecordingTracer();
    const runtime = await runtimeWith(tracer);
    await runtime.publish(Tick({}), topicId("clock", "x"));
    await runtime.idle();
    await runtime.close();
    expect(tracer.names).toEqual(["autogen create clock.(x)-T", "autogen process outer.(x)-A"]);
    expect(tracer.open).toBe(0);
  });

  test("records failures and leaves no span open: handler, schema, unknown agent, abort, close", async () => {
    const tracer = new RecordingTracer();
    const runtime = await runtimeWith(tracer);
    await expect(runtime.send(Ask({ n: -1 }), outer.id("o"))).rejects.toThrow("negative");
    await expect(runtime.send(Ask({ n: "x" as never }), outer.id("o"))).rejects.toMatchObject({
      code: "serialization.invalid_message",
    });
    await expect(runtime.send(Ask({ n: 1 }), { type: "nobody", key: "k" })).rejects.toMatchObject({
      code: "delivery.no_such_agent",
    });
    const controller = new AbortController();
    const aborted = runtime.send(Ask({ n: 2 }), outer.id("o"), { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    await runtime.idle();
    await runtime.close();
    expect(tracer.open).toBe(0);
    expect(tracer.errors.length).toBeGreaterThanOrEqual(4);
  });
});
