import { jsonSchema, type Tool, tool } from "@troupe/llm";
import { type Script, ScriptedModel } from "@troupe/llm/testing";
import { AssistantAgent } from "../agent/assistant-agent.ts";
import { BaseChatAgent } from "../agent/base-chat-agent.ts";
import type { AgentYield } from "../message/agent-event.ts";
import type { ChatMessage } from "../message/chat-message.ts";
import type { RunEvent } from "../message/run-event.ts";
import type { RunHandle } from "../run/handle/run-handle.ts";
import type { ChatAgentContext } from "../turn/chat-agent-context.ts";
import type { AgentReply } from "../turn/role.ts";

/** An assistant whose model says what the script says. */
export function scripted(name: string, script: Script, tools: readonly Tool[] = []): AssistantAgent {
  return new AssistantAgent({ name, model: new ScriptedModel(script), tools });
}

/** A tool without arguments. */
export function plainTool(name: string, execute: Tool["execute"]): Tool {
  return tool({ name, description: name, input: jsonSchema<never>({ type: "object" }), execute });
}

/** Says how often it has spoken in its session, and what is new to it. */
export class Counter extends BaseChatAgent<{ turns: number }> {
  constructor(name: string) {
    super({ name, state: () => ({ turns: 0 }) });
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(
    messages: readonly ChatMessage[],
    context: ChatAgentContext<{ turns: number }>,
  ): AsyncGenerator<AgentYield, AgentReply> {
    context.state.turns += 1;
    return this.reply(`${this.name}${context.state.turns}: ${messages.map((message) => message.text).join("|")}`);
  }
}

/** All events of a run, live ones included. */
export async function collectEvents(run: RunHandle<unknown>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) events.push(event);
  return events;
}

/** Waits until a run shows an event of this kind. */
export async function seeKind(run: RunHandle<unknown>, kind: RunEvent["kind"]): Promise<void> {
  for await (const event of run.events()) if (event.kind === kind) return;
}
