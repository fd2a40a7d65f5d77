import { AssistantAgent } from "@troupe/agentchat";
import type { AiSdkModel, ChatModel } from "@troupe/llm";
import type { Benchmark, Figure } from "../harness/benchmark.ts";
import { loadPeer } from "../harness/load-peer.ts";
import { leastCosts } from "../harness/measure.ts";
import { createAdder } from "./adder.ts";
import { addingModel } from "./speakers.ts";

interface AiSdkPeer {
  mockModel(rounds: number): AiSdkModel;
  ask(model: AiSdkModel, prompt: string): Promise<string>;
  askWithTools(model: AiSdkModel, rounds: number): Promise<{ readonly text: string; readonly steps: number }>;
}

/** One model call and its answer, as a run of an agent: session, thread, journal, events and result included. */
export const modelCall: Benchmark = {
  claim: "one model call and its answer cost at most 0.20 ms of CPU, or less than the AI SDK's generateText",
  run: async (scale) => {
    const count = scale.count(1_000, 5);
    const peer = await loadPeer<AiSdkPeer>("ai-sdk");
    const costs = await leastCosts(scale.count(7, 1), {
      troupe: async () => {
        const agent = new AssistantAgent({
          name: "clerk",
          model: peer.mockModel(0),
          systemMessage: null,
          stream: false,
        });
        for (let run = 0; run < count; run++) expectDone((await agent.run("Hello?")).text);
        await agent.close();
      },
      aiSdk: async () => {
        const model = peer.mockModel(0);
        for (let run = 0; run < count; run++) expectDone(await peer.ask(model, "Hello?"));
      },
    });
    return [
      {
        label: "an agent's run of one model call",
        value: costs.troupe.cpuMs / count,
        unit: "ms CPU",
        limit: 0.2,
        beside: [{ name: "AI SDK generateText", value: costs.aiSdk.cpuMs / count, role: "at-most" }],
      },
    ];
  },
};

/** A loop of tool calls, one in each answer: the history grows with every round. */
export const toolCalls: Benchmark = {
  claim: "100 tool calls cost at most 25 ms of CPU and grow linearly, or less than the AI SDK's loop",
  run: async (scale) => {
    const peer = await loadPeer<AiSdkPeer>("ai-sdk");
    const troupe = async (calls: number, model: AiSdkModel | ChatModel = peer.mockModel(calls)): Promise<void> => {
      const agent = createAdder(calls, model);
      const { text, messages } = await agent.run("Add.");
      await agent.close();
      if (text !== "done")
        throw new Error(`after ${calls} calls the agent said "${text}" in ${messages.length} messages`);
    };
    const aiSdk = async (calls: number): Promise<void> => {
      const { text, steps } = await peer.askWithTools(peer.mockModel(calls), calls);
      if (text !== "done" || steps !== calls + 1) throw new Error(`${steps} steps, then "${text}"`);
    };
    const few = scale.count(100, 5);
    const many = scale.count(400, 10);
    const costs = await leastCosts(scale.count(7, 1), {
      troupe: () => troupe(few),
      aiSdk: () => aiSdk(few),
      troupeMany: () => troupe(many),
      aiSdkMany: () => aiSdk(many),
      plain: () => troupe(few, addingModel(few)),
      plainMany: () => troupe(many, addingModel(many)),
    });
    const growth = (large: number, small: number): number => large / many / (small / few);
    return [
      {
        label: `${few} tool calls, with an AI SDK model`,
        value: costs.troupe.cpuMs,
        unit: "ms CPU",
        limit: 25,
        beside: [{ name: "AI SDK generateText", value: costs.aiSdk.cpuMs, role: "at-most" }],
      },
      { label: `${few} tool calls, with a ChatModel of our own`, value: costs.plain.cpuMs, unit: "ms CPU", limit: 25 },
      {
        label: `one call in a turn of ${many} against ${few}, with a ChatModel of our own`,
        value: growth(costs.plainMany.cpuMs, costs.plain.cpuMs),
        unit: "x",
        limit: 1.5,
      },
      {
        label: `one call in a turn of ${many} against ${few}, with an AI SDK model`,
        value: growth(costs.troupeMany.cpuMs, costs.troupe.cpuMs),
        unit: "x",
        limit: 1.5,
        beside: [
          { name: "AI SDK generateText", value: growth(costs.aiSdkMany.cpuMs, costs.aiSdk.cpuMs), role: "at-most" },
        ],
      },
    ] satisfies readonly Figure[];
  },
};

function expectDone(text: string): void {
  if (text !== "done") throw new Error(`the model said "${text}"`);
}
