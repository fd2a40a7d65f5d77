import { type ControlReason, ModelError } from "@troupe/core";
import { type ModelMessage, type ModelRequest, type ModelResult, resultText } from "@troupe/llm";
import { type InferenceOptions, ModelAsker } from "../inference/model-asker.ts";
import type { ChatAgentContext } from "../turn/chat-agent-context.ts";
import type { AgentReply } from "../turn/role.ts";
import { replyByError, stoppedEnd } from "../turn/turn-end.ts";
import type { Conversation } from "./assistant/conversation.ts";
import { fitToModel, toolsOfOthers } from "./assistant/fit-model.ts";

/** What a model without tools is asked. */
export interface WordsRequest {
  /** Everything around what the model is shown of the conversation, which it gets as a list of its own. */
  readonly arrange: (shown: readonly ModelMessage[]) => readonly ModelMessage[];
  readonly format?: ModelRequest["responseFormat"];
  /** Whether what it says is shown as it comes. */
  readonly isStreamed: boolean;
}

/** What a model said, or the end of the turn. */
export type Said =
  | {
      readonly kind: "said";
      readonly text: string;
      readonly messageId: string;
      /** As it belongs into the conversation. */
      readonly message: ModelMessage;
    }
  | { readonly kind: "over"; readonly reply: AgentReply };

/** Said to a model that answered nothing at all. */
const emptyNudge: ModelMessage = {
  role: "user",
  name: "user",
  content: [{ kind: "text", text: "Your answer was empty. Answer in words." }],
};

/**
 * Asks a model that has no tools, during one turn of an agent.
 *
 * Invariants:
 * 1. A call of a tool never enters the conversation: nobody would answer it (I1).
 * 2. However a call ends, the turn gets an answer or a reply to end with; words that a stop cut off are kept.
 */
export class WordsAsker {
  readonly #agent: string;
  readonly #options: InferenceOptions;
  readonly #context: ChatAgentContext;
  readonly #conversation: Conversation;
  readonly #asker: ModelAsker;

  constructor(
    agent: { readonly name: string; readonly inference: InferenceOptions },
    context: ChatAgentContext,
    conversation: Conversation,
  ) {
    this.#agent = agent.name;
    this.#options = agent.inference;
    this.#context = context;
    this.#conversation = conversation;
    this.#asker = new ModelAsker(agent.inference, context, conversation);
  }

  /** The next words of the conversation, which are added to it. An empty answer is asked for once more, and then an error. */
  async say(request: WordsRequest): Promise<Said> {
    const first = await this.ask(request);
    const said = isEmpty(first) ? await this.ask(withNudge(request)) : first;
    if (said.kind === "over") return said;
    if (isEmpty(said)) return { kind: "over", reply: this.#failed(this.#emptyAnswer()) };
    this.#conversation.add(said.message);
    return said;
  }

  /** One answer, whatever it is; it is not added to the conversation. */
  async ask({ arrange, format, isStreamed }: WordsRequest): Promise<Said> {
    const messageId = this.#context.newId();
    const outcome = await this.#asker.ask({
      request: (shown) => {
        const { model } = this.#options;
        const tools = toolsOfOthers(shown, model);
        return {
          messages: arrange([...fitToModel(shown, model)]),
          ...(tools.length > 0 && { tools, toolChoice: "none" }),
          ...(format !== undefined && { responseFormat: format }),
        };
      },
      isFinal: true,
      messageId: isStreamed ? messageId : undefined,
    });
    switch (outcome.status) {
      case "ok":
        return { kind: "said", text: resultText(outcome.result), messageId, message: this.#accept(outcome.result) };
      case "stopped":
        return { kind: "over", reply: this.#stopped(outcome.reason, outcome.partialText, messageId) };
      case "failed":
        return { kind: "over", reply: this.#failed(outcome.error) };
    }
  }

  #accept({ content }: ModelResult): ModelMessage {
    const thought = content.map((part) => (part.kind === "reasoning" ? part.text : "")).join("");
    if (thought !== "") this.#context.report({ kind: "thought", text: thought });
    return { role: "assistant", content };
  }

  #stopped(reason: ControlReason, partialText: string, messageId: string): AgentReply {
    const end = stoppedEnd(reason);
    if (partialText === "") return { message: undefined, end };
    this.#conversation.add({ role: "assistant", content: [{ kind: "text", text: partialText }] });
    return { message: { kind: "text", id: messageId, text: partialText, isPartial: true }, end };
  }

  #failed(error: Error): AgentReply {
    return replyByError(error, this.#context.path);
  }

  #emptyAnswer(): ModelError {
    const { name } = this.#options.model;
    return new ModelError("model.empty_answer", `Model "${name}" gave "${this.#agent}" an empty answer twice`, {
      remedy: "Say in the system message what is expected, or use another model.",
      details: { agent: this.#agent },
    });
  }
}

function isEmpty(said: Said): boolean {
  return said.kind === "said" && said.text.trim() === "";
}

function withNudge(request: WordsRequest): WordsRequest {
  return { ...request, arrange: (shown) => [...request.arrange(shown), emptyNudge] };
}
