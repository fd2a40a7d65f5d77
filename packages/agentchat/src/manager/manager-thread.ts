import { asJson } from "../message/as-json.ts";
import { type ChatMessage, completeMessage, type MessageDraft } from "../message/chat-message.ts";
import type { TurnReply } from "../turn/protocol.ts";
import type { TeamRole } from "../turn/role.ts";
import type { ManagerPlace } from "./manager-outbox.ts";
import type { ActiveRun } from "./manager-state.ts";
import { nestedEnd } from "./nested-end.ts";

/**
 * What is said in a team, as one turn of its manager adds to it.
 *
 * Owns: the list `thread` in the manager's cell. Does not own: who has heard how much of it.
 */
export class ManagerThread {
  readonly #place: ManagerPlace;
  /** What the user or the manager said in this turn. */
  readonly said: ChatMessage[] = [];

  constructor(place: ManagerPlace) {
    this.#place = place;
  }

  get length(): number {
    return this.#place.core.lists.thread.length;
  }

  /** Adds a message of the user or the manager and shows it. */
  say(draft: MessageDraft): void {
    const message = completeMessage(draft, { id: this.#place.core.newId(), source: "user" });
    this.hear(message);
    this.show(message);
  }

  /** Adds a message of the user that has been shown. */
  hear(message: ChatMessage): void {
    this.append("", message);
    this.said.push(message);
  }

  show(message: ChatMessage): void {
    this.#place.core.emit("message", asJson({ message }), { path: this.#place.path });
  }

  append(by: string, message: ChatMessage): void {
    this.#place.core.lists.thread.append({ by, message });
  }

  /** What others than `speaker` said from a position on. */
  async unheard(speaker: string, from: number): Promise<readonly ChatMessage[]> {
    const items = await this.#place.core.lists.thread.read({ from });
    return items.filter((item) => item.by !== speaker).map((item) => item.message);
  }

  /** The last message of a run; undefined when nothing was said in it. */
  async last(run: ActiveRun): Promise<ChatMessage | undefined> {
    if (this.length <= run.threadStart) return undefined;
    const [item] = await this.#place.core.lists.thread.read({ from: this.length - 1 });
    return item?.message;
  }

  /** What the team above hears: everything the participants said in this turn of the team. */
  async toReply(run: ActiveRun, { shares = "all", finish }: TeamRole): Promise<TurnReply> {
    const { thread, events } = this.#place.core.lists;
    const items = await thread.read({ from: run.threadStart });
    const said = items.filter((item) => item.by !== "").map((item) => item.message);
    const messages = shares === "all" ? said : said.slice(-1);
    const seen = run.parent?.wantsEvents === true ? await events.read() : [];
    if (seen.length > 0) events.replaceAll([]);
    const { turnsTaken, spent, newsAt, ending } = run;
    // The result of a team without an output is that of the team above.
    const data = finish === undefined ? ending?.output : undefined;
    return {
      end: nestedEnd(run),
      messages,
      events: seen,
      turnsTaken,
      ...(spent !== undefined && { spent }),
      ...(newsAt !== undefined && { hasProgressed: true }),
      ...(data !== undefined && { finished: { data } }),
    };
  }
}
