import { ModelError } from "@troupe/core";
import type { ModelRequest, ModelResult } from "../../chat-model.ts";
import type { JsonObject } from "../../json.ts";
import type { AssistantPart } from "../../model-message.ts";
import { recordAt, stringAt, toJsonObject, type UnknownRecord } from "../json-guards.ts";
import { readWarning, withSources } from "./read-content.ts";
import { readFinishReason, readUsage } from "./read-usage.ts";

/** What a whole answer is made of, whether it came at once or in pieces. */
export interface AnswerFacts {
  readonly content: readonly AssistantPart[];
  readonly sources: readonly JsonObject[];
  /** Warnings as the provider sent them. */
  readonly warnings: readonly unknown[];
  /** Sentences of the adapter's own. */
  readonly notes: readonly string[];
  /** The record that holds `usage`, `finishReason` and `providerMetadata`. */
  readonly finish: UnknownRecord;
  readonly modelId: string | undefined;
}

/**
 * The result of an answer.
 *
 * @throws ModelError `model.network` when the provider's stream broke before the answer was complete.
 */
export function buildResult(request: ModelRequest, facts: AnswerFacts): ModelResult {
  const { content, finish } = facts;
  const finishReason = readFinishReason(finish["finishReason"], content);
  if (finishReason === "interrupted") throw interruptedError();
  const structuredText = stringAt(finish, "structuredOutputText");
  const providerMetadata = withSources(toJsonObject(finish["providerMetadata"]), facts.sources);
  const warnings = [...facts.warnings.map(readWarning), ...facts.notes];
  return {
    content,
    finishReason,
    usage: readUsage(finish["usage"], request, content),
    ...(structuredText !== undefined && { structuredText }),
    ...(warnings.length > 0 && { warnings }),
    ...(facts.modelId !== undefined && { modelId: facts.modelId }),
    ...(providerMetadata !== undefined && { providerMetadata }),
  };
}

/** The model that really answered, from a generate result. */
export function answeringModel(outcome: UnknownRecord): string | undefined {
  return stringAt(recordAt(outcome, "response"), "modelId");
}

/** A stream that ended before its answer did. */
export function interruptedError(): ModelError {
  return new ModelError("model.network", "The stream ended before the answer was complete.", {
    remedy: "Ask again; when it happens often, look for a proxy or a server that cuts long responses.",
  });
}
