import { ToolError } from "@troupe/core";
import { ManualClock } from "@troupe/core/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { JsonValue } from "../model/json.ts";
import { toolContent } from "./render-result.ts";
import { runToolCall, type ToolCallContext } from "./run-tool-call.ts";
import { tool, type ToolOptions } from "./tool.ts";

function setUp(more: Partial<ToolCallContext> = {}) {
  const controller = new AbortController();
  const progress: JsonValue[] = [];
  const clock = new ManualClock();
  const context: ToolCallContext = {
    signal: controller.signal,
    callId: "call-1",
    idempotencyKey: "key-1",
    progress: (value) => progress.push(value),
    clock,
    random: { next: () => 0.5 },
    ...more,
  };
  return { controller, progress, clock, context };
}

type Execute = ToolOptions<object, object, unknown>["execute"];

function make(execute: Execute, more: Partial<ToolOptions<object, object, unknown>> = {}) {
  return tool<object, object, unknown>({ name: "probe", description: "p", input: z.object({}), execute, ...more });
}

async function textOf(execute: Execute, more: Partial<ToolOptions<object, object, unknown>> = {}): Promise<string> {
  const outcome = await runToolCall(make(execute, more), "", setUp().context);
  return outcome.content.map((part) => (part.kind === "text" ? part.text : JSON.stringify(part))).join("\n");
}

describe("the result of a tool", () => {
  it("renders strings as text and everything else as JSON", async () => {
    const results: readonly [unknown, unknown][] = [
      ["words", { kind: "text", text: "words" }],
      ["", { kind: "text", text: "" }],
      [42, { kind: "json", value: 42 }],
      [null, { kind: "json", value: null }],
      [undefined, { kind: "text", text: "The tool finished and returned nothing." }],
      [[1, { a: undefined, b: new Date(0) }], { kind: "json", value: [1, { b: "1970-01-01T00:00:00.000Z" }] }],
    ];
    for (const [value, part] of results) {
      expect(
        await runToolCall(
          make(() => value),
          "",
          setUp().context,
        ),
      ).toEqual({ status: "ok", content: [part] });
    }
  });

  it("keeps files and other parts, and an error that the tool declares", async () => {
    const parts = [
      { kind: "text", text: "a plot" },
      { kind: "file", mediaType: "image/png", data: "AAAA" },
    ] as const;
    expect(
      await runToolCall(
        make(() => toolContent(parts)),
        "",
        setUp().context,
      ),
    ).toEqual({ status: "ok", content: parts });
    const outcome = await runToolCall(
      make(() => toolContent([{ kind: "text", text: "no" }], "error")),
      "",
      setUp().context,
    );
    expect(outcome).toEqual({
      status: "error",
      content: [{ kind: "text", text: "no" }],
      failure: { code: "tool.failed", message: "no" },
    });
  });

  it("refuses results that JSON cannot hold, naming the place", async () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    for (const value of [10n, cycle, { a: () => 1 }, { n: Number.NaN }, new Map(), { s: Symbol("s") }]) {
      const outcome = await runToolCall(
        make(() => value),
        "",
        setUp().context,
      );
      expect(outcome).toMatchObject({ status: "error", failure: { code: "tool.unserializable_result" } });
    }
    expect(await textOf(() => ({ deep: { total: 10n } }))).toContain('a bigint in "total"');
  });

  it("lets the model read every error, with its remedy and the errors it gathers", async () => {
    const fail = (error: unknown) => () => {
      throw error;
    };
    expect(await textOf(fail(new Error("disk full")))).toBe("disk full");
    expect(await textOf(fail("plain words"))).toBe("plain words");
    expect(await textOf(fail(undefined))).toBe("a thrown undefined");
    expect(await textOf(fail(new ToolError("tool.quota", "Quota reached", { remedy: "Wait a minute." })))).toBe(
      "Quota reached. Wait a minute.",
    );
    expect(await textOf(fail(new AggregateError([new Error("a"), new AggregateError([new Error("b")])], "two")))).toBe(
      "two: a; b",
    );
  });

  it("cuts a long result on a character boundary and says so", async () => {
    expect(await textOf(() => "äöü", { maxResultBytes: 3 })).toBe("ä\n[cut: 2 of 6 bytes are shown]");
    expect(await textOf(() => "😀😀", { maxResultBytes: 7 })).toBe("😀\n[cut: 4 of 8 bytes are shown]");
    expect(await textOf(() => ({ a: "xxxxxxxxxx" }), { maxResultBytes: 6 })).toBe(
      '{"a":"\n[cut: 6 of 18 bytes are shown]',
    );
    const parts = toolContent([
      { kind: "text", text: "1234" },
      { kind: "file", mediaType: "image/png", data: "AAAA" },
    ]);
    expect(await textOf(() => parts, { maxResultBytes: 5 })).toBe(
      "1234\n[cut: a file of type image/png and 4 bytes was left out]",
    );
    expect(
      await textOf(
        () => {
          throw new Error("e".repeat(100));
        },
        { maxResultBytes: 10 },
      ),
    ).toContain("[cut: 10 of 100 bytes");
  });
});
