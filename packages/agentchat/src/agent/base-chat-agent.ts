import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { PriceTable } from "@troupe/llm";
import { ConfigError, toJson } from "@troupe/core";
import type { BudgetOption } from "../budget/budget.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import { type OwnedPolicy, ownPolicy } from "../guard/policy/tool-policy.ts";
import type { AgentYield } from "../message/agent-event.ts";
import type { ChatMessage, MessageDraft } from "../message/chat-message.ts";
import type { ContextKey } from "../run/context/define-context.ts";
import { Runner } from "../run/runner.ts";
import type { ChatAgentContext } from "../turn/chat-agent-context.ts";
import type { ListSchemas } from "../turn/own-lists.ts";
import type { AgentReply, AgentRole, ErasedContext, Participant } from "../turn/role.ts";
import { checkAgentName } from "./agent-name.ts";

/** What every agent is made of. */
export interface BaseChatAgentOptions<State, Output = undefined, L extends ListSchemas = {}> extends GuardOptions {
  /** Unique in a team: an identifier. */
  readonly name: string;
  /** What the agent is for: selectors and other agents decide by it. */
  readonly description?: string | undefined;
  /** Makes the state of a new session: small JSON. */
  readonly state?: (() => State) | undefined;
  /** Append-only lists of the session, by name, with the schema of their items: for what grows. */
  readonly lists?: L | undefined;
  /** Agents and teams that it runs inside its turns, with `context.runInner(name, messages)`. */
  readonly inner?: readonly Participant[] | undefined;
  readonly budget?: BudgetOption | undefined;
  /** What models cost, for usage and budgets in dollars; default: the list prices. The table of what is run counts, not those of participants. */
  readonly prices?: PriceTable | undefined;
  readonly output?: StandardSchemaV1<unknown, Output> | undefined;
}

/**
 * The base of custom agents: say what the agent does in its turn, and keep what it remembers in `context.state`.
 *
 * `onMessages` gets what is new since the agent's last turn (nothing when it is asked to go on), yields what happens on the way and
 * returns its answer. Effects belong into `context.step`, `callModel`, `callTools` and `ask`: a resumed turn does not repeat those.
 * One object serves many runs at once: its fields are frozen from the first run on.
 *
 * @example
 * ```ts
 * class Countdown extends BaseChatAgent<{ launches: number }> {
 *   async *onMessages(_: readonly ChatMessage[], context: ChatAgentContext<{ launches: number }>): AsyncGenerator<AgentEvent, AgentReply> {
 *     context.state.launches += 1;
 *     for (let n = 3; n > 0; n--) yield this.thought(`${n}...`);
 *     return this.reply(`Done, launch ${context.state.launches}!`);
 *   }
 * }
 * ```
 */
export abstract class BaseChatAgent<
  State = undefined,
  Output = undefined,
  L extends ListSchemas = {},
> extends Runner<Output> {
  readonly #initialState: (() => State) | undefined;
  readonly #lists: ListSchemas;
  readonly #policy: OwnedPolicy | undefined;
  readonly #needs: readonly ContextKey[];
  readonly #inner: readonly Participant[];

  /** @throws ConfigError `config.invalid_definition` for a name that is not an identifier. */
  constructor(options: BaseChatAgentOptions<State, Output, L>) {
    super({
      name: checkAgentName(options.name),
      description: options.description ?? `The agent "${options.name}"`,
      budget: options.budget,
      prices: options.prices,
      output: options.output,
      guards: options,
    });
    this.#initialState = options.state;
    this.#lists = options.lists ?? {};
    this.#policy = options.policy && ownPolicy(options.name, options.policy);
    this.#needs = options.needs ?? [];
    this.#inner = options.inner ?? [];
  }

  /** One turn of the agent. Must be safe to run again from its start: see the class. */
  abstract onMessages(
    messages: readonly ChatMessage[],
    context: ChatAgentContext<State, L>,
  ): AsyncGenerator<AgentYield, AgentReply>;

  /** Names of the models that the agent calls: budgets in dollars need their prices. */
  protected get models(): readonly string[] {
    return [];
  }

  /** What the agent runs inside its turns, by the name it knows it by. */
  protected get inner(): ReadonlyMap<string, Participant> {
    return new Map(this.#inner.map((participant) => [participant.name, participant]));
  }

  /** Milliseconds that one step of the agent may take: a longer silence counts as a stall. Below 10 minutes it does not matter. */
  protected get longestStepMs(): number {
    return 0;
  }

  /** True when `onMessages` may read the run's context outside of steps: a turn then waits for a context that was not given yet. Default true. */
  protected get readsContextAtOnce(): boolean {
    return true;
  }

  /** True for an agent whose words are those of a person: it may repeat itself. Default false. */
  protected get isPerson(): boolean {
    return false;
  }

  /** A thought to yield: people see it, other agents do not. */
  protected thought(text: string): { readonly kind: "thought"; readonly text: string } {
    return { kind: "thought", text };
  }

  /** An answer to return: words, or any message. */
  protected reply(answer: string | MessageDraft): AgentReply {
    return { message: typeof answer === "string" ? { kind: "text", text: answer } : answer };
  }

  toRole(): AgentRole {
    const makeState = this.#initialState;
    return {
      kind: "agent",
      name: this.name,
      initialState: makeState && (() => toJson(makeState(), `initial state of agent "${this.name}"`)),
      lists: this.#lists,
      models: this.models,
      longestStepMs: this.longestStepMs,
      isPerson: this.isPerson,
      readsContextAtOnce: this.readsContextAtOnce,
      policy: this.#policy,
      needs: this.#needs,
      inner: new Map([...this.inner].map(([name, participant]) => [name, participant.toRole()])),
      takeTurn: (messages, context) => this.#takeTurn(messages, context),
    };
  }

  async #takeTurn(messages: readonly ChatMessage[], context: ErasedContext): Promise<AgentReply> {
    try {
      const steps = this.onMessages(messages, typedContext<State, L>(context));
      let step = await steps.next();
      while (step.done !== true) {
        context.report(step.value);
        step = await steps.next();
      }
      return step.value;
    } catch (error) {
      throw isNewField(error) ? fieldAdded(this.name, error) : error;
    }
  }
}

/** The state of an agent is what its own `state` function made, and its lists hold what their schemas accepted. */
function typedContext<State, L>(context: ErasedContext): ChatAgentContext<State, L> {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the class names the types, the role made the values
  return context as unknown as ChatAgentContext<State, L>;
}

function isNewField(error: unknown): boolean {
  return error instanceof TypeError && error.message.includes("not extensible");
}

function fieldAdded(name: string, cause: unknown): ConfigError {
  return new ConfigError("config.invalid_definition", `Agent "${name}" was given a new field during a run`, {
    remedy: "Keep what changes in context.state: one definition serves many runs at once.",
    cause,
  });
}
