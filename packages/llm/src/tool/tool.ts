import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError } from "@troupe/core";
import type { ToolDeclaration } from "../model/chat-model.ts";
import type { JsonValue } from "../model/json.ts";
import type { ToolResultContent, ToolResultStatus } from "../model/model-message.ts";
import type { RunValues } from "./run-values.ts";
import { type Checked, checkSchema, parseArgumentsText } from "./parse-arguments.ts";
import type { ToolCallContext } from "./run-tool-call.ts";
import { assertStrictSchema, toInputSchema, type ToolSchema } from "./tool-schema.ts";

/** What a running tool may know and do. */
export interface ToolContext {
  /** Aborts on cancel, deadline or the tool's own `timeoutMs`. */
  readonly signal: AbortSignal;
  /** The model's id for this call; unique within the run. */
  readonly callId: string;
  /** The same for every retry and resume of this call: hand it to an API that deduplicates. */
  readonly idempotencyKey: string;
  /** What the program gave the run that the call belongs to; absent outside of runs. */
  readonly run?: RunValues | undefined;
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

/** Arguments of one call: checked and bound to the tool, or what is wrong with them in words the model can act on. */
export type ParsedArguments =
  | {
      readonly kind: "valid";
      /** The arguments in the output form of the schema, for policies and people. */
      readonly value: unknown;
      /** True when a person must say yes before `run`. */
      readonly needsApproval: boolean;
      /** Runs the tool's function on these arguments. */
      run(context: ToolContext): unknown;
    }
  | { readonly kind: "invalid"; readonly problem: string };

/** A function that a model may call. Made by `tool()`; run it with `runToolCall`, which keeps its limits. */
export interface Tool<Args = never> extends ToolLimits {
  readonly kind: "tool";
  readonly name: string;
  readonly description: string;
  readonly declaration: ToolDeclaration;
  /** Parses the JSON text of a model and binds it to the tool. Never throws. */
  parseArguments(text: string): ParsedArguments;
  /** Checks a result against the `output` schema; without one everything fits. */
  checkResult(value: unknown): Checked<unknown>;
  /** The function itself, for a program that has the arguments already: without parsing, limits and rendering. */
  execute(args: Args, context: ToolContext): unknown;
  /** Set for a tool that lives in a workbench: runs the whole call there, checks and limits included. Never throws. */
  callInWorkbench?(argumentsText: string, context: ToolCallContext): Promise<ToolOutcome>;
}

/** Why a call did not end well, for programs; the model reads `content`. */
export interface ToolFailure {
  /** `tool.invalid_arguments`, `tool.failed`, `tool.timeout`... */
  readonly code: string;
  readonly message: string;
}

/** How one call ended; never an exception, so siblings go on and the model can read it. Plain JSON: it can be stored. */
export interface ToolOutcome {
  readonly status: ToolResultStatus;
  readonly content: readonly ToolResultContent[];
  /** Present unless `status` is `ok`. */
  readonly failure?: ToolFailure;
}

/** What `tool()` needs to know. */
export interface ToolOptions<In, Out, Result>
  extends Partial<{ [Limit in keyof ToolLimits]: ToolLimits[Limit] | undefined }> {
  /** 1-64 letters, digits, `_` or `-`: what all providers accept. */
  readonly name: string;
  /** What the tool is for: the model decides by it. */
  readonly description: string;
  /** Schema of the arguments; see `ToolSchema` for libraries that need a wrapper. */
  readonly input: ToolSchema<In, Out>;
  /** Checks what `execute` returned; a misfit is an error outcome, not a result. */
  readonly output?: StandardSchemaV1<Result, unknown> | undefined;
  /**
   * Gets the arguments in the output form of the schema. Strings become text, other values JSON, `toolContent()` anything else.
   * An async generator streams: what it yields is progress, what it returns is the result.
   */
  readonly execute: (
    args: Out,
    context: ToolContext,
  ) => Result | Promise<Result> | AsyncGenerator<JsonValue, Result, undefined>;
  /** Ask a person first: always, or for these arguments. Without anybody to ask, the call is denied. */
  readonly approval?: boolean | ((args: Out) => boolean) | undefined;
  /** Ask the provider to hold the model to the schema; every property must then be required. */
  readonly strict?: boolean | undefined;
}

const defaultLimits: ToolLimits = /* @__PURE__ */ Object.freeze({
  timeoutMs: 60_000,
  retries: 0,
  concurrency: Number.POSITIVE_INFINITY,
  idempotent: false,
  maxResultBytes: 262_144,
});

const namePattern = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Makes a tool of a function: its JSON Schema is made once, here, and every call is checked against the schema.
 *
 * @example
 * ```ts
 * const search = tool({
 *   name: "search_orders",
 *   description: "Find the orders of a customer",
 *   input: z.object({ customer: z.string() }),
 *   execute: ({ customer }) => orders.filter((order) => order.customer === customer),
 * });
 * ```
 * @throws ConfigError `config.invalid_definition` for a name no provider accepts, a schema without JSON form or one that is not an
 * object, or a strict tool with optional properties; `config.invalid_option` for a limit out of range.
 */
export function tool<In, Out, Result>(options: ToolOptions<In, Out, Result>): Tool<Out> {
  const { name, description, input, output, execute, approval = false } = options;
  if (!namePattern.test(name)) throw invalidName(name);
  const declaration = createDeclaration(input, { name, description }, options.strict);
  return Object.freeze({
    kind: "tool",
    name,
    description,
    declaration,
    ...checkLimits(options),
    parseArguments: (text: string): ParsedArguments => {
      const raw = parseArgumentsText(text);
      if (raw.kind === "invalid") return raw;
      const checked = checkSchema(input, raw.value, "the arguments");
      if (checked.kind === "invalid") return checked;
      const { value } = checked;
      const needsApproval = typeof approval === "function" ? approval(value) : approval;
      return { kind: "valid", value, needsApproval, run: (context) => execute(value, context) };
    },
    checkResult: (value: unknown): Checked<unknown> =>
      output === undefined ? { kind: "valid", value } : checkSchema(output, value, "the results"),
    execute,
  });
}

function createDeclaration(
  input: ToolSchema,
  tool: Omit<ToolDeclaration, "inputSchema" | "strict">,
  strict: boolean | undefined,
): ToolDeclaration {
  const inputSchema = toInputSchema(input, tool.name);
  if (strict === true) assertStrictSchema(inputSchema, tool.name);
  return Object.freeze({ ...tool, inputSchema, ...(strict !== undefined && { strict }) });
}

function checkLimits(
  options: Partial<{ [Limit in keyof ToolLimits]: ToolLimits[Limit] | undefined }> & { readonly name: string },
): ToolLimits {
  const { timeoutMs, retries, concurrency, idempotent, maxResultBytes } = options;
  const limits = {
    timeoutMs: timeoutMs ?? defaultLimits.timeoutMs,
    retries: retries ?? defaultLimits.retries,
    concurrency: concurrency ?? defaultLimits.concurrency,
    idempotent: idempotent ?? defaultLimits.idempotent,
    maxResultBytes: maxResultBytes ?? defaultLimits.maxResultBytes,
  };
  const smallest = { timeoutMs: 1, retries: 0, concurrency: 1, maxResultBytes: 1 };
  for (const limit of ["timeoutMs", "retries", "concurrency", "maxResultBytes"] as const) {
    if (limits[limit] >= smallest[limit]) continue;
    throw new ConfigError("config.invalid_option", `Tool "${options.name}" has ${limit} ${limits[limit]}`, {
      remedy: `Give ${limit} a number of at least ${smallest[limit]}, or leave it out.`,
      details: { tool: options.name, option: limit },
    });
  }
  return limits;
}

function invalidName(name: string): ConfigError {
  return new ConfigError("config.invalid_definition", `${JSON.stringify(name)} is not a tool name`, {
    remedy: "Use 1 to 64 letters, digits, underscores or hyphens: other names are refused by some providers.",
  });
}
