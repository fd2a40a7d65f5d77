import type { AiSdkModel, ChatModel, ModelContext } from "@troupe/llm";
import type { ChatMessage } from "../../message/chat-message.ts";
import type { GroupChatOptions } from "../group-chat.ts";

/** Chooses the next speaker from what was said; null leaves the choice to the model. */
export type SelectorFunction = (thread: readonly ChatMessage[]) => string | null | Promise<string | null>;

/** Names those who may speak next. */
export type CandidateFunction = (thread: readonly ChatMessage[]) => readonly string[] | Promise<readonly string[]>;

/** What a `SelectorGroupChat` is made of. */
export interface SelectorGroupChatOptions<Output = undefined> extends GroupChatOptions<Output> {
  /** Chooses the speakers. */
  readonly model: ChatModel | AiSdkModel;
  /** Asks the model; `{roles}`, `{participants}` (the candidates) and `{history}` are filled in. */
  readonly selectorPrompt?: string | undefined;
  /** May the same participant speak twice running? Default false. */
  readonly allowRepeatedSpeaker?: boolean | undefined;
  /** Answers of the model after which the choice has failed; default 3. */
  readonly maxSelectorAttempts?: number | undefined;
  /**
   * What to do when the choice has failed: `next` takes the candidate after the last speaker in the order of participants, `stop` ends the
   * run as stalled, `error` fails it. Default `next`.
   */
  readonly fallback?: "next" | "stop" | "error" | undefined;
  /** Choices that may fail one after another before the run ends as stalled; default 10. */
  readonly maxFailedSelections?: number | undefined;
  /** Asked first, each time. Its answer counts as it is, also when it repeats the speaker. */
  readonly selectorFunction?: SelectorFunction | undefined;
  /** Asked for the candidates, each time. Its answer counts as it is, also when it repeats the speaker. */
  readonly candidateFunction?: CandidateFunction | undefined;
  /** What the model sees of the conversation; default everything. */
  readonly modelContext?: ModelContext | undefined;
  /** Show the selector's words as they come; default false. */
  readonly stream?: boolean | undefined;
}
