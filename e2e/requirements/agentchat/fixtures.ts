import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  type RunEvent,
  type RunHandle,
} from "@troupe/agentchat";
import { type CodeBlock, type CodeExecutor, type CodeResult, type Tool, tool } from "@troupe/llm";
import { type Script, ScriptedModel } from "@troupe/llm/testing";
import { z } from "zod";

/** An assistant with a scripted model. */
export function assistant(name: string, script: Script): AssistantAgent {
  return new AssistantAgent({ name, model: new ScriptedModel(script) });
}

/** An agent that says which turn of its session it takes and what it has heard since its last one. */
export class Echo extends BaseChatAgent<{ turns: number }> {
  constructor(name: string) {
    super({ name, state: () => ({ turns: 0 }) });
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext<{ turns: number }>) {
    context.state.turns += 1;
    const heard = messages.map((message) => message.text).join(" + ");
    return this.reply(`${this.name}${context.state.turns}(${heard})`);
  }
}

/** The text of a message that `Echo` made, without what it heard. */
export function head(text: string): string {
  return text.slice(0, text.includes("(") ? text.indexOf("(") : undefined);
}

/** All events of a run, live ones included. */
export async function eventsOf(run: RunHandle<unknown>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) events.push(event);
  return events;
}

/** A tool without arguments. */
export function simpleTool(name: string, execute: () => unknown): Tool {
  return tool({ name, description: name, input: z.object({}), execute });
}

/** An executor that says what it ran. */
export class FakeExecutor implements CodeExecutor {
  readonly kind = "code-executor";
  readonly name = "fake";
  readonly languages: readonly string[] = ["js"];
  readonly requests: (readonly CodeBlock[])[] = [];
  readonly #results: Partial<CodeResult>[];

  constructor(results: Partial<CodeResult>[]) {
    this.#results = results;
  }

  async execute(blocks: readonly CodeBlock[]): Promise<CodeResult> {
    this.requests.push(blocks);
    return { exitCode: 0, output: "", truncated: false, durationMs: 1, ...this.#results.shift() };
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** What a promise rejects with. */
export async function errorOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("expected a rejection");
}

/** The code of what a promise rejects with. */
export async function codeOf(promise: PromiseLike<unknown>): Promise<unknown> {
  const error = await errorOf(promise);
  return typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
}

/** The code of what a function throws. */
export function thrownCode(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
  }
  throw new Error("expected a throw");
}
