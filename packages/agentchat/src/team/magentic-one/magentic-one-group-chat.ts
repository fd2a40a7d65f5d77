import { type JsonValue, keepOptions } from "@troupe/core";
import { type AiSdkModel, type ChatModel, toChatModel } from "@troupe/llm";
import { fieldsOf } from "../../message/as-json.ts";
import type { SelectionInput, SelectionNews, SelectionStrategy, SpeakerSelection } from "../../turn/role.ts";
import { checkWholeNumber } from "../../run/check-whole-number.ts";
import { describeRoles } from "../describe-roles.ts";
import { GroupChat, type GroupChatOptions } from "../group-chat.ts";
import { createOrchestrator } from "./orchestrator-adviser.ts";
import { encode, type OrchestratorQuestion, readAdvice } from "./orchestrator-protocol.ts";

/** What a `MagenticOneGroupChat` is made of. */
export interface MagenticOneGroupChatOptions<Output = undefined> extends GroupChatOptions<Output> {
  /** Plans, judges the work after each turn, and gives the final answer. */
  readonly model: ChatModel | AiSdkModel;
  /** Turns of participants in one run; default 20. The final answer comes after them. */
  readonly maxTurns?: number | undefined;
  /** Judgements without progress after which a new plan is made; default 3. */
  readonly maxStalls?: number | undefined;
  /** New plans in one run; a stall after the last ends the run with a final answer. Default 3. */
  readonly maxReplans?: number | undefined;
  /** Asks for the final answer; default: to answer the request from what was found. */
  readonly finalAnswerPrompt?: string | undefined;
}

/** What the strategy remembers of a run. */
interface MagenticMemory {
  readonly stalls: number;
  readonly replans: number;
  /** Who spoke last. */
  readonly last: string | null;
}

const fresh: MagenticMemory = { stalls: 0, replans: 0, last: null };

/**
 * A team led by an orchestrator that writes down what is known, plans, and after each turn judges the work in a ledger: is it done, does it
 * move, who is next and with what instruction. Work that stalls gets a new plan, with which everybody starts anew.
 *
 * Every run ends with a final answer, also when turns or plans are used up; only a budget, a stop or a condition end it without.
 *
 * Invariants:
 * MA1. A run has at most `maxTurns` turns of participants and at most `maxReplans` new plans.
 * MA2. A run starts with its counters at zero; the fact sheet and the request before are what the session knows.
 */
export class MagenticOneGroupChat<Output = undefined> extends GroupChat<Output> {
  readonly #model: ChatModel;
  readonly #maxStalls: number;
  readonly #maxReplans: number;
  readonly #finalAnswerPrompt: string | undefined;

  /** @throws ConfigError `config.invalid_definition`, `config.duplicate_name`, `config.invalid_option`. */
  constructor(options: MagenticOneGroupChatOptions<Output>) {
    super({ ...options, maxTurns: options.maxTurns ?? 20 }, "MagenticOneGroupChat");
    this.#model = toChatModel(options.model);
    this.#maxStalls = checkWholeNumber("maxStalls", options.maxStalls ?? 3);
    this.#maxReplans = checkWholeNumber("maxReplans", options.maxReplans ?? 3, 0);
    this.#finalAnswerPrompt = options.finalAnswerPrompt;
    if (new.target === MagenticOneGroupChat) keepOptions(this, "@troupe/agentchat/MagenticOneGroupChat", options);
  }

  protected override get strategy(): Omit<SelectionStrategy, "select" | "observe"> {
    return {
      concludes: true,
      adviser: createOrchestrator({
        name: "MagenticOneOrchestrator",
        model: this.#model,
        team: describeRoles(this.participants),
        maxStalls: this.#maxStalls,
        finalAnswerPrompt: this.#finalAnswerPrompt,
      }),
    };
  }

  protected override observe(memory: JsonValue, news: SelectionNews): JsonValue {
    if (news.kind === "task") return toJson(fresh);
    return news.kind === "answered" ? toJson({ ...readMemory(memory), last: news.speaker }) : memory;
  }

  protected select(input: SelectionInput): SpeakerSelection {
    const memory = readMemory(input.memory);
    const { news } = input;
    if (news.kind === "task") return consult({ kind: "plan", isReplan: false }, memory);
    return news.kind === "answered" ? this.#judge(input, memory) : this.#follow(input, news.advice, memory);
  }

  #judge({ speakers, isLastCall, turns }: SelectionInput, memory: MagenticMemory): SpeakerSelection {
    if (isLastCall) {
      const detail = `${turns} turns of at most ${turns} were taken`;
      return consult({ kind: "conclude", stop: { kind: "max-turns", detail } }, memory);
    }
    return consult({ kind: "judge", speakers, last: memory.last, stalls: memory.stalls }, memory);
  }

  #follow(input: SelectionInput, advice: JsonValue, memory: MagenticMemory): SpeakerSelection {
    const said = readAdvice(advice);
    switch (said.kind) {
      case "planned":
        return this.#judge(input, { ...memory, stalls: 0 });
      case "next":
        return this.#speak(input, said.speaker, { ...memory, stalls: said.stalls });
      case "satisfied":
        return consult({ kind: "conclude", stop: { kind: "finished", detail: said.reason } }, memory);
      case "stalled": {
        if (memory.replans < this.#maxReplans)
          return consult({ kind: "plan", isReplan: true }, { ...memory, stalls: 0, replans: memory.replans + 1 });
        const detail = `The work stalled after ${memory.replans} new plans: ${said.reason}`;
        return consult({ kind: "conclude", stop: { kind: "stalled", detail } }, memory);
      }
      case "concluded":
        return { kind: "stop", stop: said.stop, memory: toJson(memory) };
    }
  }

  /** Who was chosen may have left meanwhile: then the work is judged again. */
  #speak(input: SelectionInput, speaker: string, memory: MagenticMemory): SpeakerSelection {
    if (!input.speakers.includes(speaker)) return this.#judge(input, memory);
    return { kind: "speak", speakers: [speaker], memory: toJson(memory), by: "model" };
  }
}

function consult(question: OrchestratorQuestion, memory: MagenticMemory): SpeakerSelection {
  return { kind: "consult", question: encode(question), memory: toJson(memory) };
}

function toJson({ stalls, replans, last }: MagenticMemory): JsonValue {
  return { stalls, replans, last };
}

function readMemory(memory: JsonValue): MagenticMemory {
  const { stalls, replans, last } = fieldsOf(memory);
  return {
    stalls: typeof stalls === "number" ? stalls : 0,
    replans: typeof replans === "number" ? replans : 0,
    last: typeof last === "string" ? last : null,
  };
}
