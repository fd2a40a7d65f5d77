import { type CodeBlock, type CodeExecutor, type CodeResult, extractCodeBlocks } from "@troupe/llm";
import type { BudgetOption } from "../budget/budget.ts";
import type { AgentYield } from "../message/agent-event.ts";
import { type GuardOptions, pickGuards } from "../guard/guard-options.ts";
import type { ChatMessage } from "../message/chat-message.ts";
import type { ChatAgentContext } from "../turn/chat-agent-context.ts";
import type { AgentReply } from "../turn/role.ts";
import { BaseChatAgent } from "./base-chat-agent.ts";

/** What a `CodeExecutorAgent` is made of. */
export interface CodeExecutorAgentOptions extends GuardOptions {
  readonly name: string;
  /** Opened and closed by the program. */
  readonly executor: CodeExecutor;
  readonly description?: string | undefined;
  /** Whose programs are run; default everybody's. */
  readonly sources?: readonly string[] | undefined;
  /** Languages of fenced blocks that are run; default: what the executor knows. */
  readonly languages?: readonly string[] | undefined;
  /** Milliseconds for the programs of one turn; default: the executor's. */
  readonly timeoutMs?: number | undefined;
  /** True when running a program twice does no harm: then a crash repeats it instead of ending it as unknown. Default false. */
  readonly idempotent?: boolean | undefined;
  readonly budget?: BudgetOption | undefined;
}

/** Said when there is nothing to run, so that a model knows what is expected. */
const noCode = "There was no program to run. Put it in a fenced block that names its language.";

/**
 * An agent without a model that runs the programs in what others say and answers with what they print.
 *
 * All fenced blocks since its last turn are one program, in order. A program that fails is an answer like any other.
 */
export class CodeExecutorAgent extends BaseChatAgent {
  readonly #options: CodeExecutorAgentOptions;
  readonly #languages: readonly string[];
  readonly #sources: ReadonlySet<string> | undefined;

  /** @throws ConfigError `config.invalid_definition` for a name that is not an identifier. */
  constructor(options: CodeExecutorAgentOptions) {
    super({
      ...pickGuards(options),
      name: options.name,
      description: options.description ?? "Runs the programs in what the others say and answers with what they print",
      budget: options.budget,
    });
    this.#options = options;
    this.#languages = options.languages ?? options.executor.languages;
    this.#sources = options.sources === undefined ? undefined : new Set(options.sources);
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
    const blocks = messages.flatMap((message) => this.#blocksOf(message));
    if (blocks.length === 0) return this.reply(noCode);
    const { executor, timeoutMs, idempotent } = this.#options;
    return this.reply(describeResult(await context.runCode({ executor, blocks, timeoutMs, idempotent })));
  }

  #blocksOf(message: ChatMessage): readonly CodeBlock[] {
    const isWanted = this.#sources === undefined || this.#sources.has(message.source);
    return isWanted && message.kind !== "structured" ? extractCodeBlocks(message.text, this.#languages) : [];
  }
}

/** The result in words for a model: it must see that a program failed, and that one printed nothing. */
function describeResult({ exitCode, output }: CodeResult): string {
  if (output.trim() === "") return `The program ended with exit code ${exitCode} and printed nothing.`;
  return exitCode === 0 ? output : `The program failed with exit code ${exitCode}:\n${output}`;
}
