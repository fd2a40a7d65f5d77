import type { LLMock } from "@copilotkit/aimock";
import { declareContract } from "@troupe/core/testing";
import type { ChatModel, ModelMessage } from "@troupe/llm";
import { chatModelContract } from "@troupe/llm/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peerModel, peers, startForeignServer } from "./foreign-server.ts";

let server: LLMock;
beforeAll(async () => {
  server = await startForeignServer();
});
afterAll(() => server.stop());

describe.each(peers)("$name, against a server that imitates it, keeps the chat model contract", (peer) => {
  const createModel = async (scenario: string): Promise<ChatModel> => peerModel({ server, peer }, scenario);
  declareContract(chatModelContract, { create: () => ({ createModel }) }, { test: it });
});

describe.each(peers)("$name carries a whole tool round", (peer) => {
  it("with the call and its result in the form of the provider", async () => {
    const tool = {
      name: "add",
      description: "Adds.",
      inputSchema: { type: "object", properties: { a: { type: "number" } } },
    } as const;
    const asked: ModelMessage[] = [
      { role: "system", content: "You calculate." },
      { role: "user", content: [{ kind: "text", text: "How much?" }] },
    ];
    const first = await peerModel({ server, peer }, "tool-call").generate({ messages: asked, tools: [tool] });
    const call = first.content.find((part) => part.kind === "tool-call");
    if (call === undefined) throw new Error("no call");
    const answered: ModelMessage[] = [
      ...asked,
      { role: "assistant", content: first.content },
      {
        role: "tool",
        content: [
          {
            kind: "tool-result",
            callId: call.callId,
            toolName: "add",
            status: "ok",
            content: [{ kind: "text", text: "the sum is 42" }],
          },
        ],
      },
    ];
    const second = await peerModel({ server, peer }, "text").generate({ messages: answered, tools: [tool] });
    expect(second.content).toMatchObject([{ kind: "text", text: "The answer is 42." }]);
    const sent = JSON.stringify(server.getLastRequest()?.body);
    expect(sent).toContain("the sum is 42");
    // Mistral has a form of its own for ids: then one stands for the other, for the call and for its result.
    const id = sent.includes(call.callId)
      ? call.callId
      : (/"tool_calls":\[\{"id":"([a-zA-Z0-9]{9})"/.exec(sent)?.[1] ?? "");
    expect(sent.split(`"${id}"`)).toHaveLength(3);
    expect(second.usage.estimated).toBe(false);
  });
});
