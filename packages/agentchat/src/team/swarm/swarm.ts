import { type JsonValue, keepOptions, TeamError } from "@troupe/core";
import type { ChatMessage } from "../../message/chat-message.ts";
import { fieldsOf } from "../../message/as-json.ts";
import type { SelectionInput, SelectionNews, SpeakerSelection } from "../../turn/role.ts";
import { GroupChat, type GroupChatOptions } from "../group-chat.ts";

/** What a `Swarm` is made of. */
export interface SwarmOptions<Output = undefined> extends GroupChatOptions<Output> {
  /**
   * What to do when a speaker answers without handing off: `stop` ends the run with `no-handoff`, and the next run of the session goes on with
   * the same speaker; `continue` asks it again, until a condition or the budget ends the run. Default `stop`.
   */
  readonly whenNoHandoff?: "stop" | "continue" | undefined;
}

/** What the strategy remembers. */
interface SwarmMemory {
  /** Who spoke last; null before anybody has. */
  readonly current: string | null;
  /** Whom the last handoff names, while it has not been followed. */
  readonly next: string | null;
}

/**
 * A team whose members hand the conversation to one another: whoever a handoff names speaks next. The first participant begins.
 *
 * A handoff to somebody outside the team ends the run with `no-handoff`: a person's turn, say. The next run goes on with the one who handed
 * off, or with whom its own handoff names. A handoff that the end of a run cut off is followed by the next run.
 *
 * Invariant SW1: whoever speaks is a member, and was named by the last handoff, or spoke last, or is the first.
 */
export class Swarm<Output = undefined> extends GroupChat<Output> {
  readonly #continues: boolean;

  /** @throws ConfigError `config.invalid_definition`, `config.duplicate_name`, `config.invalid_option`. */
  constructor(options: SwarmOptions<Output>) {
    super(options, "Swarm");
    this.#continues = options.whenNoHandoff === "continue";
    if (new.target === Swarm) keepOptions(this, "@troupe/agentchat/Swarm", options);
  }

  protected override observe(memory: JsonValue, news: SelectionNews): JsonValue {
    const { current, next } = readMemory(memory);
    if (news.kind === "advised") return memory;
    // The last one counts: a nested team may have handed on within.
    const handoff = news.messages.findLast((message) => message.kind === "handoff");
    const speaker = news.kind === "answered" ? news.speaker : current;
    return toJson({ current: speaker, next: handoff?.target ?? (news.kind === "task" ? next : null) });
  }

  protected select({ memory, news, speakers }: SelectionInput): SpeakerSelection {
    if (news.kind === "task") this.#checkTargets(news.messages, speakers);
    const { current, next } = readMemory(memory);
    if (next !== null && speakers.includes(next)) return speak(next, "handoff");
    const [first = ""] = speakers;
    const same = current !== null && speakers.includes(current) ? current : first;
    if (news.kind === "task" || (next === null && this.#continues)) return speak(same);
    const detail =
      next === null
        ? `"${same}" answered without handing off`
        : `"${same}" handed off to "${next}", who is not in the team`;
    return { kind: "stop", stop: { kind: "no-handoff", detail }, memory: toJson({ current: same, next: null }) };
  }

  /** @throws TeamError `team.unknown_speaker`: a task that hands off must name members. */
  #checkTargets(messages: readonly ChatMessage[], speakers: readonly string[]): void {
    const stray = messages.find((message) => message.kind === "handoff" && !speakers.includes(message.target));
    if (stray?.kind !== "handoff") return;
    const { target } = stray;
    throw new TeamError(
      "team.unknown_speaker",
      `The task hands off to "${target}", who is not in team "${this.name}"`,
      {
        remedy: `Hand off to one of ${speakers.map((speaker) => `"${speaker}"`).join(", ")}, or give a task without a handoff.`,
        details: { target },
      },
    );
  }
}

function speak(name: string, by?: string): SpeakerSelection {
  const memory = toJson({ current: name, next: null });
  return { kind: "speak", speakers: [name], memory, ...(by !== undefined && { by }) };
}

function toJson({ current, next }: SwarmMemory): JsonValue {
  return { current, next };
}

function readMemory(memory: JsonValue): SwarmMemory {
  const { current, next } = fieldsOf(memory);
  return { current: typeof current === "string" ? current : null, next: typeof next === "string" ? next : null };
}
