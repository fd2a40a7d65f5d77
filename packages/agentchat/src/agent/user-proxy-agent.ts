import { keepOptions } from "@troupe/core";
import { jsonSchema } from "@troupe/llm";
import type { AgentYield } from "../message/agent-event.ts";
import type { ChatMessage } from "../message/chat-message.ts";
import type { ChatAgentContext } from "../turn/chat-agent-context.ts";
import type { AgentReply } from "../turn/role.ts";
import { BaseChatAgent } from "./base-chat-agent.ts";

/** What a `UserProxyAgent` is made of. */
export interface UserProxyAgentOptions {
  readonly name: string;
  readonly description?: string | undefined;
  /** What the person is asked; default: a line that names who spoke last. */
  readonly prompt?: string | ((messages: readonly ChatMessage[]) => string) | undefined;
  /** Milliseconds until the question ends unanswered and the turn fails; default 7 days. */
  readonly deadlineMs?: number | undefined;
}

const document = { type: "string" } as const;
const answerSchema = /* @__PURE__ */ jsonSchema<string>(document);

/**
 * A person in the team: in its turn it asks a question and says the answer.
 *
 * A handoff to the person is answered by one back to whoever handed over; one to somebody else is heard like any other words.
 * The question is data: `onQuestion` of the run answers it in place; without it the run rests (`input-required`) until somebody calls
 * `run.respond(id, answer)`, from whatever process.
 */
export class UserProxyAgent extends BaseChatAgent {
  readonly #prompt: (messages: readonly ChatMessage[]) => string;
  readonly #deadlineMs: number | undefined;

  /** @throws ConfigError `config.invalid_definition` for a name that is not an identifier. */
  constructor(options: UserProxyAgentOptions) {
    super({ name: options.name, description: options.description ?? "A person" });
    const { name, prompt = (messages) => defaultPrompt(messages, name) } = options;
    this.#prompt = typeof prompt === "string" ? () => prompt : prompt;
    this.#deadlineMs = options.deadlineMs;
    if (new.target === UserProxyAgent) keepOptions(this, "@troupe/agentchat/UserProxyAgent", options);
  }

  protected override get readsContextAtOnce(): boolean {
    return false;
  }

  protected override get isPerson(): boolean {
    return true;
  }

  // What happens on the way is the question, which asking records.
  // oxlint-disable-next-line require-yield
  async *onMessages(
    messages: readonly ChatMessage[],
    context: ChatAgentContext,
  ): AsyncGenerator<AgentYield, AgentReply> {
    const prompt = this.#prompt(messages);
    const text = await context.ask({
      prompt,
      schema: answerSchema,
      jsonSchema: document,
      deadlineMs: this.#deadlineMs,
    });
    const last = messages.at(-1);
    return this.reply(isForMe(last, this.name) ? { kind: "handoff", text, target: last.source } : text);
  }
}

type HandoffMessage = Extract<ChatMessage, { readonly kind: "handoff" }>;

/** A handoff to somebody else is what that one has to answer to, not the person. */
function isForMe(message: ChatMessage | undefined, name: string): message is HandoffMessage {
  return message?.kind === "handoff" && message.target === name;
}

function defaultPrompt(messages: readonly ChatMessage[], name: string): string {
  const last = messages.at(-1);
  if (last === undefined) return "It is your turn.";
  return isForMe(last, name) ? `${last.source} hands over to you. Your answer?` : `Your answer to ${last.source}?`;
}
