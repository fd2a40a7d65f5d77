import { type AnswerRequest, type ChatModel, type ModelMessage, type ModelRequest, resultText } from "@troupe/llm";
import { type InferenceOptions, ModelAsker, modelNames } from "../../inference/model-asker.ts";
import { toModelMessage, type ChatMessage } from "../../message/chat-message.ts";
import { stringsOf } from "../../message/as-json.ts";
import type { AgentReply, AgentRole, ErasedContext } from "../../turn/role.ts";
import { replyByError, stoppedEnd } from "../../turn/turn-end.ts";
import { parseSpeaker } from "./parse-speaker.ts";
import { describeHistory, fillSelectorPrompt } from "./selector-prompt.ts";

/** What a selector's adviser works with. */
export interface SelectorWork {
  readonly name: string;
  readonly inference: InferenceOptions;
  readonly prompt: string;
  /** The participants, one to a line. */
  readonly roles: string;
  readonly names: readonly string[];
  readonly maxAttempts: number;
  readonly streams: boolean;
}

/** Characters of a refused answer that an event keeps. */
const maxKept = 200;

/** The agent that asks a model who speaks next. It remembers what was said, not how it chose. */
export function createSelectorAdviser(work: SelectorWork): AgentRole {
  return {
    kind: "agent",
    name: work.name,
    initialState: undefined,
    lists: {},
    models: modelNames(work.inference),
    longestStepMs: 0,
    takeTurn: (messages, context) => new SelectorTurn(work, context).run(messages),
  };
}

/**
 * One choice of a speaker.
 *
 * Invariant S1: the advice names a candidate, or nobody when the model did not name one in `maxAttempts` answers; then a
 * `selection-failed` event keeps what it said.
 */
class SelectorTurn {
  readonly #work: SelectorWork;
  readonly #context: ErasedContext;

  constructor(work: SelectorWork, context: ErasedContext) {
    this.#work = work;
    this.#context = context;
  }

  async run(messages: readonly ChatMessage[]): Promise<AgentReply> {
    const history = [...(await this.#context.history.read())];
    const add = (message: ModelMessage): void => {
      history.push(message);
      this.#context.history.append(message);
    };
    for (const message of messages) add(toModelMessage(message));
    const asker = new ModelAsker(this.#work.inference, this.#context, { messages: history, add });
    return this.#choose(asker, stringsOf(this.#context.question));
  }

  async #choose(asker: ModelAsker, candidates: readonly string[]): Promise<AgentReply> {
    const { names, maxAttempts, streams } = this.#work;
    const asked: ModelMessage[] = [];
    const refused: string[] = [];
    while (refused.length < maxAttempts) {
      const outcome = await asker.ask({
        request: (shown) => this.#request(shown, { asked, candidates }),
        isFinal: true,
        messageId: streams ? this.#context.newId() : undefined,
      });
      if (outcome.status === "stopped") return { message: undefined, end: stoppedEnd(outcome.reason) };
      if (outcome.status === "failed") return replyByError(outcome.error, this.#context.path);
      const text = resultText(outcome.result);
      const parsed = parseSpeaker(text, { all: names, candidates });
      if (parsed.kind === "chosen") return { message: undefined, advice: { speaker: parsed.name } };
      refused.push(text.slice(0, maxKept));
      if (outcome.result.content.length > 0) asked.push({ role: "assistant", content: outcome.result.content });
      asked.push({ role: "user", content: [{ kind: "text", text: parsed.problem }] });
    }
    this.#context.report({ kind: "selection-failed", candidates, answers: refused });
    return { message: undefined, advice: { speaker: null } };
  }

  #request(
    shown: readonly ModelMessage[],
    { asked, candidates }: { readonly asked: readonly ModelMessage[]; readonly candidates: readonly string[] },
  ): AnswerRequest {
    const { model } = this.#work.inference;
    return { messages: [this.#prompt(shown, candidates), ...asked], ...constrain(model, candidates) };
  }

  #prompt(history: readonly ModelMessage[], candidates: readonly string[]): ModelMessage {
    const text = fillSelectorPrompt(this.#work.prompt, {
      roles: this.#work.roles,
      participants: JSON.stringify(candidates),
      history: describeHistory(history),
    });
    return { role: "user", content: [{ kind: "text", text }] };
  }
}

/** A model that follows a schema can only name a candidate. */
function constrain(model: ChatModel, candidates: readonly string[]): Pick<ModelRequest, "responseFormat"> {
  if (model.capabilities.structuredOutput !== "native") return {};
  const schema = {
    type: "object",
    properties: { speaker: { type: "string", enum: [...candidates] } },
    required: ["speaker"],
    additionalProperties: false,
  };
  return { responseFormat: { kind: "json", name: "next_speaker", schema } };
}
