import type { ChatModel } from "../model/chat-model.ts";

/** Puts something around a model: retries, deadlines, caches. The outcome is a model like any other. */
export type ModelMiddleware = (model: ChatModel) => ChatModel;

/** What a model that stands for another has of it. */
export function standingFor(model: ChatModel): Omit<ChatModel, "generate" | "stream"> {
  const { name, capabilities, alternates } = model;
  return { kind: "chat-model", name, capabilities, ...(alternates !== undefined && { alternates }) };
}

/**
 * Wraps a model in middleware. The first is the outermost: it sees each request first and each answer last.
 *
 * @example
 * ```ts
 * const patient = wrapModel(model, [retryMiddleware({ retries: 5 }), deadlineMiddleware({ firstByteMs: 20_000 })]);
 * ```
 */
export function wrapModel(model: ChatModel, middleware: readonly ModelMiddleware[]): ChatModel {
  return middleware.reduceRight((wrapped, wrap) => wrap(wrapped), model);
}
