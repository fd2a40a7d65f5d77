import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type JsonValue, TeamError, toJson, validate } from "@troupe/core";
import type { RunValueKey, RunValues } from "@troupe/llm";

/** A value for one run, made by its key. */
export interface ContextValue {
  readonly key: RunValueKey;
  /** In the output form of the schema. */
  readonly value: unknown;
  /** Set for a key that persists: the value as it is stored. */
  readonly stored?: JsonValue;
}

/** Where a value can be read: the contexts of tools, policies, prompts and chat agents. */
export interface ContextSource {
  readonly run?: RunValues | undefined;
}

/** One typed value of a run: who asks, on whose behalf, with which credentials. */
export interface ContextKey<In = unknown, Out = unknown> extends RunValueKey {
  /** True when the value is stored with the run, so that another process has it. */
  readonly persists: boolean;
  /** The value for a run: `team.run(task, { context: customer.of({ ... }) })`. @throws SerializationError when it does not fit. */
  of(value: In): ContextValue;
  /** @throws TeamError `run.context_missing` when the run has none in this process. */
  read(source: ContextSource): Out;
  /** Undefined when the run has none. */
  find(source: ContextSource): Out | undefined;
}

/** Options of `defineContext`. */
export interface ContextOptions {
  /**
   * Store the value with the run: small JSON without secrets. Default false: it stays in the memory of the process that was given it, and
   * whoever goes on with the run in another process gives it again.
   */
  readonly persist?: boolean | undefined;
}

/**
 * Defines a value that a program gives its runs: it reaches tools, policies, prompts and custom agents, and nothing else: no model, no other run,
 * no log, and no store unless it persists.
 *
 * @example
 * ```ts
 * const customer = defineContext("customer", z.object({ id: z.string(), token: z.string() }));
 * const orders = tool({ name: "orders", ..., execute: (_, context) => fetchOrders(customer.read(context)) });
 * await team.run("What did I order?", { context: customer.of({ id: "ada", token }) });
 * ```
 */
export function defineContext<In, Out>(
  name: string,
  schema: StandardSchemaV1<In, Out>,
  { persist = false }: ContextOptions = {},
): ContextKey<In, Out> {
  const parse = (value: unknown): Out => validate(schema, value, { what: `context "${name}"` });
  const key: ContextKey<In, Out> = {
    name,
    persists: persist,
    parse,
    of: (value) => ({ key, value: parse(value), ...(persist && { stored: toJson(value, `context "${name}"`) }) }),
    find: ({ run }) => {
      const found = run?.find(key);
      // oxlint-disable-next-line typescript/consistent-type-assertions -- only `of` and `parse` of this key made it
      return found as Out | undefined;
    },
    read: (source) => {
      const found = key.find(source);
      if (found === undefined) throw contextMissing(name);
      return found;
    },
  };
  return Object.freeze(key);
}

/** The error of a run that has not been given what it needs. The value itself is in no message. */
export function contextMissing(name: string): TeamError {
  return new TeamError("run.context_missing", `The run has no context "${name}" in this process`, {
    remedy:
      "Give it with `context` in the options of run or attach, also when the run goes on in another process; or define it with persist: true.",
    details: { name },
  });
}
