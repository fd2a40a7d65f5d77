import {
  type AgentContext,
  type AgentDefinition,
  type AgentRuntime,
  createDeferred,
  type Deferred,
  defineAgent,
  defineEvent,
  defineRequest,
  InProcessRuntime,
  type LogRecord,
  type RuntimeOptions,
  TroupeError,
  typeSubscription,
} from "@troupe/core";
import { onTestFinished } from "vitest";
import { z } from "zod";

export const Note = defineEvent("Note", z.string());
export const Other = defineEvent("Other", z.string());
export const Ask = defineRequest("Ask", z.string(), z.string());
export const AskOther = defineRequest("AskOther", z.string(), z.string());
export const Anything = defineRequest("Anything", z.unknown(), z.unknown());

/** A runtime that the test closes when it is over. */
export function open(options: RuntimeOptions = {}): InProcessRuntime {
  const runtime = new InProcessRuntime(options);
  onTestFinished(() => runtime.close({ graceMs: 0 }));
  return runtime;
}

type Listen = (text: string, context: AgentContext<{ count: number }>) => void | Promise<void>;
type Answer = (text: string, context: AgentContext<{ count: number }>) => string | Promise<string>;

/** What an agent of a test does. */
export interface Behaviour {
  readonly topics?: readonly string[];
  readonly onNote?: Listen;
  readonly onAsk?: Answer;
}

/** An agent that hears `Note` on its topics and answers `Ask`. */
export function agent(type: string, behaviour: Behaviour = {}): AgentDefinition<"Note" | "Ask"> {
  return defineAgent({
    type,
    state: () => ({ count: 0 }),
    handlers: (on) => [
      on.event(Note, (text, context) => behaviour.onNote?.(text, context)),
      on.request(Ask, (text, context) => behaviour.onAsk?.(text, context) ?? text),
    ],
    subscriptions: (behaviour.topics ?? []).map((topic) => typeSubscription(topic)),
  });
}

/** The code of what a promise rejects with, or `undefined` when it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return TroupeError.isTroupeError(error) ? error.code : String(error);
  }
}

/** The code of what a function throws, or `undefined` when it does not. */
export function thrownCode(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return TroupeError.isTroupeError(error) ? error.code : String(error);
  }
}

/** A handler's halt: the test sees that it was reached and lets it go on. */
export interface Gate {
  readonly reached: Promise<void>;
  readonly pass: () => Promise<void>;
  readonly open: () => void;
}

export function createGate(): Gate {
  const reached: Deferred<void> = createDeferred<void>();
  const opened: Deferred<void> = createDeferred<void>();
  return {
    reached: reached.promise,
    pass: () => {
      reached.resolve();
      return opened.promise;
    },
    open: () => opened.resolve(),
  };
}

/** Registers all, in order. */
export async function register(runtime: AgentRuntime, ...agents: readonly AgentDefinition[]): Promise<void> {
  for (const definition of agents) await runtime.register(definition);
}

/** A logger that keeps what it is told. */
export function recordErrors(): {
  readonly logger: { readonly [K in "debug" | "info" | "warn" | "error"]: (record: LogRecord) => void };
  readonly errors: LogRecord[];
  readonly warnings: LogRecord[];
} {
  const errors: LogRecord[] = [];
  const warnings: LogRecord[] = [];
  return {
    logger: {
      debug: () => {},
      info: () => {},
      warn: (record) => warnings.push(record),
      error: (record) => errors.push(record),
    },
    errors,
    warnings,
  };
}
