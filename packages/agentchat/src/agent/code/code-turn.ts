import { type CodeBlock, type CodeResult, extractCodeBlocks, type ModelMessage, openHistory } from "@troupe/llm";
import type { InferenceOptions } from "../../inference/model-asker.ts";
import type { ChatMessage } from "../../message/chat-message.ts";
import type { ChatAgentContext } from "../../turn/chat-agent-context.ts";
import type { AgentReply } from "../../turn/role.ts";
import { type Said, WordsAsker, type WordsRequest } from "../ask-words.ts";
import { Conversation } from "../assistant/conversation.ts";
import { describeRun } from "./describe-run.ts";
import { defaultPlan, parsePlan, planQuestion, type RetryPlan, retryPlanDocument } from "./retry-plan.ts";

/** What an agent that writes programs is made of, resolved once. */
export interface CodeWork {
  readonly name: string;
  readonly inference: InferenceOptions;
  readonly systemMessage: string | null;
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

type Over = Extract<Said, { readonly kind: "over" }>;

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
  readonly #asker: WordsAsker;

  private constructor(work: CodeWork, context: ChatAgentContext, conversation: Conversation) {
    this.#work = work;
    this.#context = context;
    this.#conversation = conversation;
    this.#asker = new WordsAsker(work, context, conversation);
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
    const conversation = [...openHistory(this.#conversation.messages).messages];
    const result = await this.#work.run({ blocks, conversation, attempt }, this.#context);
    this.#hear(describeRun(result));
    return result;
  }

  /** The model says what came out of it. */
  async #conclude(): Promise<AgentReply> {
    const answer = await this.#say();
    return answer.kind === "over" ? answer.reply : toReply(answer);
  }

  #say(): Promise<Said> {
    return this.#asker.say({ arrange: (shown) => this.#instruct(shown), isStreamed: this.#work.streams });
  }

  #instruct(shown: readonly ModelMessage[]): readonly ModelMessage[] {
    const { systemMessage } = this.#work;
    return systemMessage === null ? shown : [{ role: "system", content: systemMessage }, ...shown];
  }

  // --- the plan for another try ------------------------------------------------------------------

  async #plan(attempt: number): Promise<{ readonly kind: "planned"; readonly plan: RetryPlan } | Over> {
    const first = await this.#asker.ask(this.#planRequest(planQuestion));
    if (first.kind === "over") return first;
    const parsed = parsePlan(first.text);
    if (parsed.kind === "valid") return { kind: "planned", plan: this.#announce(parsed.plan, attempt) };
    // One repair (I7).
    const again = await this.#asker.ask(this.#planRequest(`${planQuestion}\n${parsed.problem}`));
    if (again.kind === "over") return again;
    const repaired = parsePlan(again.text);
    const plan = repaired.kind === "valid" ? repaired.plan : defaultPlan(again.text);
    return { kind: "planned", plan: this.#announce(plan, attempt) };
  }

  #planRequest(question: string): WordsRequest {
    const hasForm = this.#work.inference.model.capabilities.structuredOutput !== "none";
    return {
      arrange: (shown) => [...this.#instruct(shown), userWords("user", question)],
      isStreamed: false,
      ...(hasForm && { format: { kind: "json", name: "plan", schema: retryPlanDocument } }),
    };
  }

  #announce(plan: RetryPlan, attempt: number): RetryPlan {
    const { retry, reason } = plan;
    this.#context.report({ kind: "note", name: "code-retry", data: { attempt, retry, reason } });
    if (retry) this.#hear(`Correct the program and give it whole. ${reason}`.trim());
    return plan;
  }

  #hear(text: string): void {
    this.#conversation.add(userWords(this.#work.name, text));
  }
}

function userWords(name: string, text: string): ModelMessage {
  return { role: "user", name, content: [{ kind: "text", text }] };
}

function toReply({ text, messageId }: Extract<Said, { kind: "said" }>): AgentReply {
  return { message: { kind: "text", id: messageId, text } };
}
