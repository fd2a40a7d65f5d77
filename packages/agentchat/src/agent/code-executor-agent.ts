import {
  type AiSdkModel,
  type ChatModel,
  type CodeBlock,
  type CodeExecutor,
  type CodeResult,
  extractCodeBlocks,
  type ModelContext,
  type PriceTable,
  toChatModel,
} from "@troupe/llm";
import { ConfigError, keepOptions } from "@troupe/core";
import type { BudgetOption } from "../budget/budget.ts";
import { type GuardOptions, pickGuards } from "../guard/guard-options.ts";
import { modelNames } from "../inference/model-asker.ts";
import { TokenCounter } from "../inference/token-counter.ts";
import type { AgentYield } from "../message/agent-event.ts";
import type { ChatMessage } from "../message/chat-message.ts";
import type { ChatAgentContext } from "../turn/chat-agent-context.ts";
import type { AgentReply } from "../turn/role.ts";
import { BaseChatAgent } from "./base-chat-agent.ts";
import { type CodeApproval, denyCode } from "./code/code-approval.ts";
import { CodeTurn, type CodeWork, type Program } from "./code/code-turn.ts";
import { describeRun } from "./code/describe-run.ts";

/** What a `CodeExecutorAgent` is made of. */
export interface CodeExecutorAgentOptions extends GuardOptions {
  readonly name: string;
  /** Opened and closed by the program. */
  readonly executor: CodeExecutor;
  readonly description?: string | undefined;
  /** Writes the programs. Without one the agent runs what others write. */
  readonly model?: ChatModel | AiSdkModel | undefined;
  /** Tells the model what to write; null for nothing. Default: programs in fenced blocks, one step at a time. */
  readonly systemMessage?: string | null | undefined;
  /** What the model sees of the conversation; default everything. */
  readonly modelContext?: ModelContext | undefined;
  /** Show the model's words as they come; default: when it can. */
  readonly stream?: boolean | undefined;
  /** How often the model may correct a program that failed, in one turn; default 0. */
  readonly maxRetriesOnError?: number | undefined;
  /** Asked before each program runs; default: all of them run. */
  readonly approval?: CodeApproval | undefined;
  /** Whose programs are run, by an agent without a model; default everybody's. */
  readonly sources?: readonly string[] | undefined;
  /** Languages of fenced blocks that are run; default: what the executor knows. */
  readonly languages?: readonly string[] | undefined;
  /** Milliseconds for one program; default: the executor's. */
  readonly timeoutMs?: number | undefined;
  /** True when running a program twice does no harm: then a crash repeats it instead of ending it as unknown. Default false. */
  readonly idempotent?: boolean | undefined;
  readonly budget?: BudgetOption | undefined;
  /** What models cost, for usage and budgets in dollars; default: the list prices. The table of what is run counts, not those of participants. */
  readonly prices?: PriceTable | undefined;
}

/** Said when there is nothing to run, so that a model knows what is expected. */
const noCode = "There was no program to run. Put it in a fenced block that names its language.";

/**
 * An agent that runs programs.
 *
 * Without a model it runs what others wrote: all fenced blocks since its last turn are one program, in order, and its answer is what the
 * program printed. With a model it writes the programs itself: it runs what the model wrote, shows the model what came out, lets it correct a
 * program that failed, and answers with what the model makes of it. A program that fails is an answer like any other.
 */
export class CodeExecutorAgent extends BaseChatAgent {
  readonly #options: CodeExecutorAgentOptions;
  readonly #languages: readonly string[];
  readonly #sources: ReadonlySet<string> | undefined;
  readonly #work: CodeWork | undefined;

  /** @throws ConfigError `config.invalid_definition` for a name that is not an identifier; `config.invalid_option`. */
  constructor(options: CodeExecutorAgentOptions) {
    super({
      ...pickGuards(options),
      name: options.name,
      description: options.description ?? describeAgent(options),
      budget: options.budget,
      prices: options.prices,
    });
    this.#options = options;
    if (new.target === CodeExecutorAgent) keepOptions(this, "@troupe/agentchat/CodeExecutorAgent", options);
    this.#languages = options.languages ?? options.executor.languages;
    this.#sources = options.sources === undefined ? undefined : new Set(options.sources);
    const maxRetries = checkRetries(options);
    this.#work = options.model === undefined ? undefined : this.#createWork(toChatModel(options.model), maxRetries);
  }

  protected override get models(): readonly string[] {
    return this.#work === undefined ? [] : modelNames(this.#work.inference);
  }

  protected override get longestStepMs(): number {
    return this.#options.timeoutMs ?? 0;
  }

  // The turn reports what happens as it happens; nothing is left to yield.
  // oxlint-disable-next-line require-yield
  async *onMessages(
    messages: readonly ChatMessage[],
    context: ChatAgentContext,
  ): AsyncGenerator<AgentYield, AgentReply> {
    if (this.#work !== undefined) return CodeTurn.run(this.#work, messages, context);
    const blocks = messages.flatMap((message) => this.#blocksOf(message));
    if (blocks.length === 0) return this.reply(noCode);
    return this.reply(describeRun(await this.#run({ blocks, conversation: [], attempt: undefined }, context)));
  }

  #createWork(model: ChatModel, maxRetries: number): CodeWork {
    const { name, systemMessage, modelContext, stream = true } = this.#options;
    return {
      name,
      inference: { model, context: modelContext, forms: [], counter: new TokenCounter() },
      systemMessage: systemMessage === undefined ? codingMessage(this.#languages) : systemMessage,
      streams: stream,
      languages: this.#languages,
      maxRetries,
      run: (program, context) => this.#run(program, context),
    };
  }

  async #run({ blocks, conversation, attempt }: Program, context: ChatAgentContext): Promise<CodeResult> {
    const { executor, timeoutMs, idempotent, approval } = this.#options;
    const denied = await denyCode(approval, { blocks, conversation }, context);
    return denied ?? context.runCode({ executor, blocks, timeoutMs, idempotent, attempt });
  }

  #blocksOf(message: ChatMessage): readonly CodeBlock[] {
    const isWanted = this.#sources === undefined || this.#sources.has(message.source);
    return isWanted && message.kind !== "structured" ? extractCodeBlocks(message.text, this.#languages) : [];
  }
}

function describeAgent({ model }: CodeExecutorAgentOptions): string {
  return model === undefined
    ? "Runs the programs in what the others say and answers with what they print"
    : "Writes programs, runs them and says what came out";
}

function codingMessage(languages: readonly string[]): string {
  return [
    "You solve tasks by writing programs, which are run for you. When a program helps, give it whole, in a fenced block that names its",
    `language (${languages.join(", ")}), and let it print what you need to know. You will be shown what it printed.`,
    "When you know the answer, say it in words, without a program.",
  ].join(" ");
}

function checkRetries({ maxRetriesOnError = 0, model }: CodeExecutorAgentOptions): number {
  const isCount = Number.isInteger(maxRetriesOnError) && maxRetriesOnError >= 0;
  if (isCount && (maxRetriesOnError === 0 || model !== undefined)) return maxRetriesOnError;
  throw new ConfigError("config.invalid_option", `maxRetriesOnError is ${maxRetriesOnError}`, {
    remedy: "Give a whole number of at least 0, and a model that corrects the programs.",
    details: { option: "maxRetriesOnError" },
  });
}
