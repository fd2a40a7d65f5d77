import { type ControlReason, encodeError, ModelError } from "@troupe/core";
import {
  type ChatModel,
  type CodeBlock,
  type CodeResult,
  extractCodeBlocks,
  type ModelContext,
  type ModelMessage,
  type ModelRequest,
  type ModelResult,
  resultText,
} from "@troupe/llm";
import type { ChatMessage } from "../../message/chat-message.ts";
import type { ChatAgentContext } from "../../turn/chat-agent-context.ts";
import type { AgentReply } from "../../turn/role.ts";
import { endOf, stoppedEnd } from "../../turn/turn-end.ts";
import { Conversation } from "../assistant/conversation.ts";
import { fitToModel } from "../assistant/fit-model.ts";
import { describeRun } from "./describe-run.ts";
import { defaultPlan, parsePlan, planQuestion, type RetryPlan, retryPlanDocument } from "./retry-plan.ts";

/** What an agent that writes programs is made of, resolved once. */
export interface CodeWork {
  readonly name: string;
  readonly model: ChatModel;
  readonly systemMessage: string | null;
  readonly context: ModelContext | undefined;
  readonly streams: boolean;
  readonly languages: readonly string[];
  /** Further programs after one that failed. */
  readonly maxRetries: number;
  /** Runs a program, if it is approved. */
  run(program: Program, context: ChatAgentContext): Promise<CodeResult>;
}

/** A program of a model. */
export interface Program {
  readonly blocks: readonly CodeBlock[];
  readonly conversation: readonly ModelMessage[];
  /** 0 for the first of a turn; undefined for programs that others wrote. */
  readonly attempt: number | undefined;
}

/** One call of the model besides the conversation. */
interface Asking {
  /** Said last, for this call alone. */
  readonly nudge?: string;
  readonly format?: ModelRequest["responseFormat"];
  /** Whether what is said may become a message, and is shown as it comes. */
  readonly isShown: boolean;
}

type Inference =
  | { readonly kind: "answer"; readonly text: string; readonly messageId: string; readonly content: Words }
  | { readonly kind: "over"; readonly reply: AgentReply };

type Words = Extract<ModelMessage, { role: "assistant" }>["content"];

/**
 * One turn of an agent that writes programs and runs them.
 *
 * Invariants:
 * P1. Each program and what it printed are in the conversation once, in order: a retry adds to it and repeats nothing.
 * P2. A failed program is followed by at most `maxRetries` further ones.
 * P3. A call of a tool, which this agent has not, never enters the conversation (I1).
 */
export class CodeTurn {
  readonly #work: CodeWork;
  readonly #context: ChatAgentContext;
  readonly #conversation: Conversation;

  private constructor(work: CodeWork, context: ChatAgentContext, conversation: Conversation) {
    this.#work = work;
    this.#context = context;
    this.#conversation = conversation;
  }

  static async run(work: CodeWork, messages: readonly ChatMessage[], context: ChatAgentContext): Promise<AgentReply> {
    const conversation = await Conversation.open(context);
    for (const message of messages) conversation.hear(message, work.name);
    return new CodeTurn(work, context, conversation).#run();
  }

  async #run(): Promise<AgentReply> {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#say();
      if (answer.kind === "over") return answer.reply;
      const blocks = extractCodeBlocks(answer.text, this.#work.languages);
      if (blocks.length === 0) return toReply(answer);
      this.#context.report({ kind: "thought", text: answer.text });
      const result = await this.#execute(blocks, attempt);
      if (result.exitCode === 0 || attempt >= this.#work.maxRetries) return this.#conclude();
      const planned = await this.#plan(attempt + 1);
      if (planned.kind === "over") return planned.reply;
      if (!planned.plan.retry) return this.#conclude();
    }
  }

  async #execute(blocks: readonly CodeBlock[], attempt: number): Promise<CodeResult> {
    const program = { blocks, conversation: [...this.#conversation.messages], attempt };
    const result = await this.#work.run(program, this.#context);
    this.#hear(describeRun(result));
    return result;
  }

  /** The model says what came out of it. */
  async #conclude(): Promise<AgentReply> {
    const answer = await this.#say();
    return answer.kind === "over" ? answer.reply : toReply(answer);
  }

  // --- the plan for another try ------------------------------------------------------------------

  async #plan(
    attempt: number,
  ): Promise<{ readonly kind: "planned"; readonly plan: RetryPlan } | Extract<Inference, { kind: "over" }>> {
    const first = await this.#ask(planAsking(this.#work.model, planQuestion));
    if (first.kind === "over") return first;
    const parsed = parsePlan(first.text);
    if (parsed.kind === "valid") return { kind: "planned", plan: this.#announce(parsed.plan, attempt) };
    // One repair (I7).
    const again = await this.#ask(planAsking(this.#work.model, `${planQuestion}\n${parsed.problem}`));
    if (again.kind === "over") return again;
    const repaired = parsePlan(again.text);
    const plan = repaired.kind === "valid" ? repaired.plan : defaultPlan(again.text);
    return { kind: "planned", plan: this.#announce(plan, attempt) };
  }

  #announce(plan: RetryPlan, attempt: number): RetryPlan {
    const { retry, reason } = plan;
    this.#context.report({ kind: "note", name: "code-retry", data: { attempt, retry, reason } });
    if (retry) this.#hear(`Correct the program and give it whole. ${reason}`.trim());
    return plan;
  }

  // --- the model ---------------------------------------------------------------------------------

  /** The next words of the conversation. An empty answer is asked for once more, and then an error. */
  async #say(): Promise<Inference> {
    const first = await this.#ask({ isShown: true });
    const answer =
      first.kind === "answer" && first.text.trim() === ""
        ? await this.#ask({ isShown: true, nudge: emptyNudge })
        : first;
    if (answer.kind === "over") return answer;
    if (answer.text.trim() === "") return { kind: "over", reply: this.#failed(emptyAnswer(this.#work)) };
    this.#conversation.add({ role: "assistant", content: answer.content });
    return answer;
  }

  async #ask({ nudge, format, isShown }: Asking): Promise<Inference> {
    const { model, streams } = this.#work;
    const messageId = this.#context.newId();
    const request = { messages: this.#messages(nudge), ...(format !== undefined && { responseFormat: format }) };
    const outcome = await this.#context.callModel({ model, request, ...(streams && isShown && { messageId }) });
    switch (outcome.status) {
      case "ok":
        return { kind: "answer", text: resultText(outcome.result), messageId, content: this.#accept(outcome.result) };
      case "stopped":
        return { kind: "over", reply: this.#stopped(outcome.reason, outcome.partialText, messageId) };
      case "failed":
        return { kind: "over", reply: this.#failed(outcome.error) };
    }
  }

  #accept({ content }: ModelResult): Words {
    const thought = content.map((part) => (part.kind === "reasoning" ? part.text : "")).join("");
    if (thought !== "") this.#context.report({ kind: "thought", text: thought });
    return content.filter((part) => part.kind !== "tool-call");
  }

  #messages(nudge: string | undefined): readonly ModelMessage[] {
    const { systemMessage, context, model } = this.#work;
    const { messages } = this.#conversation;
    const seen = context === undefined ? messages : context.select(messages);
    const all: ModelMessage[] = systemMessage === null ? [] : [{ role: "system", content: systemMessage }];
    for (const message of fitToModel(seen, model)) all.push(message);
    if (nudge !== undefined) all.push(userWords("user", nudge));
    return all;
  }

  #hear(text: string): void {
    this.#conversation.add(userWords(this.#work.name, text));
  }

  #stopped(reason: ControlReason, partialText: string, messageId: string): AgentReply {
    const end = stoppedEnd(reason);
    if (partialText === "") return { message: undefined, end };
    this.#conversation.add({ role: "assistant", content: [{ kind: "text", text: partialText }] });
    return { message: { kind: "text", id: messageId, text: partialText, isPartial: true }, end };
  }

  #failed(error: Error): AgentReply {
    const end = endOf(error) ?? { status: "error", error: encodeError(error), agentPath: this.#context.path };
    return { message: undefined, end, cause: error };
  }
}

/** Said to a model that answered nothing at all. */
const emptyNudge = "Your answer was empty. Answer in words, or with a program in a fenced block.";

function planAsking({ capabilities }: ChatModel, nudge: string): Asking {
  const hasForm = capabilities.structuredOutput !== "none";
  return {
    isShown: false,
    nudge,
    ...(hasForm && { format: { kind: "json", name: "plan", schema: retryPlanDocument } }),
  };
}

function userWords(name: string, text: string): ModelMessage {
  return { role: "user", name, content: [{ kind: "text", text }] };
}

function toReply({ text, messageId }: Extract<Inference, { kind: "answer" }>): AgentReply {
  return { message: { kind: "text", id: messageId, text } };
}

function emptyAnswer({ name, model }: CodeWork): ModelError {
  return new ModelError("model.empty_answer", `Model "${model.name}" gave "${name}" an empty answer twice`, {
    remedy: "Say in the system message what is expected, or use another model.",
    details: { agent: name },
  });
}
