import { type Clock, linkSignal, ToolError } from "@troupe/core";
import type { JsonValue } from "../model/json.ts";
import type { ToolContext } from "./tool.ts";

/** How one attempt ended. `abandoned`: it was told to stop and did not within the grace, so its effect is unknown. */
export type AttemptEnd =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "abandoned"; readonly reason: unknown };

/** What one attempt needs. */
export interface AttemptOptions {
  readonly toolName: string;
  readonly timeoutMs: number;
  /** Milliseconds that an attempt gets to settle after its signal aborted. */
  readonly graceMs: number;
  readonly clock: Clock;
}

/**
 * Runs a tool's function once, under its time limit. Never throws.
 *
 * 1. The function gets a signal of its own, which aborts with the caller's reason or with `tool.timeout`.
 * 2. Whatever it does, the attempt ends at most `graceMs` after that; a late result is dropped.
 * 3. When it ends nothing is left on the caller's signal, and no timer.
 * 4. Progress after the end goes nowhere.
 */
export async function runAttempt(
  run: (context: ToolContext) => unknown,
  context: ToolContext,
  options: AttemptOptions,
): Promise<AttemptEnd> {
  if (context.signal.aborted) return { kind: "threw", error: context.signal.reason };
  const controller = new AbortController();
  const unlink = linkSignal(context.signal, controller);
  const limit = options.clock.setTimer(options.timeoutMs, () => controller.abort(timeoutError(options)));
  limit.keepAlive?.(true);
  const guard = guardGrace(controller.signal, options);
  let isOpen = true;
  const inner: ToolContext = {
    signal: controller.signal,
    callId: context.callId,
    idempotencyKey: context.idempotencyKey,
    run: context.run,
    progress: (value) => {
      if (isOpen) context.progress(value);
    },
  };
  try {
    return await Promise.race([settle(run, inner), guard.abandoned]);
  } finally {
    isOpen = false;
    guard.release();
    limit.cancel();
    unlink();
  }
}

/** Resolves `graceMs` after the signal aborted; never, when released before. */
function guardGrace(
  signal: AbortSignal,
  { clock, graceMs }: AttemptOptions,
): { readonly abandoned: Promise<AttemptEnd>; release(): void } {
  const { promise, resolve } = Promise.withResolvers<AttemptEnd>();
  let release = (): void => {};
  const onAbort = (): void => {
    const timer = clock.setTimer(graceMs, () => resolve({ kind: "abandoned", reason: signal.reason }));
    timer.keepAlive?.(true);
    release = () => timer.cancel();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return { abandoned: promise, release: () => release() };
}

async function settle(run: (context: ToolContext) => unknown, context: ToolContext): Promise<AttemptEnd> {
  try {
    const value: unknown = await run(context);
    return { kind: "returned", value: isAsyncIterable(value) ? await drain(value, context) : value };
  } catch (error) {
    return { kind: "threw", error };
  }
}

/** Passes what a generator yields on as progress; the result is what it returns. It is closed when the call is told to stop. */
async function drain(stream: AsyncIterable<JsonValue>, context: ToolContext): Promise<unknown> {
  const iterator = stream[Symbol.asyncIterator]();
  // A generator takes `return` only between two yields; the grace bounds the rest.
  const onAbort = (): void => void Promise.resolve(iterator.return?.()).catch(() => {});
  context.signal.addEventListener("abort", onAbort, { once: true });
  try {
    let step: IteratorResult<JsonValue, unknown> = await iterator.next();
    while (step.done !== true) {
      context.progress(step.value);
      step = await iterator.next();
    }
    if (step.value !== undefined) return step.value;
  } finally {
    context.signal.removeEventListener("abort", onAbort);
  }
  context.signal.throwIfAborted();
  throw new ToolError("tool.missing_result", "The tool streamed progress but returned no result", {
    remedy: "End the generator with `return result`; return null when there is nothing to say.",
  });
}

function isAsyncIterable(value: unknown): value is AsyncIterable<JsonValue> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function timeoutError({ toolName, timeoutMs }: AttemptOptions): ToolError {
  return new ToolError("tool.timeout", `Tool "${toolName}" did not finish within ${timeoutMs} ms`, {
    remedy: "Ask for less at once, or raise the tool's timeoutMs.",
    details: { tool: toolName, timeoutMs },
  });
}
