import { GroupChat, type GroupChatOptions, type SelectionInput, type SpeakerSelection } from "@troupe/agentchat";

/** A team in which everybody speaks at once, round after round. */
export class ParallelGroupChat extends GroupChat {
  constructor(options: GroupChatOptions) {
    super(options, "ParallelGroupChat");
  }

  protected select({ memory, speakers }: SelectionInput): SpeakerSelection {
    return { kind: "speak", speakers, memory };
  }
}
