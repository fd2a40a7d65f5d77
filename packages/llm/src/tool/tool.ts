import type { JsonValue } from "../model/json.ts";
import type { ToolDeclaration } from "../model/chat-model.ts";
import type { ToolResultContent, ToolResultStatus } from "../model/model-message.ts";

/** What a running tool may know and do. */
export interface ToolContext {
  /** Aborts on cancel, deadline or the tool's own `timeoutMs`. */
  readonly signal: AbortSignal;
  /** The model's id for this call; unique within the run. */
  readonly callId: string;
  /** The same for every retry and resume of this call: hand it to an API that deduplicates. */
  readonly idempotencyKey: string;
  /** Tells watchers how far the tool is; live only, never stored, never seen by the model. */
  progress(value: JsonValue): void;
}

/** The limits and promises of a tool. */
export interface ToolLimits {
  /** Milliseconds for one attempt; default 60,000. */
  readonly timeoutMs: number;
  /** Further attempts after a failure; default 0. */
  readonly retries: number;
  /** Calls of this tool that may run at once in one run; default unlimited (Infinity). */
  readonly concurrency: number;
  /** True when running twice does no harm: such a call is repeated after a crash instead of ending as `unknown`. */
  readonly idempotent: boolean;
  /** UTF-8 bytes of result kept for the model; the rest is cut and marked; default 262,144. */
  readonly maxResultBytes: number;
}

/** A function that a model may call. Made by `tool()`; `execute` gets the parsed arguments. */
export interface Tool<Args = never> extends ToolLimits {
  readonly kind: "tool";
  readonly name: string;
  readonly description: string;
  readonly declaration: ToolDeclaration;
  /** Parses JSON text from a model into arguments, or explains what is wrong in words the model can act on. */
  parseArguments(text: string): { readonly kind: "valid"; readonly value: Args } | { readonly kind: "invalid"; readonly problem: string };
  execute(args: Args, context: ToolContext): unknown;
}

/** How one call ended; never an exception, so siblings go on and the model can read it. */
export interface ToolOutcome {
  readonly status: ToolResultStatus;
  readonly content: readonly ToolResultContent[];
}
