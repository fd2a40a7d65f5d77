import { AssistantAgent } from "@troupe/agentchat";
import { createDeferred } from "@troupe/core";
import { type Tool, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

/** Says when it runs, and stops in order when it is told to. */
function obedient(running: () => void): Tool {
  return tool({
    name: "post",
    description: "Posts something, piece by piece",
    input: z.object({}),
    execute: (_arguments, { signal }) =>
      new Promise<string>((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        running();
      }),
  });
}

describe("a tool that is stopped", () => {
  it("while it ran is not said to be without effect, and shows nothing of the runtime's insides", async () => {
    const running = createDeferred<void>();
    const agent = new AssistantAgent({
      name: "poster",
      model: new ScriptedModel([reply.toolCall("post")]),
      tools: [obedient(() => running.resolve())],
    });
    const run = agent.run("Post it.");
    const results: { status: string; text: string }[] = [];
    const watching = (async () => {
      for await (const event of run.events()) {
        if (event.kind !== "tool-call-finished") continue;
        const { status, content } = event.result;
        results.push({ status, text: JSON.stringify(content) });
      }
    })();
    await running.promise;
    await run.cancel("enough");
    await watching;
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ status: "cancelled" });
    expect(results[0]?.text).toContain("may have taken effect");
    expect(results[0]?.text).not.toMatch(/Step|tool:post/);
    expect((await run).stopReason.kind).toBe("cancelled");
  });
});
