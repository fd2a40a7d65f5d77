import { TokenCounter } from "../../inference/token-counter.ts";
import { ConfigError, type JsonValue, keepOptions, TeamError } from "@troupe/core";
import { type ChatModel, toChatModel } from "@troupe/llm";
import type { ChatMessage } from "../../message/chat-message.ts";
import { fieldsOf, stringsOf } from "../../message/as-json.ts";
import type { SelectionInput, SelectionStrategy, SpeakerSelection } from "../../turn/role.ts";
import { checkWholeNumber } from "../../run/check-whole-number.ts";
import { describeRoles } from "../describe-roles.ts";
import { GroupChat } from "../group-chat.ts";
import { createSelectorAdviser } from "./selector-adviser.ts";
import type { SelectorGroupChatOptions } from "./selector-options.ts";
import { checkSelectorPrompt, defaultSelectorPrompt } from "./selector-prompt.ts";

/** What the strategy remembers. */
interface SelectorMemory {
  readonly previous: string | null;
  /** Choices that have failed one after another. */
  readonly failures: number;
  /** The candidates of the question that the model was asked. */
  readonly asked: readonly string[];
}

/**
 * A team in which a model chooses who speaks next; functions may choose instead, or narrow the choice.
 *
 * The model is asked only when there is a choice. An answer that names no candidate is asked for again, with what is wrong; after
 * `maxSelectorAttempts` answers `fallback` decides. Whoever is chosen is a candidate: a fallback breaks no rule.
 *
 * Invariants:
 * SE1. Without `allowRepeatedSpeaker` nobody speaks twice running, unless a function of the user says so or nobody else takes part.
 * SE2. Every choice, whoever made it, counts as the last speaker's.
 */
export class SelectorGroupChat<Output = undefined> extends GroupChat<Output> {
  readonly #options: SelectorGroupChatOptions<Output>;
  readonly #model: ChatModel;
  readonly #prompt: string;
  readonly #maxAttempts: number;
  readonly #maxFailures: number;

  /** @throws ConfigError `config.invalid_definition`, `config.duplicate_name`, `config.invalid_option`. */
  constructor(options: SelectorGroupChatOptions<Output>) {
    super(options, "SelectorGroupChat");
    if (options.participants.length < 2) throw tooFew(this.name);
    this.#options = options;
    if (new.target === SelectorGroupChat) keepOptions(this, "@troupe/agentchat/SelectorGroupChat", options);
    this.#model = toChatModel(options.model);
    this.#prompt = checkSelectorPrompt(options.selectorPrompt ?? defaultSelectorPrompt);
    this.#maxAttempts = checkLimit("maxSelectorAttempts", options.maxSelectorAttempts ?? 3);
    this.#maxFailures = checkLimit("maxFailedSelections", options.maxFailedSelections ?? 10);
  }

  protected override get strategy(): Omit<SelectionStrategy, "select" | "observe"> {
    return {
      adviser: createSelectorAdviser({
        name: "SelectorGroupChatManager",
        inference: {
          model: this.#model,
          context: this.#options.modelContext,
          forms: [],
          counter: new TokenCounter(),
        },
        prompt: this.#prompt,
        roles: describeRoles(this.participants),
        names: this.participants.map((participant) => participant.name),
        maxAttempts: this.#maxAttempts,
        streams: this.#options.stream ?? false,
      }),
    };
  }

  protected async select(input: SelectionInput): Promise<SpeakerSelection> {
    const memory = readMemory(input.memory);
    if (input.news.kind === "advised") return this.#take(input.news.advice, memory, input);
    const { selectorFunction } = this.#options;
    if (selectorFunction !== undefined) {
      const name = await input.step("selector-function", async () => selectorFunction(await readThread(input)));
      if (name !== null) return speak(this.#known(name, input.speakers), memory, "function");
    }
    const candidates = await this.#candidates(memory, input);
    const [only] = candidates;
    if (only !== undefined && candidates.length === 1) return speak(only, memory);
    return { kind: "consult", question: [...candidates], memory: toJson({ ...memory, asked: candidates }) };
  }

  async #candidates({ previous }: SelectorMemory, input: SelectionInput): Promise<readonly string[]> {
    const { candidateFunction, allowRepeatedSpeaker = false } = this.#options;
    if (candidateFunction !== undefined) {
      const names = await input.step("candidate-function", async () => candidateFunction(await readThread(input)));
      if (names.length === 0) throw noCandidates(this.name);
      return [...new Set(names)].map((name) => this.#known(name, input.speakers));
    }
    const others = input.speakers.filter((name) => name !== previous);
    return allowRepeatedSpeaker || others.length === 0 ? input.speakers : others;
  }

  /** @throws TeamError `team.unknown_speaker` for a stranger, or somebody who takes no part at present. */
  #known(name: string, speakers: readonly string[]): string {
    if (speakers.includes(name)) return name;
    throw new TeamError("team.unknown_speaker", `Team "${this.name}" has no member ${JSON.stringify(name)}`, {
      remedy: `Let the function name one of ${speakers.map((speaker) => `"${speaker}"`).join(", ")}.`,
      details: { name: String(name) },
    });
  }

  /** The model has chosen, or has failed to. Who has left meanwhile is no candidate any more. */
  #take(advice: JsonValue, memory: SelectorMemory, { speakers }: SelectionInput): SpeakerSelection {
    const present = memory.asked.filter((name) => speakers.includes(name));
    const candidates = present.length > 0 ? present : speakers;
    const chosen = chosenIn(advice);
    if (chosen !== null && candidates.includes(chosen)) return speak(chosen, { ...memory, failures: 0 }, "model");
    const failures = memory.failures + 1;
    const { fallback = "next" } = this.#options;
    const detail = `The selector of "${this.name}" named no candidate in ${this.#maxAttempts} answers`;
    if (fallback === "error") throw selectionFailed(this.name, detail);
    if (fallback === "stop") return stalled(detail, memory);
    if (failures >= this.#maxFailures) return stalled(`${detail}, ${failures} times running`, memory);
    return speak(this.#after(memory.previous, candidates), { ...memory, failures }, "fallback");
  }

  /** The candidate after the last speaker, in the order of participants. */
  #after(previous: string | null, candidates: readonly string[]): string {
    const order = this.participants.map((participant) => participant.name);
    const start = previous === null ? 0 : order.indexOf(previous) + 1;
    const next = [...order.slice(start), ...order.slice(0, start)].find((name) => candidates.includes(name));
    if (next === undefined) throw new Error("there is a candidate");
    return next;
  }
}

/** Infinity is no limit. */
function checkLimit(option: string, value: number): number {
  return value === Number.POSITIVE_INFINITY ? value : checkWholeNumber(option, value);
}

function speak(name: string, memory: SelectorMemory, by?: string): SpeakerSelection {
  const next = toJson({ ...memory, previous: name, asked: [] });
  return { kind: "speak", speakers: [name], memory: next, ...(by !== undefined && { by }) };
}

function stalled(detail: string, memory: SelectorMemory): SpeakerSelection {
  return { kind: "stop", stop: { kind: "stalled", detail }, memory: toJson({ ...memory, failures: 0, asked: [] }) };
}

function toJson({ previous, failures, asked }: SelectorMemory): JsonValue {
  return { previous, failures, asked: [...asked] };
}

/** What was remembered, whatever a saved state has become. */
function readMemory(memory: JsonValue): SelectorMemory {
  const { previous, failures, asked } = fieldsOf(memory);
  return {
    previous: typeof previous === "string" ? previous : null,
    failures: typeof failures === "number" ? failures : 0,
    asked: stringsOf(asked),
  };
}

function chosenIn(advice: JsonValue): string | null {
  const { speaker } = fieldsOf(advice);
  return typeof speaker === "string" ? speaker : null;
}

async function readThread({ thread }: SelectionInput): Promise<readonly ChatMessage[]> {
  const items = await thread.read();
  return items.map((item) => item.message);
}

function tooFew(team: string): ConfigError {
  return new ConfigError("config.invalid_definition", `Team "${team}" has nobody to choose from`, {
    remedy: "Give it at least two participants, or use a RoundRobinGroupChat.",
  });
}

function noCandidates(team: string): TeamError {
  return new TeamError("team.no_candidates", `The candidate function of team "${team}" named nobody`, {
    remedy: "Let it return at least one name, or leave it out.",
    details: { team },
  });
}

function selectionFailed(team: string, detail: string): TeamError {
  return new TeamError("team.selection_failed", detail, {
    remedy: "Use a model that follows instructions, a candidate function, or another `fallback`.",
    details: { team },
  });
}
