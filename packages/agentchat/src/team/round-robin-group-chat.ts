import { keepOptions } from "@troupe/core";
import type { SelectionInput, SpeakerSelection } from "../turn/role.ts";
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
    if (new.target === RoundRobinGroupChat) keepOptions(this, "@troupe/agentchat/RoundRobinGroupChat", options);
  }

  /** The memory is the place in the order of all participants, so that it holds when some come or go. */
  protected select({ memory, speakers }: SelectionInput): SpeakerSelection {
    const order = this.participants;
    const start = typeof memory === "number" ? memory : 0;
    for (let step = 0; step < order.length; step += 1) {
      const index = (start + step) % order.length;
      const speaker = order[index]?.name;
      if (speaker !== undefined && speakers.includes(speaker))
        return { kind: "speak", speakers: [speaker], memory: (index + 1) % order.length };
    }
    throw new Error("a team has at least one member");
  }
}
