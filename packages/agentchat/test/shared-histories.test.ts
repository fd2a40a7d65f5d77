import { AssistantAgent, CodeExecutorAgent } from "@troupe/agentchat";
import { type ModelMessage, type ModelRequest, rollingSummaryContext, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { FakeExecutor } from "./support/fake-executor.ts";

/** What a model may try with the request that it was given. */
function spoil({ messages }: ModelRequest): void {
  const list = messages as ModelMessage[];
  for (const message of list) {
    Reflect.set(message, "role", "user");
    Reflect.set(message, "content", []);
    if (typeof message.content === "string") continue;
    Reflect.set(message.content, "0", { kind: "text", text: "spoilt" });
    for (const part of message.content) Reflect.set(part, "text", "spoilt");
  }
  list.length = 0;
}

/** The requests of a run, written down when they were made; the model then does with them what it can. */
function recording(answers: (index: number) => string | ReturnType<typeof reply.toolCalls>, vision: boolean) {
  const shown: string[][] = [];
  const kept: ModelRequest[] = [];
  const make = (isRude: boolean): ScriptedModel =>
    new ScriptedModel(
      (request, { index }) => {
        shown.push(request.messages.map((message) => JSON.stringify(message)));
        kept.push(request);
        if (isRude) spoil(request);
        return answers(index);
      },
      { capabilities: { vision, contextWindow: 100_000 } },
    );
  return { shown, kept, make };
}

const look = tool({
  name: "look",
  description: "Looks",
  input: z.object({ at: z.number() }),
  execute: ({ at }) => ({ seen: at }),
});

const rounds = 6;
const call = (index: number) =>
  index < rounds ? reply.toolCalls([{ name: "look", arguments: { at: index }, callId: `c${index}` }]) : "done";

describe.each([true, false])("a model (vision: %s) that keeps its requests, or changes them,", (vision) => {
  const options = { name: "a", tools: [look], maxToolIterations: 20, systemMessage: "Look." } as const;

  it("is shown in each request what it was shown before, and what came since", async () => {
    const { shown, kept, make } = recording(call, vision);
    const { text } = await new AssistantAgent({ ...options, model: make(false) }).run("Go.");
    expect(text).toBe("done");
    expect(shown).toHaveLength(rounds + 1);
    expect(kept.map(({ messages }) => messages.map((message) => JSON.stringify(message)))).toEqual(shown);
    for (const [index, messages] of shown.entries()) {
      expect(messages).toHaveLength(2 + 2 * index);
      expect(messages.slice(0, -2)).toEqual(index === 0 ? [] : shown[index - 1]);
    }
  });

  it("does not change what an assistant shows it next", async () => {
    const quiet = recording(call, vision);
    const rude = recording(call, vision);
    for (const { make, isRude } of [
      { ...quiet, isRude: false },
      { ...rude, isRude: true },
    ]) {
      const modelContext = rollingSummaryContext({ maxTokens: 50_000 });
      const session = new AssistantAgent({ ...options, model: make(isRude), modelContext }).session("s");
      expect((await session.run("Go.")).text).toBe("done");
      expect((await session.run("And?")).text).toBe("done");
    }
    expect(rude.shown).toEqual(quiet.shown);
  });

  it("does not change what one that writes programs shows it next", async () => {
    const words = (index: number): string => (index === 0 ? "```python\nprint(1)\n```" : "It is 1.");
    const quiet = recording(words, vision);
    const rude = recording(words, vision);
    for (const { make, isRude } of [
      { ...quiet, isRude: false },
      { ...rude, isRude: true },
    ]) {
      const executor = new FakeExecutor({ output: "1" });
      const agent = new CodeExecutorAgent({ name: "coder", model: make(isRude), executor, systemMessage: null });
      expect((await agent.run("What is it?")).text).toBe("It is 1.");
    }
    expect(rude.shown).toEqual(quiet.shown);
  });
});
