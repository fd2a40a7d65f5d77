import { describe, expect, it } from "vitest";
import { z } from "zod";
import { runToolCall, type ToolCallContext } from "../tool/run-tool-call.ts";
import { type Tool, tool } from "../tool/tool.ts";
import { combineWorkbenches } from "./combine-workbenches.ts";
import { staticWorkbench } from "./static-workbench.ts";
import type { Workbench } from "./workbench.ts";
import { workbenchTool } from "./workbench-tool.ts";

const add = tool({
  name: "add",
  description: "Adds",
  input: z.object({ a: z.number(), b: z.number() }),
  retries: 2,
  idempotent: true,
  execute: ({ a, b }) => a + b,
});

function callContext(more: Partial<ToolCallContext> = {}): ToolCallContext {
  return { signal: new AbortController().signal, callId: "c", idempotencyKey: "k", progress: () => {}, ...more };
}

async function toolOf(workbench: Workbench): Promise<Tool> {
  const [listed] = await workbench.list();
  if (listed === undefined) throw new Error("nothing is listed");
  return workbenchTool(workbench, listed);
}

describe("workbenchTool", () => {
  it("describes the tool and runs its calls in the workbench", async () => {
    const made = await toolOf(staticWorkbench([add]));
    expect(made).toMatchObject({ name: "add", description: "Adds", retries: 2, idempotent: true });
    expect(await runToolCall(made, '{"a":1,"b":2}', callContext())).toEqual({
      status: "ok",
      content: [{ kind: "json", value: 3 }],
    });
    const misfit = await runToolCall(made, '{"a":"x"}', callContext());
    expect(misfit).toMatchObject({ status: "error", failure: { code: "tool.invalid_arguments" } });
  });

  it("tells whether a call needs approval, and passes on that somebody gave it", async () => {
    const rm = tool({
      name: "rm",
      description: "Removes",
      input: z.object({ all: z.boolean() }),
      approval: ({ all }) => all,
      execute: () => "gone",
    });
    for (const workbench of [
      staticWorkbench([rm]),
      combineWorkbenches([staticWorkbench([add]), staticWorkbench([rm])]),
    ]) {
      const listed = (await workbench.list()).find(({ declaration }) => declaration.name === "rm");
      if (listed === undefined) throw new Error("rm is not listed");
      const made = workbenchTool(workbench, listed);
      expect(made.parseArguments('{"all":true}')).toMatchObject({ kind: "valid", needsApproval: true });
      expect(made.parseArguments('{"all":false}')).toMatchObject({ needsApproval: false });
      expect(made.parseArguments('{"all":1}')).toMatchObject({ needsApproval: false });
      expect(await runToolCall(made, '{"all":true}', callContext())).toMatchObject({ status: "denied" });
      expect(await runToolCall(made, '{"all":true}', callContext({ isApproved: true }))).toMatchObject({
        status: "ok",
      });
    }
  });

  it("cuts a result at the tool's limit and answers for a workbench that throws", async () => {
    const { declaration } = add;
    const limits = { timeoutMs: 1, retries: 0, concurrency: 1, idempotent: false, maxResultBytes: 4 };
    const workbench = (call: Workbench["call"]): Workbench => ({
      kind: "workbench",
      name: "remote",
      list: () => Promise.resolve([{ declaration, limits }]),
      call,
      close: () => Promise.resolve(),
    });
    const long = await toolOf(
      workbench(() => Promise.resolve({ status: "ok", content: [{ kind: "text", text: "123456" }] })),
    );
    const [part] = (await runToolCall(long, "{}", callContext())).content;
    expect(part).toEqual({ kind: "text", text: expect.stringMatching(/^1234\n\[cut/) });
    const broken = await toolOf(workbench(() => Promise.reject(new Error("connection lost"))));
    expect(await runToolCall(broken, "{}", callContext())).toMatchObject({
      status: "error",
      failure: { code: "tool.failed", message: 'Workbench "remote" failed: connection lost' },
    });
    const controller = new AbortController();
    const stopped = await toolOf(
      workbench(async () => {
        controller.abort(new Error("enough"));
        throw new Error("enough");
      }),
    );
    expect(await runToolCall(stopped, "{}", callContext({ signal: controller.signal }))).toMatchObject({
      status: "cancelled",
    });
  });
});
