import { fromAiSdk, type ModelMessage } from "@troupe/llm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fake } from "./ai-sdk-fake.ts";
import { damagedHistory } from "./history-arbitrary.ts";

function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const item of Object.values(value)) freeze(item);
  return Object.freeze(value);
}

/** What a provider may do to the prompt it was given. */
function spoil(prompt: unknown): void {
  if (!Array.isArray(prompt)) throw new Error("no prompt");
  for (const message of prompt as { content: unknown; providerOptions?: unknown }[]) {
    message.providerOptions = { spoilt: true };
    if (!Array.isArray(message.content)) continue;
    for (const part of message.content as Record<string, unknown>[]) {
      part["providerOptions"] = { spoilt: true };
      part["text"] = "spoilt";
    }
    message.content.length = 0;
  }
}

describe("the prompts of one model", () => {
  it("2: are for every history what a new model would send, whatever it was asked before and whatever providers do to them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(damagedHistory, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (all, isFrozen) => {
          const provider = fake({}, { provider: "anthropic.messages", modelId: "claude-sonnet-4-5" });
          const model = fromAiSdk(provider);
          const histories = isFrozen ? freeze(all) : all;
          for (const whole of [...histories, ...histories]) {
            for (const messages of [whole.slice(0, -1), whole]) {
              const fresh = fake({}, { provider: "anthropic.messages", modelId: "claude-sonnet-4-5" });
              await fromAiSdk(fresh).generate({ messages });
              await model.generate({ messages });
              const sent = provider.calls.at(-1)?.prompt;
              expect(sent).toEqual(fresh.calls[0]?.prompt);
              spoil(sent);
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("1: show what the caller has changed in a message since the last call", async () => {
    const provider = fake({});
    const model = fromAiSdk(provider);
    const call = { kind: "tool-call", callId: "a", toolName: "t", arguments: '{"x":1}' };
    const messages = [{ role: "assistant", content: [call] }] as ModelMessage[];
    await model.generate({ messages });
    call.arguments = '{"x":2}';
    await model.generate({ messages });
    const inputs = provider.calls.map(({ prompt }) => JSON.stringify(prompt[0]?.content));
    expect(inputs[0]).toContain('"input":{"x":1}');
    expect(inputs[1]).toContain('"input":{"x":2}');
  });

  it("read the arguments of an old call once", async () => {
    const provider = fake({});
    const model = fromAiSdk(provider);
    const messages = freeze<ModelMessage[]>([
      { role: "assistant", content: [{ kind: "tool-call", callId: "a", toolName: "t", arguments: '{"x":{"y":1}}' }] },
    ]);
    await model.generate({ messages });
    await model.generate({ messages });
    const inputs = provider.calls.map(({ prompt }) => {
      const part = prompt[0]?.role === "assistant" ? prompt[0].content[0] : undefined;
      return part?.type === "tool-call" ? part.input : undefined;
    });
    expect(inputs[0]).toEqual({ x: { y: 1 } });
    expect(inputs[1]).toBe(inputs[0]);
  });
});
