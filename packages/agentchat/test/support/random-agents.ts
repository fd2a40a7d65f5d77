import { createSeededRandom, ModelError, type RandomSource } from "@troupe/core";
import { AssistantAgent, Swarm } from "@troupe/agentchat";
import {
  type AssistantPart,
  bufferedContext,
  canonicalJson,
  headAndTailContext,
  type JsonObject,
  type ModelContext,
  type ModelRequest,
  rollingSummaryContext,
  tokenLimitedContext,
  tool,
  toolResultClearingContext,
} from "@troupe/llm";
import { reply, type ScriptedReply, ScriptedModel } from "@troupe/llm/testing";
import { z } from "zod";

/** A whole number below `count`. */
export function pick(random: RandomSource, count: number): number {
  return Math.floor(random.next() * count);
}

const providers = ["openai", "anthropic", "google", "mistral"] as const;

/** What providers attach to thoughts and calls; each answer comes from another provider. */
function metadataOf(random: RandomSource, item: string): { readonly providerMetadata?: JsonObject } {
  const provider = providers[pick(random, 6)];
  if (provider === undefined) return {};
  const fields = provider === "openai" ? { itemId: item } : { signature: "opaque" };
  return { providerMetadata: { [provider]: fields } };
}

/** What a model may say that behaves as badly as real ones do; the same for the same request. */
function randomAnswer(seed: number, request: ModelRequest, targets: readonly string[]): ScriptedReply {
  const key = canonicalJson([request.messages.length, request.messages.at(-1) ?? null]);
  const random = createSeededRandom(seed + key.length * 31 + (key.codePointAt(key.length - 9) ?? 0));
  const item = `${seed}-${key.length}-${request.messages.length}`;
  const thoughts: AssistantPart[] =
    pick(random, 3) === 0 ? [{ kind: "reasoning", text: "Hm.", ...metadataOf(random, `rs_${item}`) }] : [];
  switch (pick(random, 9)) {
    case 0:
      return reply.failure(new ModelError("model.server_error", "down", { remedy: "wait" }));
    case 1:
      return reply.failure(new ModelError("model.context_overflow", "too long", { remedy: "send less" }));
    case 2:
      return reply.parts([...thoughts, { kind: "text", text: ["", " ", "done"][pick(random, 3)] ?? "" }]);
    case 3:
    case 4:
      return reply.parts([...thoughts, { kind: "text", text: "words ".repeat(1 + pick(random, 60)) }]);
    default: {
      const prefix = ["call_", "functions.look:", `${item}-`][pick(random, 3)] ?? "";
      const names = ["look", "break", "functions.nothing here", ...targets.map((target) => `transfer_to_${target}`)];
      const calls = Array.from(
        { length: 1 + pick(random, 3) },
        (_, index): AssistantPart => ({
          kind: "tool-call",
          callId: pick(random, 8) === 0 ? `${prefix}0` : `${prefix}${index}`,
          toolName: names[pick(random, names.length)] ?? "look",
          arguments: ['{"n":1}', "{}", '{"n":', ""][pick(random, 4)] ?? "",
          ...metadataOf(random, `fc_${item}-${index}`),
        }),
      );
      return reply.parts([...thoughts, ...calls]);
    }
  }
}

function randomContext(random: RandomSource): ModelContext | undefined {
  const writer = new ScriptedModel(() => (pick(random, 4) === 0 ? "" : "It went on."), { name: "test:writer" });
  const contexts = [
    bufferedContext({ size: 1 + pick(random, 8) }),
    headAndTailContext({ head: 1 + pick(random, 3), tail: 1 + pick(random, 4) }),
    tokenLimitedContext({ maxTokens: 20 + pick(random, 300) }),
    toolResultClearingContext({ keep: 1 + pick(random, 3) }),
    rollingSummaryContext({ maxTokens: 60 + pick(random, 300), model: writer }),
  ];
  return contexts[pick(random, contexts.length + 2)];
}

/**
 * A team of two agents that hand over to each other, call tools that fail or do not exist, fail, stay silent, and see little of what they have
 * said. Every request that their models get is handed to `onRequest`.
 */
export function randomTeam(seed: number, onRequest: (request: ModelRequest) => void): Swarm {
  const random = createSeededRandom(seed);
  const look = tool({
    name: "look",
    description: "looks",
    input: z.object({ n: z.int().optional() }),
    idempotent: true,
    execute: () => "found ".repeat(40),
  });
  const broken = tool({
    name: "break",
    description: "breaks",
    input: z.object({}),
    execute: () => Promise.reject(new Error("broken")),
  });
  const agents = ["ada", "bob"].map((name, index) => {
    const targets = index === 0 ? ["bob"] : ["ada"];
    const model = new ScriptedModel(
      (request) => {
        onRequest(request);
        return randomAnswer(seed, request, targets);
      },
      { capabilities: { contextWindow: [null, 300, 1_200][pick(random, 3)] ?? null } },
    );
    return new AssistantAgent({
      name,
      model,
      tools: [look, broken],
      handoffs: targets,
      maxToolIterations: 1 + pick(random, 4),
      reflectOnToolUse: pick(random, 2) === 0,
      systemMessage: pick(random, 2) === 0 ? null : "You help.",
      modelContext: randomContext(random),
    });
  });
  return new Swarm({ name: "desk", participants: agents, maxTurns: 6, onError: "feed-back" });
}
