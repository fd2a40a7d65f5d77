import { chatContract } from "@troupe/agentchat/testing";
import { InProcessRuntime, ModelError } from "@troupe/core";
import { inProcessSubject, memoryStoreSubject, runtimeContract, storeContract } from "@troupe/core/testing";
import type { ChatModel } from "@troupe/llm";
import { type ChatModelScenario, chatModelContract, reply, ScriptedModel } from "@troupe/llm/testing";
import { type PortableSuite, portableSuite } from "./portable-suite.ts";
import { teamContract } from "./team-contract.ts";

const answer = {
  text: "The answer is 42.",
  "tool-call": reply.toolCall("add", { a: 20, b: 22 }),
  "parallel-tool-calls": reply.toolCalls([
    { name: "add", arguments: { a: 1, b: 2 } },
    { name: "add", arguments: { a: 3, b: 4 } },
  ]),
  failure: reply.failure(new ModelError("model.overloaded", "Too busy.", { remedy: "Try again later." })),
  silence: reply.hang(),
} as const;

async function createModel(scenario: ChatModelScenario): Promise<ChatModel> {
  return new ScriptedModel([answer[scenario], answer[scenario]], { chunkSize: 4 });
}

/** Everything that must hold on every platform. */
export const suites: readonly PortableSuite[] = [
  portableSuite("runtime", runtimeContract, inProcessSubject()),
  portableSuite("runtime, parking at every wait", runtimeContract, inProcessSubject({ parkAfterMs: 0 })),
  portableSuite("memory store", storeContract, memoryStoreSubject()),
  portableSuite("scripted model", chatModelContract, { create: () => ({ createModel }) }),
  portableSuite("chat", chatContract, {
    create: () => ({ runtime: new InProcessRuntime() }),
    dispose: ({ runtime }) => runtime.close(),
  }),
  portableSuite("agents and teams", teamContract, {
    create: () => ({ runtime: new InProcessRuntime() }),
    dispose: ({ runtime }) => runtime.close(),
  }),
  portableSuite("agents and teams, parking at every wait", teamContract, {
    create: () => ({ runtime: new InProcessRuntime({ parkAfterMs: 0 }) }),
    dispose: ({ runtime }) => runtime.close(),
  }),
];
