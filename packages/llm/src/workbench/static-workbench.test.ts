import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { ToolCallContext } from "../tool/run-tool-call.ts";
import { type Tool, tool } from "../tool/tool.ts";
import { combineWorkbenches } from "./combine-workbenches.ts";
import { staticWorkbench } from "./static-workbench.ts";
import type { Workbench } from "./workbench.ts";

const add = tool({
  name: "add",
  description: "Adds",
  input: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => a + b,
});
const say = tool({
  name: "say",
  description: "Says",
  input: z.object({ text: z.string() }),
  execute: ({ text }) => text,
});
const count = tool({
  name: "count",
  description: "Counts",
  input: z.object({}),
  async *execute() {
    yield 1;
    return "counted";
  },
});

function callContext(more: Partial<ToolCallContext> = {}): ToolCallContext {
  return { signal: new AbortController().signal, callId: "c", idempotencyKey: "k", progress: () => {}, ...more };
}

describe("staticWorkbench", () => {
  it("lists its tools with their overrides, and keeps schema and limits", async () => {
    const workbench = staticWorkbench([add, say], { overrides: { add: { name: "plus", description: "Sum of two" } } });
    const [first, second] = await workbench.list();
    expect(first?.declaration).toEqual({
      name: "plus",
      description: "Sum of two",
      inputSchema: add.declaration.inputSchema,
    });
    expect(second).toMatchObject({
      declaration: { name: "say", description: "Says" },
      limits: { retries: 0, timeoutMs: 60_000 },
    });
  });

  it("answers to the new name and still to the old one, streaming tools included", async () => {
    const workbench = staticWorkbench([add, count], { overrides: { add: { name: "plus" }, count: { name: "tally" } } });
    for (const name of ["plus", "add"]) {
      expect(await workbench.call(name, '{"a":1,"b":2}', callContext())).toEqual({
        status: "ok",
        content: [{ kind: "json", value: 3 }],
      });
    }
    for (const name of ["tally", "count"]) {
      const progress: unknown[] = [];
      const outcome = await workbench.call(name, "", callContext({ progress: (value) => progress.push(value) }));
      expect([outcome.content, progress]).toEqual([[{ kind: "text", text: "counted" }], [1]]);
    }
  });

  it("names the tools there are when one is missing", async () => {
    const outcome = await staticWorkbench([add, say]).call("nope", "", callContext());
    expect(outcome).toMatchObject({ status: "error", failure: { code: "tool.not_found" } });
    expect(outcome.content).toEqual([{ kind: "text", text: 'Tool "nope" not found. There are: add, say.' }]);
    expect((await staticWorkbench([]).call("nope", "", callContext())).content).toEqual([
      { kind: "text", text: 'Tool "nope" not found. There are no tools.' },
    ]);
  });

  it.each([
    ["two tools of one name", () => staticWorkbench([add, add]), "config.duplicate_name"],
    [
      "an override that takes another tool's name",
      () => staticWorkbench([add, say], { overrides: { add: { name: "say" } } }),
      "config.duplicate_name",
    ],
    [
      "two overrides of one name",
      () => staticWorkbench([add, say], { overrides: { add: { name: "x" }, say: { name: "x" } } }),
      "config.duplicate_name",
    ],
    [
      "an override of nothing",
      () => staticWorkbench([add], { overrides: { nope: { name: "x" } } }),
      "config.invalid_option",
    ],
  ])("refuses %s", (_what, make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });

  it("allows an override that repeats the tool's own name", async () => {
    const workbench = staticWorkbench([add], { overrides: { add: { name: "add", description: "again" } } });
    expect((await workbench.list())[0]?.declaration.description).toBe("again");
  });

  it("holds the concurrency of a tool over all its calls", async () => {
    let running = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const slow = tool({
      name: "slow",
      description: "s",
      input: z.object({}),
      concurrency: 2,
      execute: async () => {
        running += 1;
        most = Math.max(most, running);
        await gate.promise;
        running -= 1;
      },
    });
    const workbench = staticWorkbench([slow]);
    const calls = Array.from({ length: 6 }, () => workbench.call("slow", "", callContext()));
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    gate.resolve();
    await Promise.all(calls);
    expect(most).toBe(2);
  });
});

describe("combineWorkbenches", () => {
  it("lists and calls the tools of all, also by hidden names, and says what there is", async () => {
    const combined = combineWorkbenches([
      staticWorkbench([add], { overrides: { add: { name: "plus" } } }),
      staticWorkbench([say]),
    ]);
    expect((await combined.list()).map((listed) => listed.declaration.name)).toEqual(["plus", "say"]);
    expect((await combined.call("say", '{"text":"hi"}', callContext())).content).toEqual([
      { kind: "text", text: "hi" },
    ]);
    expect((await combined.call("add", '{"a":1,"b":1}', callContext())).content).toEqual([{ kind: "json", value: 2 }]);
    const missing = await combined.call("nope", "", callContext());
    expect(missing.failure).toEqual({
      code: "tool.not_found",
      message: 'Tool "nope" not found. There are: plus, say.',
    });
  });

  it("refuses two tools of one name, naming both workbenches, and sees tools that come and go", async () => {
    const tools: Tool[] = [say];
    const changing: Workbench = { ...staticWorkbench([]), name: "changing", list: () => staticWorkbench(tools).list() };
    const combined = combineWorkbenches([staticWorkbench([add], { name: "fixed" }), changing]);
    expect((await combined.list()).length).toBe(2);
    tools.push(add);
    await expect(combined.list()).rejects.toMatchObject({
      code: "config.duplicate_name",
      details: { workbenches: ["fixed", "changing"] },
    });
  });

  it("closes all, also when one fails, and reports the failure", async () => {
    const closed: string[] = [];
    const make = (name: string, error?: Error): Workbench => ({
      ...staticWorkbench([]),
      close: () => {
        closed.push(name);
        return error === undefined ? Promise.resolve() : Promise.reject(error);
      },
    });
    await expect(combineWorkbenches([make("a", new Error("stuck")), make("b")]).close()).rejects.toThrow("stuck");
    expect(closed).toEqual(["a", "b"]);
  });
});
