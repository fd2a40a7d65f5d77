import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { PriceTable } from "@troupe/llm";
import { ConfigError, isAgentType, type JsonValue } from "@troupe/core";
import type { BudgetOption } from "../budget/budget.ts";
import type { TerminationCondition } from "../condition/termination-condition.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import { createFinishTool, type FinishTool } from "../guard/finish-tool.ts";
import { type OwnedPolicy, ownPolicy } from "../guard/policy/tool-policy.ts";
import type { ContextKey } from "../run/context/define-context.ts";
import { checkWholeNumber } from "../run/check-whole-number.ts";
import { freezeDefinition } from "../run/freeze-definition.ts";
import { Runner } from "../run/runner.ts";
import {
  type FailurePolicy,
  type Participant,
  type Role,
  type SelectionInput,
  type SelectionNews,
  type SelectionStrategy,
  type SpeakerSelection,
  type TeamRole,
} from "../turn/role.ts";

/** What every team is made of. */
export interface GroupChatOptions<Output = undefined> extends GuardOptions {
  /** Agents and teams, each with a name of its own. */
  readonly participants: readonly Participant[];
  /** Unique on a runtime; needed with a store that outlives the process. Default: the class name. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** Names of participants that take no part until `run.addParticipant(name)`. */
  readonly reserves?: readonly string[] | undefined;
  /** What a team above hears of this one: all that its participants said, or the last message. Default `all`. */
  readonly shares?: "all" | "last" | undefined;
  /** Say in a `speaker-selected` event who speaks next; default false. */
  readonly emitTeamEvents?: boolean | undefined;
  /** Says when the work is done. Without one the budget alone ends a run. */
  readonly termination?: TerminationCondition | undefined;
  /** Turns after which a run ends; default: the budget's. */
  readonly maxTurns?: number | undefined;
  /** What to do about a participant that fails: default `fail`, which ends the run. */
  readonly onError?: FailurePolicy | undefined;
  readonly budget?: BudgetOption | undefined;
  /** What models cost, for usage and budgets in dollars; default: the list prices. The table of what is run counts, not those of participants. */
  readonly prices?: PriceTable | undefined;
  /** Schema of the team's result: what a participant says with the tool `finish`, which ends the run, or answers with as data. */
  readonly output?: StandardSchemaV1<unknown, Output> | undefined;
}

/** The base of teams: subclasses choose who speaks. */
export abstract class GroupChat<Output = undefined> extends Runner<Output> {
  readonly #participants: readonly Participant[];
  readonly #termination: TerminationCondition | undefined;
  readonly #maxTurns: number;
  readonly #onError: FailurePolicy;
  readonly #policy: OwnedPolicy | undefined;
  readonly #needs: readonly ContextKey[];
  readonly #finish: FinishTool | undefined;
  readonly #reserves: readonly string[];
  readonly #emitsTeamEvents: boolean;
  readonly #shares: "all" | "last";

  /** @throws ConfigError `config.invalid_definition`, `config.duplicate_name`, `config.invalid_option`. */
  constructor(options: GroupChatOptions<Output>, className = "GroupChat") {
    const name = checkTeamName(options.name ?? className);
    super({
      name,
      isNamed: options.name !== undefined,
      description: options.description ?? `The team "${name}"`,
      budget: options.budget,
      prices: options.prices,
      output: options.output,
      guards: options,
    });
    this.#participants = checkParticipants(name, options.participants);
    this.#termination = options.termination;
    this.#maxTurns =
      options.maxTurns === undefined ? Number.POSITIVE_INFINITY : checkWholeNumber("maxTurns", options.maxTurns);
    this.#onError = options.onError ?? "fail";
    this.#policy = options.policy && ownPolicy(name, options.policy);
    this.#needs = options.needs ?? [];
    this.#finish = options.output && createFinishTool(options.output);
    this.#reserves = checkReserves(this.#participants, options.reserves ?? []);
    this.#emitsTeamEvents = options.emitTeamEvents ?? false;
    this.#shares = options.shares ?? "all";
  }

  /** Chooses who goes on, from the input alone: a resumed run asks again. */
  protected abstract select(input: SelectionInput): SpeakerSelection | Promise<SpeakerSelection>;

  /** Takes note of everything that happens, also of what ends the run, and returns the memory to go on with. */
  protected observe(memory: JsonValue, _news: SelectionNews): JsonValue {
    return memory;
  }

  /** What the choice needs besides `select`: an adviser that may call models, a say after every answer. */
  protected get strategy(): Omit<SelectionStrategy, "select" | "observe"> {
    return {};
  }

  /** The participants, in the order given. */
  protected get participants(): readonly Participant[] {
    return this.#participants;
  }

  toRole(): TeamRole {
    const participants = new Map<string, Role>();
    for (const participant of this.#participants) {
      participants.set(participant.name, participant.toRole());
      freezeDefinition(participant);
    }
    return {
      kind: "team",
      name: this.name,
      participants,
      termination: this.#termination,
      maxTurns: this.#maxTurns,
      onError: this.#onError,
      policy: this.#policy,
      needs: this.#needs,
      finish: this.#finish,
      reserves: this.#reserves,
      emitsTeamEvents: this.#emitsTeamEvents,
      shares: this.#shares,
      ...this.strategy,
      observe: (memory, news) => this.observe(memory, news),
      select: (input) => this.select(input),
    };
  }
}

function checkTeamName(name: string): string {
  if (isAgentType(name)) return name;
  throw new ConfigError("config.invalid_definition", `${JSON.stringify(name)} is not a team name`, {
    remedy: 'Use letters and digits of any script, "_", "-" or ".".',
    details: { name: String(name) },
  });
}

function checkParticipants(team: string, participants: readonly Participant[]): readonly Participant[] {
  if (participants.length === 0) {
    throw new ConfigError("config.invalid_definition", `Team "${team}" has no participants`, {
      remedy: "Give it at least one agent or team.",
    });
  }
  const stranger = participants.find((participant) => typeof participant.toRole !== "function");
  if (stranger !== undefined) {
    throw new ConfigError(
      "config.invalid_definition",
      `"${String(stranger.name)}" cannot take part in team "${team}"`,
      {
        remedy: "Give agents and teams: classes that extend BaseChatAgent or GroupChat.",
      },
    );
  }
  const names = participants.map((participant) => participant.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return [...participants];
  throw new ConfigError("config.duplicate_name", `Two participants of team "${team}" are called "${twice}"`, {
    remedy: "Give each participant a name of its own.",
    details: { name: twice },
  });
}

function checkReserves(participants: readonly Participant[], reserves: readonly string[]): readonly string[] {
  const names = participants.map((participant) => participant.name);
  const stranger = reserves.find((name) => !names.includes(name));
  const isEmpty = stranger === undefined && names.every((name) => reserves.includes(name));
  if (stranger === undefined && !isEmpty) return [...reserves];
  const what = isEmpty ? "Every participant is a reserve" : `The reserve "${stranger}" is no participant`;
  throw new ConfigError("config.invalid_option", what, {
    remedy: "Name some of the participants, and leave at least one who takes part from the start.",
    details: { option: "reserves" },
  });
}
