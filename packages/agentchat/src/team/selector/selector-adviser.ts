import { encodeError } from "@troupe/core";
import { type ChatModel, type ModelContext, type ModelMessage, type ModelRequest, resultText } from "@troupe/llm";
import { toModelMessage, type ChatMessage } from "../../message/chat-message.ts";
import { stringsOf } from "../../message/json-record.ts";
import type { AgentReply, AgentRole, ErasedContext } from "../../turn/role.ts";
import { endOf, stoppedEnd } from "../../turn/turn-end.ts";
import { parseSpeaker } from "./parse-speaker.ts";
import { describeHistory, fillSelectorPrompt } from "./selector-prompt.ts";

/** What a selector's adviser works with. */
export interface SelectorWork {
  readonly name: string;
  readonly model: ChatModel;
  readonly prompt: string;
  /** The participants, one to a line. */
  readonly roles: string;
  readonly names: readonly string[];
  readonly maxAttempts: number;
  readonly context: ModelContext | undefined;
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
    models: [work.model.name],
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
    for (const message of messages) {
      const heard = toModelMessage(message);
      history.push(heard);
      this.#context.history.append(heard);
    }
    return this.#choose(this.#work.context?.select(history) ?? history, stringsOf(this.#context.question));
  }

  async #choose(history: readonly ModelMessage[], candidates: readonly string[]): Promise<AgentReply> {
    const { model, names, maxAttempts, streams } = this.#work;
    const asked: ModelMessage[] = [this.#prompt(history, candidates)];
    const refused: string[] = [];
    while (refused.length < maxAttempts) {
      const request = { messages: asked, ...constrain(model, candidates) };
      const messageId = streams ? { messageId: this.#context.newId() } : {};
      const outcome = await this.#context.callModel({ model, request, ...messageId });
      if (outcome.status === "stopped") return { message: undefined, end: stoppedEnd(outcome.reason) };
      if (outcome.status === "failed") return failed(outcome.error, this.#context.path);
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

function failed(error: Error, path: readonly string[]): AgentReply {
  const end = endOf(error) ?? { status: "error", error: encodeError(error), agentPath: path };
  return { message: undefined, end, cause: error };
}
