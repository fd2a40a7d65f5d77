import { keepOptions } from "@troupe/core";
import type { AgentYield } from "../message/agent-event.ts";
import { pickGuards } from "../guard/guard-options.ts";
import type { ChatMessage } from "../message/chat-message.ts";
import type { ChatAgentContext } from "../turn/chat-agent-context.ts";
import type { AgentReply, AgentRole, Participant } from "../turn/role.ts";
import { runnerBehind } from "../turn/tool/runner-tool.ts";
import { type AssistantWork, createWork } from "./assistant/assistant-work.ts";
import type { AssistantAgentOptions } from "./assistant-options.ts";
import { AssistantTurn } from "./assistant-turn.ts";
import { modelNames } from "../inference/model-asker.ts";
import { BaseChatAgent } from "./base-chat-agent.ts";

/**
 * An agent that answers with a model and may use tools.
 *
 * In its turn it adds what is new to its conversation, asks its memories, asks the model, runs the tool calls of the answer side by side, and
 * asks again until the model answers in words or hands over, at most `maxToolIterations` times. Every call of the model, a memory or a tool is
 * a journaled step; those of models and tools are within the budget.
 *
 * @example
 * ```ts
 * const clerk = new AssistantAgent({ name: "clerk", model: model("openai:gpt-5-mini"), tools: [search] });
 * const result = await clerk.run("What did Ada order in May?");
 * ```
 */
export class AssistantAgent<Output = undefined> extends BaseChatAgent<undefined, Output> {
  readonly #work: AssistantWork;

  /** @throws ConfigError `config.invalid_definition`, `config.duplicate_name`, `config.invalid_option`. */
  constructor(options: AssistantAgentOptions<Output>) {
    const { name, description, budget, prices, output } = options;
    super({
      ...pickGuards(options),
      name,
      description: description ?? "An assistant that answers with the help of its tools",
      budget,
      prices,
      output,
    });
    this.#work = createWork(options);
    if (new.target === AssistantAgent) keepOptions(this, "@troupe/agentchat/AssistantAgent", options);
  }

  /** Names of the agents that this one may hand over to. */
  get handoffTargets(): readonly string[] {
    return this.#work.sources.handoffs.map((handoff) => handoff.target);
  }

  override toRole(): AgentRole {
    const { tools, workbenches, handoffs } = this.#work.sources;
    return { ...super.toRole(), makesCalls: tools.length + workbenches.length + handoffs.length > 0 };
  }

  protected override get readsContextAtOnce(): boolean {
    return typeof this.#work.systemMessage === "function";
  }

  protected override get models(): readonly string[] {
    return modelNames(this.#work.inference);
  }

  protected override get longestStepMs(): number {
    const own = this.#work.sources.tools.filter((tool) => runnerBehind(tool) === undefined);
    return Math.max(0, ...own.map((tool) => tool.timeoutMs * (tool.retries + 1)));
  }

  protected override get inner(): ReadonlyMap<string, Participant> {
    return new Map(
      this.#work.sources.tools.flatMap((tool) => {
        const runner = runnerBehind(tool);
        return runner === undefined ? [] : [[tool.name, runner.participant]];
      }),
    );
  }

  // The turn reports what happens as it happens, also from inside parallel calls; nothing is left to yield.
  // oxlint-disable-next-line require-yield
  async *onMessages(
    messages: readonly ChatMessage[],
    context: ChatAgentContext,
  ): AsyncGenerator<AgentYield, AgentReply> {
    return AssistantTurn.run(this.#work, messages, context);
  }
}
