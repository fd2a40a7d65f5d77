import type { MaybePromise } from "../../async/index.ts";
import type { AgentRuntime } from "../../runtime/agent-runtime.ts";
import type { RuntimeOptions } from "../../runtime/runtime-options.ts";
import type { ContractCase } from "../contract.ts";

/** The options that a contract case may ask for; ports and store belong to the environment. */
export type RuntimeContractOptions = Omit<RuntimeOptions, "store" | "clock" | "ids" | "random" | "pick">;

/** What a runtime shows to its contract. */
export interface RuntimeEnvironment {
  /** Makes a new runtime with a store of its own; the environment closes it. */
  readonly open: (options?: RuntimeContractOptions) => MaybePromise<AgentRuntime>;
  /** Lets so much time pass: turns a manual clock, or waits. Afterwards everything that time alone sets off has happened. */
  readonly advance: (durationMs: number) => Promise<void>;
}

/** A case of the runtime contract. */
export type RuntimeCase = ContractCase<RuntimeEnvironment>;

/** Shortens the common case: one runtime with default options. */
export function runtimeCase(
  invariant: string,
  name: string,
  run: (runtime: AgentRuntime, environment: RuntimeEnvironment) => MaybePromise<void>,
): RuntimeCase {
  return { invariant, name, run: async (environment) => run(await environment.open(), environment) };
}
