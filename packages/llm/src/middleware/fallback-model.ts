import { ConfigError, ModelError, TroupeError } from "@troupe/core";
import type { ChatModel, ModelCapabilities, ModelEvent, ModelRequest, ModelResult } from "../model/chat-model.ts";
import { isPassingFault } from "./passing-faults.ts";

/** One step from a model that failed to the next. */
export interface ModelFallback {
  readonly from: string;
  readonly to: string;
  readonly error: unknown;
}

/** When to ask the next model. */
export interface FallbackOptions {
  /** What every model of the chain must be able to do. */
  readonly needs?: Partial<Pick<ModelCapabilities, "tools" | "vision" | "parallelToolCalls" | "streaming">> | undefined;
  /** The smallest window in tokens that a model of the chain may have; one whose window is not known passes. */
  readonly minContextWindow?: number | undefined;
  /** Which failures are for the next model; default: what passes by itself, a used-up quota, a model that is not there. */
  readonly when?: ((error: unknown) => boolean) | undefined;
  /** Told before the next model is asked: for logs, events and ledgers. */
  readonly onFallback?: ((fallback: ModelFallback) => void) | undefined;
}

/** Failures of this model that another one may not have. */
const elsewhereCodes: ReadonlySet<string> = new Set(["model.quota_exhausted", "model.not_found"]);

/**
 * Makes one model of several: the first answers, and when it fails, the next. Put retries, limits and a circuit breaker around each of them, so
 * that candidates that share a quota are not burned one after the other.
 *
 * A model that cannot do what a request needs (tools, images) is passed over. A stream goes to the next model only while nothing of it was
 * delivered. Results name the model that answered in `answeredBy`, so that it is the one that is paid.
 *
 * @throws ConfigError `config.invalid_definition` for an empty chain, or a model that lacks what the chain needs. Its model throws the error of
 * the last one that was asked.
 *
 * @example
 * ```ts
 * const steady = fallbackModel([wrapModel(primary, [retryMiddleware({ retries: 1 })]), secondary], { needs: { tools: true } });
 * ```
 */
export function fallbackModel(models: readonly ChatModel[], options: FallbackOptions = {}): ChatModel {
  const [first] = models;
  if (first === undefined) {
    throw new ConfigError("config.invalid_definition", "A chain of models is empty", {
      remedy: "Give at least one model.",
    });
  }
  for (const model of models) checkNeeds(model, options);
  return {
    kind: "chat-model",
    name: first.name,
    alternates: models.flatMap((model) => [model.name, ...(model.alternates ?? [])]).slice(1),
    // The smallest window: what fits there fits everywhere.
    capabilities: { ...first.capabilities, contextWindow: smallestWindow(models) },
    generate: (request) => generateFrom(models, request, options),
    stream: (request) => streamFrom(models, request, options),
  };
}

async function generateFrom(
  models: readonly ChatModel[],
  request: ModelRequest,
  options: FallbackOptions,
): Promise<ModelResult> {
  const able = ableModels(models, request);
  for (const [index, model] of able.entries()) {
    try {
      return answeredBy(model, await model.generate(request));
    } catch (error) {
      passOnOrThrow(error, { request, from: model, to: able[index + 1] }, options);
    }
  }
  throw noneAble(models);
}

async function* streamFrom(
  models: readonly ChatModel[],
  request: ModelRequest,
  options: FallbackOptions,
): AsyncGenerator<ModelEvent, void, undefined> {
  const able = ableModels(models, request);
  for (const [index, model] of able.entries()) {
    let hasDelivered = false;
    try {
      for await (const event of model.stream(request)) {
        hasDelivered = true;
        yield event.kind === "finish" ? { kind: "finish", result: answeredBy(model, event.result) } : event;
      }
      return;
    } catch (error) {
      if (hasDelivered) throw error;
      passOnOrThrow(error, { request, from: model, to: able[index + 1] }, options);
    }
  }
  throw noneAble(models);
}

interface Step {
  readonly request: ModelRequest;
  readonly from: ChatModel;
  readonly to: ChatModel | undefined;
}

function passOnOrThrow(error: unknown, { request, from, to }: Step, options: FallbackOptions): void {
  const isForOthers = (options.when ?? isElsewhere)(error);
  if (request.signal?.aborted === true || to === undefined || !isForOthers) throw error;
  options.onFallback?.({ from: from.name, to: to.name, error });
}

function isElsewhere(error: unknown): boolean {
  return isPassingFault(error) || (TroupeError.isTroupeError(error) && elsewhereCodes.has(error.code));
}

/** A model that wraps others has said already who answered. */
function answeredBy(model: ChatModel, result: ModelResult): ModelResult {
  return { ...result, answeredBy: result.answeredBy ?? model.name };
}

function ableModels(models: readonly ChatModel[], request: ModelRequest): readonly ChatModel[] {
  const needsTools = (request.tools?.length ?? 0) > 0 && request.toolChoice !== "none";
  const needsVision = request.messages.some(
    ({ role, content }) =>
      role === "user" && content.some((part) => part.kind === "file" && part.mediaType.startsWith("image")),
  );
  return models.filter(
    ({ capabilities }) => (capabilities.tools || !needsTools) && (capabilities.vision || !needsVision),
  );
}

function noneAble(models: readonly ChatModel[]): ModelError {
  const names = models.map((model) => `"${model.name}"`).join(", ");
  return new ModelError("model.bad_request", `None of the models ${names} can do what the request needs`, {
    remedy: "Put a model into the chain that calls tools, or sees images.",
  });
}

function smallestWindow(models: readonly ChatModel[]): number | null {
  const known = models.flatMap(({ capabilities }) => capabilities.contextWindow ?? []);
  return known.length === 0 ? null : Math.min(...known);
}

function checkNeeds(model: ChatModel, { needs = {}, minContextWindow = 0 }: FallbackOptions): void {
  const { capabilities } = model;
  const lacking = Object.entries(needs).filter(
    ([need, isNeeded]) =>
      isNeeded === true && !Object.entries(capabilities).some(([key, has]) => key === need && has === true),
  );
  const isSmall = capabilities.contextWindow !== null && capabilities.contextWindow < minContextWindow;
  if (lacking.length === 0 && !isSmall) return;
  const what = isSmall ? `a window of ${minContextWindow} tokens` : lacking.map(([need]) => need).join(", ");
  throw new ConfigError("config.invalid_definition", `Model "${model.name}" of a chain lacks ${what}`, {
    remedy: "Leave it out, or correct the model's capabilities.",
    details: { model: model.name },
  });
}
