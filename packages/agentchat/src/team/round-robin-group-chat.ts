import type { SpeakerSelection, SelectionInput } from "../turn/role.ts";
import { GroupChat, type GroupChatOptions } from "./group-chat.ts";

/**
 * A team whose participants speak in turn, in the order given, each hearing everything that was said.
 *
 * The next run of a session goes on with the next speaker.
 */
export class RoundRobinGroupChat<Output = undefined> extends GroupChat<Output> {
  /** @throws ConfigError `config.invalid_definition`, `config.duplicate_name`, `config.invalid_option`. */
  constructor(options: GroupChatOptions<Output>) {
    super(options, "RoundRobinGroupChat");
  }

  protected select({ memory }: SelectionInput): SpeakerSelection {
    const { speakers } = this;
    const index = typeof memory === "number" ? memory % speakers.length : 0;
    const speaker = speakers[index];
    if (speaker === undefined) throw new Error("a team has at least one participant");
    return { kind: "speak", speakers: [speaker], memory: (index + 1) % speakers.length };
  }
}
