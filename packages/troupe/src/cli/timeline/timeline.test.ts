import { type JsonValue, MemoryStore, type StoreRecord } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { describeFigures, sumMoments } from "./run-figures.ts";
import { type Moment, readMoments } from "./run-moments.ts";
import { writeTimeline } from "./write-timeline.ts";

const start = 1_000_000;

function moment(sequence: number, kind: string, payload: JsonValue): Moment {
  return {
    kind: "event",
    event: { runId: "r", sequence, path: ["clerk"], kind, payload, at: start + sequence * 100 },
  };
}

function show(moments: readonly Moment[], width = 100): string {
  const shown = { text: "" };
  writeTimeline({ write: (text) => void (shown.text += text), isColoured: false, width }, moments);
  return shown.text;
}

const usage = { inputTokens: 100, outputTokens: 20, cachedInputTokens: 0, reasoningTokens: 0, estimated: false };

describe("the timeline", () => {
  test("tells who spoke, what was called with what and came of it, what it cost, how it ended", () => {
    const text = show([
      moment(1, "run-started", { runner: "desk" }),
      moment(2, "message", { message: { kind: "text", id: "m", source: "user", text: "Refund\norder 7" } }),
      moment(3, "model-called", { model: "m-1", usage, usd: 0.0123, durationMs: 1_234 }),
      moment(4, "tool-call-requested", { calls: [{ callId: "c", toolName: "refund", arguments: '{"order":7}' }] }),
      moment(5, "tool-call-finished", {
        result: { callId: "c", toolName: "refund", status: "unknown", content: [{ kind: "text", text: "who knows" }] },
        durationMs: 7,
      }),
      moment(6, "code-started", { blocks: [{ language: "javascript", code: "1 + 1" }] }),
      moment(7, "code-finished", { exitCode: 1, output: "no", isTruncated: false, durationMs: 70_000 }),
      moment(8, "question-asked", {
        question: { id: "q", asker: ["clerk"], prompt: "Sure?", schema: {}, deadline: null },
      }),
      moment(9, "speaker-failed", {
        speaker: "bob",
        error: { name: "E", message: "boom", code: "model.x" },
        policy: "skip",
      }),
      moment(10, "run-finished", { stopReason: { kind: "condition", detail: "said APPROVE" }, usage: {} }),
    ]);
    const lines = text.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^ +1 +\+0 ms +clerk +started desk$/);
    expect(lines[1]).toMatch(/^ +2 +\+100 ms +user +Refund$/);
    expect(lines[2]).toMatch(/^ +order 7$/);
    for (const part of [
      "asked m-1: 100 + 20 tokens, $0.0123, 1.2 s",
      'calls refund {"order":7}',
      "refund: unknown, 7 ms: who knows",
      "runs javascript: 1 + 1",
      "exit code 1, 1 min 10 s: no",
      "asks: Sure?",
      "bob            failed: boom (model.x) (policy: skip)",
      "ended by condition: said APPROVE",
    ])
      expect(text).toContain(part);
  });

  test("shows deaths and what was done from outside, in their place", () => {
    const text = show([
      moment(1, "run-started", { runner: "desk" }),
      { kind: "recovered", at: start + 12_100 },
      { kind: "control", at: start + 12_200, action: "cancel", detail: { by: "cancel", text: "enough" } },
      moment(2, "thought", { text: "hm" }),
    ]);
    const lines = text.split("\n");
    expect(lines[1]).toContain("the process had died; another took over, 12.0 s after the last record");
    expect(lines[2]).toContain("cancel: enough");
  });

  test("keeps every line within the width, cuts long results, and lets no text control the terminal", () => {
    const text = show([
      moment(1, "tool-call-finished", {
        result: { toolName: "t", status: "ok", content: [{ kind: "json", value: "x".repeat(5_000) }] },
      }),
      moment(2, "message", { message: { source: "a", text: `\u001b[2J${"word ".repeat(500)}` } }),
      moment(3, "of-my-own", { anything: [1, 2] }),
    ]);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    expect(text).toMatch(/\.\.\. and \d+ more lines/);
    // oxlint-disable-next-line no-control-regex -- what a terminal would take as a command
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(text).toContain('of-my-own {"anything":[1,2]}');
  });

  test.each([null, 7, "text", [], { message: null }, { result: { content: "no list" } }, { usage: 5, usd: "much" }])(
    "takes payloads as they come: %j",
    (payload) => {
      const kinds = ["message", "model-called", "tool-call-finished", "tool-call-requested", "code-started"];
      const text = show(
        [...kinds, "code-finished", "question-asked", "run-failed", "run-finished"].map((kind, index) =>
          moment(index + 1, kind, payload),
        ),
      );
      expect(text.split("\n").length).toBeGreaterThan(9);
    },
  );

  test("says what was pruned", () => {
    expect(show([moment(41, "thought", { text: "late" })])).toContain("events 1 to 40 were pruned");
  });
});

describe("readMoments", () => {
  test("finds one run in a log that holds others, from its first to its last event", async () => {
    const store = new MemoryStore({ isDurable: true });
    const { epoch } = store.claim("desk/s", "me");
    const record = (runId: string, sequence: number, end?: string): StoreRecord => ({
      kind: "turn",
      at: start,
      turn: "t",
      agent: { type: "desk", key: "s" },
      messageId: "m",
      events: [
        { runId, sequence, path: [], kind: "note", payload: null, at: start, ...(end !== undefined && { end }) },
      ],
    });
    store.append("desk/s", { epoch, position: 0 }, [
      record("other", 1),
      { kind: "recovered", at: start },
      record("r", 1),
      record("other", 2, "finished"),
      { kind: "recovered", at: start + 1 },
      { kind: "control", at: start, runId: "other", action: "pause", detail: null },
      { kind: "control", at: start, runId: "r", action: "pause", detail: null },
      record("r", 2, "finished"),
      { kind: "recovered", at: start + 2 },
    ]);
    const moments = await readMoments(store, { cell: "desk/s", runId: "r" });
    expect(moments.map((found) => (found.kind === "event" ? found.event.sequence : found.kind))).toEqual([
      1,
      "recovered",
      "control",
      2,
    ]);
    expect(await readMoments(store, { cell: "desk/s", runId: "nobody" })).toEqual([]);
  });
});

test("what went wrong or ran again is said", () => {
  const text = show([
    moment(1, "model-failed", { callId: "c", model: "m-1", message: "HTTP 500" }),
    moment(2, "tool-call-finished", {
      result: { toolName: "t", status: "ok", content: [] },
      durationMs: 5,
      executions: 2,
    }),
    moment(3, "code-finished", { exitCode: 0, output: "4", durationMs: 5, executions: 3 }),
  ]);
  expect(text).toContain("m-1 did not answer: HTTP 500");
  expect(text).toContain("t: ok, 5 ms, run 2 times:");
  expect(text).toContain("exit code 0, 5 ms, run 3 times: 4");
});

test("figures add up; a price that is not known is not 0", () => {
  const known = [
    moment(1, "model-called", { usage, usd: 0.5 }),
    { kind: "recovered", at: start } as const,
    moment(2, "model-called", { usage, usd: 0.25 }),
    moment(3, "tool-call-finished", {}),
  ];
  expect(describeFigures(sumMoments(known))).toBe(
    "200 ms | model calls: 2 | tool calls: 1 | 200 + 40 tokens | $0.7500 | taken over after a death: once",
  );
  const lost = moment(5, "model-called", { model: "m", usage, usd: 1, isEstimated: true });
  expect(describeFigures(sumMoments([...known, lost]))).toContain("model calls: 2 and 1 lost |");
  expect(show([lost])).toContain("a call of m was lost: at most 100 + 20 tokens, $1.0000");
  expect(sumMoments([...known, moment(4, "model-called", { usage, usd: null })]).usd).toBeNull();
  expect(describeFigures(sumMoments([]))).toBe("0 ms | model calls: 0");
});
