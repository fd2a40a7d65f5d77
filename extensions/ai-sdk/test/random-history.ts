import { createSeededRandom, type RandomSource } from "@troupe/core";
import type { AssistantPart, ModelMessage, ProviderFields } from "@troupe/llm";

/** A history as a long life leaves it: trimmed, interrupted, handed over between providers, with ids that clash. */
export function randomHistory(seed: number): readonly ModelMessage[] {
  const random = createSeededRandom(seed);
  const history = Array.from({ length: 1 + pick(random, 8) }, (_, round) => randomRound(random, round)).flat();
  const damaged = Array.from({ length: pick(random, 5) }).reduce<ModelMessage[]>(
    (current) => damage(random, current),
    history,
  );
  return damaged;
}

function randomRound(random: RandomSource, round: number): ModelMessage[] {
  switch (pick(random, 5)) {
    case 0:
      return [{ role: "system", content: `Rule ${round}.` }];
    case 1:
      return [
        {
          role: "user",
          content: [{ kind: "text", text: `Question ${round}?` }, ...(pick(random, 2) === 0 ? [image] : [])],
        },
      ];
    case 2:
      return [{ role: "assistant", content: [...thought(random, round), { kind: "text", text: `Answer ${round}.` }] }];
    default:
      return toolRound(random, round);
  }
}

const image = { kind: "file", mediaType: "image/png", data: "iVBORw0KGgo=" } as const;

function thought(random: RandomSource, round: number): AssistantPart[] {
  const metadata: ProviderFields[] = [
    {},
    { providerMetadata: { openai: { itemId: `rs_${round}`, reasoningEncryptedContent: "opaque" } } },
    { providerMetadata: { anthropic: { signature: "opaque" } } },
    { providerMetadata: { google: { thoughtSignature: "opaque" } } },
  ];
  const fields = metadata[pick(random, 6)];
  return fields === undefined ? [] : [{ kind: "reasoning", text: "Hm.", ...fields }];
}

const prefixes = ["call_", "functions.look_up:", `${"toolu_0".repeat(9)}_`] as const;

function toolRound(random: RandomSource, round: number): ModelMessage[] {
  // Some servers count call ids from zero in every answer.
  const prefix = prefixes[pick(random, 6)] ?? `call_${round}_`;
  const ids = Array.from({ length: 1 + pick(random, 3) }, (_, index) => `${prefix}${index}`);
  const thoughts = thought(random, round);
  // Calls that OpenAI numbered together with their thought.
  const isNumbered = JSON.stringify(thoughts).includes("rs_");
  const toolName = pick(random, 6) === 0 ? "functions.look up" : "look_up";
  const calls: AssistantPart[] = ids.map((callId, index) => ({
    kind: "tool-call",
    callId,
    toolName,
    arguments: ['{"x":', "[1]", ""][pick(random, 8)] ?? '{"x":1}',
    ...(isNumbered && { providerMetadata: { openai: { itemId: `fc_${round}_${index}` } } }),
  }));
  const answers = ids.map(
    (callId) =>
      ({
        kind: "tool-result",
        callId,
        toolName,
        status: pick(random, 3) === 0 ? "error" : "ok",
        content: [{ kind: "text", text: "found" }],
      }) as const,
  );
  return [
    { role: "assistant", content: [...thoughts, ...calls] },
    { role: "tool", content: answers },
  ];
}

function damage(random: RandomSource, history: ModelMessage[]): ModelMessage[] {
  const at = pick(random, Math.max(history.length, 1));
  const message = history[at];
  if (message === undefined) return history;
  switch (pick(random, 6)) {
    case 0:
      return history.toSpliced(at, 1 + pick(random, 3));
    case 1:
      return history.slice(at);
    case 2:
      return history.toSpliced(at, 0, message);
    case 3:
      return history.toSpliced(at, 0, { role: "user", content: [{ kind: "text", text: "Wait!" }] });
    case 4:
      return history.toSpliced(at, 0, { role: "assistant", content: [{ kind: "reasoning", text: "Hm." }] });
    default:
      return message.role === "tool"
        ? history.with(at, { ...message, content: message.content.slice(1) })
        : history.with(at, blank(message));
  }
}

function blank(message: ModelMessage): ModelMessage {
  if (message.role === "user") return { ...message, content: [{ kind: "text", text: " " }] };
  if (message.role === "assistant")
    return { ...message, content: message.content.filter((part) => part.kind !== "text") };
  return message;
}

function pick(random: RandomSource, count: number): number {
  return Math.floor(random.next() * count);
}
