import type { ChatModel } from "troupe";

/** Asks a model one thing and gives its words. Called inside a step, so that a resumed turn does not ask again. */
export async function ask(
  model: ChatModel,
  prompt: { system: string; text: string },
  signal: AbortSignal,
): Promise<string> {
  const result = await model.generate({
    messages: [
      { role: "system", content: prompt.system },
      { role: "user", content: [{ kind: "text", text: prompt.text }] },
    ],
    signal,
  });
  return result.content.map((part) => (part.kind === "text" ? part.text : "")).join("");
}
