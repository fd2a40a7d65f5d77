import type { AssistantPart, ModelMessage, ToolResultPart } from "@troupe/llm";
import fc from "fast-check";

const text = fc.oneof(fc.string({ minLength: 1, maxLength: 8 }), fc.constantFrom("yes", "no", "APPROVE"));
const provider = fc.constantFrom("openai", "anthropic", "google", "mistral");
/** Opaque fields as providers give them; ids of items repeat only when a message does. */
const metadata = fc.option(
  fc
    .tuple(provider, fc.option(fc.uuid(), { nil: undefined }))
    .map(([name, itemId]) => ({ [name]: { signature: "opaque", ...(itemId !== undefined && { itemId }) } })),
  { nil: undefined },
);

const textPart = fc
  .record({ text, metadata })
  .map(({ text, metadata }) => ({ kind: "text" as const, text: `${text}.`, ...withMetadata(metadata) }));
const reasoningPart = fc
  .record({ text, metadata })
  .map(({ text, metadata }) => ({ kind: "reasoning" as const, text, ...withMetadata(metadata) }));
const imagePart = fc.constant({ kind: "file" as const, mediaType: "image/png", data: "AAAA" });

function withMetadata<T>(providerMetadata: T | undefined): { providerMetadata?: T } {
  return providerMetadata === undefined ? {} : { providerMetadata };
}

const systemMessage: fc.Arbitrary<ModelMessage> = text.map((content) => ({ role: "system", content: `${content}.` }));
const userMessage: fc.Arbitrary<ModelMessage> = fc
  .record({
    content: fc.array(fc.oneof(textPart, imagePart), { minLength: 1, maxLength: 2 }),
    name: fc.option(fc.constantFrom("ada", "bob"), { nil: undefined }),
  })
  .map(({ content, name }) => ({ role: "user", content, ...(name !== undefined && { name }) }));
const speech: fc.Arbitrary<readonly ModelMessage[]> = fc
  .tuple(fc.option(reasoningPart, { nil: undefined }), textPart)
  .map(([reasoning, words]) => [
    { role: "assistant", content: reasoning === undefined ? [words] : [reasoning, words] },
  ]);

const status = fc.constantFrom("ok", "error", "cancelled", "unknown", "denied");
const callRound: fc.Arbitrary<readonly ModelMessage[]> = fc
  .record({
    reasoning: fc.option(reasoningPart, { nil: undefined }),
    words: fc.option(textPart, { nil: undefined }),
    statuses: fc.array(status, { minLength: 1, maxLength: 3 }),
    inOneMessage: fc.boolean(),
  })
  .map(({ reasoning, words, statuses, inOneMessage }): readonly ModelMessage[] => {
    const spoken: AssistantPart[] = [
      ...(reasoning === undefined ? [] : [reasoning]),
      ...(words === undefined ? [] : [words]),
    ];
    const asked: AssistantPart[] = statuses.map((_status, index) => ({
      kind: "tool-call",
      callId: `-${index}`,
      toolName: "look_up",
      arguments: "{}",
    }));
    const answers: ToolResultPart[] = statuses.map((status, index) => ({
      kind: "tool-result",
      callId: `-${index}`,
      toolName: "look_up",
      status,
      content: [{ kind: "text", text: "found" }],
    }));
    const tools: ModelMessage[] = inOneMessage
      ? [{ role: "tool", content: answers }]
      : answers.map((answer) => ({ role: "tool", content: [answer] }));
    return [{ role: "assistant", content: [...spoken, ...asked] }, ...tools];
  });

/** Histories as a run of ours stores them: every call answered, ids unique, any providers mixed. */
export const validHistory: fc.Arbitrary<readonly ModelMessage[]> = fc
  .array(
    fc.oneof(
      { weight: 1, arbitrary: systemMessage.map((m) => [m]) },
      { weight: 3, arbitrary: userMessage.map((m) => [m]) },
      { weight: 2, arbitrary: speech },
      { weight: 4, arbitrary: callRound },
    ),
    { maxLength: 12 },
  )
  .map((rounds) => rounds.flatMap((round, index) => round.map((message) => numberCalls(message, index))));

function numberCalls(message: ModelMessage, round: number): ModelMessage {
  if (message.role === "tool")
    return { ...message, content: message.content.map((part) => ({ ...part, callId: `c${round}${part.callId}` })) };
  if (message.role !== "assistant") return message;
  return {
    ...message,
    content: message.content.map((part) =>
      part.kind === "tool-call" ? { ...part, callId: `c${round}${part.callId}` } : part,
    ),
  };
}

type Damage = (history: readonly ModelMessage[]) => readonly ModelMessage[];

const position = fc.nat({ max: 40 });
const at = <T>(list: readonly T[], index: number): number => (list.length === 0 ? 0 : index % list.length);

/** What happens to histories in the field: trims, lost results, repeats, handovers, id clashes, blank texts, interrupted reasoning. */
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(position, position).map(
    ([from, count]): Damage =>
      (history) =>
        history.toSpliced(at(history, from), 1 + (count % 4)),
  ),
  position.map(
    (keep): Damage =>
      (history) =>
        history.slice(at(history, keep)),
  ),
  position.map(
    (index): Damage =>
      (history) =>
        history.length === 0
          ? history
          : history.toSpliced(at(history, index), 0, ...history.slice(at(history, index), at(history, index) + 2)),
  ),
  fc.tuple(position, position).map(
    ([from, to]): Damage =>
      (history) => {
        const moved = history[at(history, from)];
        return moved === undefined
          ? history
          : history.toSpliced(at(history, from), 1).toSpliced(at(history, to), 0, moved);
      },
  ),
  fc.tuple(position, userMessage).map(
    ([index, message]): Damage =>
      (history) =>
        history.toSpliced(at(history, index), 0, message),
  ),
  fc.tuple(position, systemMessage).map(
    ([index, message]): Damage =>
      (history) =>
        history.toSpliced(at(history, index), 0, message),
  ),
  position.map(
    (index): Damage =>
      (history) =>
        mapAt(history, index, dropFirstPart),
  ),
  position.map(
    (index): Damage =>
      (history) =>
        mapAt(history, index, blank),
  ),
  fc.constant<Damage>((history) => history.map((message) => renamed(message, lastPart))),
  fc.constantFrom("functions.look_up:", "call id ", "x".repeat(70)).map(
    (prefix): Damage =>
      (history) =>
        history.map((message) => renamed(message, (callId) => `${prefix}${callId}`)),
  ),
  position.map(
    (index): Damage =>
      (history) =>
        mapAt(history, index, oddToolName),
  ),
  position.map(
    (index): Damage =>
      (history) =>
        history.toSpliced(at(history, index), 0, { role: "assistant", content: [{ kind: "reasoning", text: "hm" }] }),
  ),
  position.map(
    (index): Damage =>
      (history) =>
        history.toSpliced(at(history, index), 0, { role: "assistant", content: [] }),
  ),
);

function mapAt(
  history: readonly ModelMessage[],
  index: number,
  change: (message: ModelMessage) => ModelMessage,
): readonly ModelMessage[] {
  return history.map((message, position) => (position === at(history, index) ? change(message) : message));
}

function dropFirstPart(message: ModelMessage): ModelMessage {
  switch (message.role) {
    case "system":
      return message;
    case "user":
      return { ...message, content: message.content.slice(1) };
    case "assistant":
      return { ...message, content: message.content.slice(1) };
    case "tool":
      return { ...message, content: message.content.slice(1) };
  }
}

function blank(message: ModelMessage): ModelMessage {
  switch (message.role) {
    case "system":
      return { ...message, content: " " };
    case "user":
      return { ...message, content: [{ kind: "text", text: "\n" }] };
    case "assistant":
      return {
        ...message,
        content: message.content.map((part) => (part.kind === "text" ? { ...part, text: "" } : part)),
      };
    case "tool":
      return { ...message, content: message.content.map((part) => ({ ...part, content: [] })) };
  }
}

/** Some servers count their call ids from zero in every answer. */
function lastPart(callId: string): string {
  return callId.slice(callId.indexOf("-"));
}

function renamed(message: ModelMessage, rename: (callId: string) => string): ModelMessage {
  if (message.role === "tool")
    return { ...message, content: message.content.map((part) => ({ ...part, callId: rename(part.callId) })) };
  if (message.role !== "assistant") return message;
  return {
    ...message,
    content: message.content.map((part) =>
      part.kind === "tool-call" ? { ...part, callId: rename(part.callId) } : part,
    ),
  };
}

/** Models call tools that do not exist, by names that no provider takes back. */
function oddToolName(message: ModelMessage): ModelMessage {
  const toolName = "functions.look up";
  if (message.role === "tool") return { ...message, content: message.content.map((part) => ({ ...part, toolName })) };
  if (message.role !== "assistant") return message;
  return {
    ...message,
    content: message.content.map((part) => (part.kind === "tool-call" ? { ...part, toolName } : part)),
  };
}

/** Valid histories after one to six accidents. */
export const damagedHistory: fc.Arbitrary<readonly ModelMessage[]> = fc
  .tuple(validHistory, fc.array(damage, { minLength: 1, maxLength: 6 }))
  .map(([history, damages]) => damages.reduce((current, apply) => apply(current), history));
