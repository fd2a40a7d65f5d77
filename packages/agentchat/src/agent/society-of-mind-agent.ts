import { keepOptions } from "@troupe/core";
import {
  type AiSdkModel,
  type ChatModel,
  type ModelContext,
  type ModelMessage,
  type PriceTable,
  toChatModel,
} from "@troupe/llm";
import type { BudgetOption } from "../budget/budget.ts";
import { type GuardOptions, pickGuards } from "../guard/guard-options.ts";
import { type InferenceOptions, modelNames } from "../inference/model-asker.ts";
import { TokenCounter } from "../inference/token-counter.ts";
import type { AgentYield } from "../message/agent-event.ts";
import { type ChatMessage, toModelMessage } from "../message/chat-message.ts";
import { innerPlace } from "../run/inner-place.ts";
import type { ChatAgentContext } from "../turn/chat-agent-context.ts";
import type { AgentReply, Participant } from "../turn/role.ts";
import { WordsAsker } from "./ask-words.ts";
import { Conversation } from "./assistant/conversation.ts";
import { fitToModel } from "./assistant/fit-model.ts";
import { BaseChatAgent } from "./base-chat-agent.ts";

/** What a `SocietyOfMindAgent` is made of. */
export interface SocietyOfMindAgentOptions extends GuardOptions {
  readonly name: string;
  /** Works on what the agent is asked; it needs a condition or a limit to come to an end. */
  readonly team: Participant;
  /** Makes one answer of what the team said. */
  readonly model: ChatModel | AiSdkModel;
  readonly description?: string | undefined;
  /** Said to the model before what the team said. */
  readonly instruction?: string | undefined;
  /** Said to the model after it. */
  readonly responsePrompt?: string | undefined;
  /** What the model sees of what the agent was asked and has answered; default everything. */
  readonly modelContext?: ModelContext | undefined;
  /** Show the answer as it comes; default: when the model can. */
  readonly stream?: boolean | undefined;
  readonly budget?: BudgetOption | undefined;
  /** What models cost, for usage and budgets in dollars; default: the list prices. The table of what is run counts, not those of participants. */
  readonly prices?: PriceTable | undefined;
}

const defaultInstruction = "Your team has worked on what you were asked last. This is what was said in it:";

const defaultResponsePrompt =
  "Now give the answer. It must be complete in itself: whoever asked has not heard the team, and must not hear of it.";

/** The answer when the team said nothing. */
const noResponse = "No response.";

/**
 * A team that speaks with one voice: in its turn the agent has the team work on what is new, and answers with what a model makes of it.
 *
 * Others hear the answer alone. What is said in the team is in the run's events, below the agent's path, and not in its result. In a session
 * the team goes on where it was, and the agent remembers what it was asked and what it answered.
 */
export class SocietyOfMindAgent extends BaseChatAgent {
  readonly #team: Participant;
  readonly #inference: InferenceOptions;
  readonly #instruction: string;
  readonly #responsePrompt: string;
  readonly #streams: boolean;

  /** @throws ConfigError `config.invalid_definition` for a name that is not an identifier. */
  constructor(options: SocietyOfMindAgentOptions) {
    super({
      ...pickGuards(options),
      name: options.name,
      description: options.description ?? "A team that works on a task and answers with one voice",
      budget: options.budget,
      prices: options.prices,
    });
    this.#team = options.team;
    this.#inference = {
      model: toChatModel(options.model),
      context: options.modelContext,
      forms: [],
      counter: new TokenCounter(),
    };
    this.#instruction = options.instruction ?? defaultInstruction;
    this.#responsePrompt = options.responsePrompt ?? defaultResponsePrompt;
    this.#streams = options.stream ?? true;
    if (new.target === SocietyOfMindAgent) keepOptions(this, "@troupe/agentchat/SocietyOfMindAgent", options);
  }

  protected override get models(): readonly string[] {
    return modelNames(this.#inference);
  }

  protected override get inner(): ReadonlyMap<string, Participant> {
    return new Map([[innerPlace(this.#team.name), this.#team]]);
  }

  // The team's turns report what happens as it happens; nothing is left to yield.
  // oxlint-disable-next-line require-yield
  async *onMessages(
    messages: readonly ChatMessage[],
    context: ChatAgentContext,
  ): AsyncGenerator<AgentYield, AgentReply> {
    const conversation = await Conversation.open(context);
    for (const message of messages) conversation.hear(message, this.name);
    const { end, messages: said } = await context.runInner(innerPlace(this.#team.name), messages, {
      keepsMemory: true,
    });
    if (end.status !== "ok") return { message: undefined, end };
    return said.length === 0 ? silent(conversation) : this.#answer(said, conversation, context);
  }

  async #answer(
    said: readonly ChatMessage[],
    conversation: Conversation,
    context: ChatAgentContext,
  ): Promise<AgentReply> {
    const asker = new WordsAsker({ name: this.name, inference: this.#inference }, context, conversation);
    const discussion = fitToModel(said.map(toModelMessage), this.#inference.model);
    const answer = await asker.say({
      arrange: (shown) => [
        ...shown,
        this.#direct(this.#instruction),
        ...discussion,
        this.#direct(this.#responsePrompt),
      ],
      isStreamed: this.#streams,
    });
    if (answer.kind === "over") return answer.reply;
    return this.reply({ kind: "text", id: answer.messageId, text: answer.text });
  }

  /** A model that takes one system message only would have these torn from their place. */
  #direct(text: string): ModelMessage {
    const { multipleSystemMessages } = this.#inference.model.capabilities;
    if (multipleSystemMessages) return { role: "system", content: text };
    return { role: "user", name: this.name, content: [{ kind: "text", text }] };
  }
}

function silent(conversation: Conversation): AgentReply {
  conversation.add({ role: "assistant", content: [{ kind: "text", text: noResponse }] });
  return { message: { kind: "text", text: noResponse } };
}
